/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tui/keymap.h"
#include "tui/pane.h"

static const enum keymap_context contexts[] = {
	IN_TOPOLOGY, IN_NODES, IN_DIRECTORY, IN_TIMELINE, IN_BOOT, IN_ALERTS, IN_HELP,
	IN_DETAIL,
};

/* Every action has a key that is one, and is where its key leads. */
static void
each_key_reaches_its_action(void **state)
{
	(void)state;
	for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++) {
		const struct keymap_action *action = keymap_action((enum action)a);
		const char *name;
		size_t len, i;

		assert_true(action->contexts & IN_ALL);
		for (i = 0; (name = keymap_key_at(action, i, &len)); i++) {
			uint32_t key = keymap_parse(name, len);

			assert_int_not_equal(key, K_NONE);
			for (size_t c = 0; c < sizeof(contexts) / sizeof(contexts[0]);
				c++)
				if (action->contexts & contexts[c])
					assert_int_equal(
						keymap_find(contexts[c], key), a);
		}
		assert_true(i > 0);
	}
}

/* No key means two things in one place. */
static void
keys_are_unique_in_a_context(void **state)
{
	(void)state;
	for (int a = 1; a < ACTION_COUNT; a++)
		for (int b = 1; b < a; b++) {
			const struct keymap_action *one = keymap_action((enum action)a);
			const struct keymap_action *other = keymap_action((enum action)b);
			const char *ka, *kb;
			size_t la, lb;

			if (!(one->contexts & other->contexts))
				continue;
			for (size_t i = 0; (ka = keymap_key_at(one, i, &la)); i++)
				for (size_t k = 0; (kb = keymap_key_at(other, k, &lb));
					k++)
					assert_int_not_equal(keymap_parse(ka, la),
						keymap_parse(kb, lb));
		}
}

/* A key that is nowhere in the list means nothing; so does one of another pane. */
static void
other_keys_mean_nothing(void **state)
{
	(void)state;
	assert_int_equal(keymap_find(IN_NODES, 'Z'), ACTION_NONE);
	assert_int_equal(keymap_find(IN_HELP, '/'), ACTION_NONE);
	assert_int_equal(keymap_parse("Meta-X", 6), K_NONE);
}

/* The help pane holds the help of every action. */
static void
help_is_complete(void **state)
{
	struct model m = { .now_ns = 1 };
	struct peer_id selected = { 0 };
	struct pane_context x = { &m, &selected, "" };
	struct canvas *c = canvas_new(120, 100, false);
	void *pane = pane_help_ops.new();
	char *dump;

	(void)state;
	pane_help_ops.draw(pane, &x, c);
	dump = canvas_dump(c);
	for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++) {
		const char *help = keymap_action((enum action)a)->help;
		const char *first = strstr(dump, help);

		assert_non_null(first);
		assert_null(strstr(first + 1, help));
	}
	free(dump);
	pane_help_ops.free(pane);
	canvas_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_reaches_its_action),
		cmocka_unit_test(keys_are_unique_in_a_context),
		cmocka_unit_test(other_keys_mean_nothing),
		cmocka_unit_test(help_is_complete),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
