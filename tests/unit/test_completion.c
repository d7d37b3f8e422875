/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "app/completion.h"
#include "app/option_words.h"
#include "scenario/registry.h"

static void (*const shells[])(struct buf *to) = { completion_bash, completion_zsh,
	completion_fish };

/* Whether the word stands in the text, and no longer word around it. */
static bool
has_word(const char *text, const char *word)
{
	static const char inside[] = "abcdefghijklmnopqrstuvwxyz-";
	size_t len = strlen(word);

	for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
		if ((at == text || strchr(inside, at[-1]) == NULL) &&
			(at[len] == '\0' || strchr(inside, at[len]) == NULL))
			return true;
	return false;
}

/* Each shell knows each option that is no secret, and none that is. */
static void
all_options_are_known(void **state)
{
	(void)state;
	for (size_t s = 0; s < 3; s++) {
		struct buf b;

		buf_init(&b, 1u << 20);
		shells[s](&b);
		assert_false(b.failed);
		buf_put_u8(&b, '\0');
		for (size_t i = 0; i < options_count(); i++) {
			const struct option_row *r = options_at(i);
			char name[64];

			snprintf(name, sizeof name, s == 2 ? "-l %s" : "--%s", r->name);
			if (has_word((const char *)b.data, name) == r->hidden)
				fail_msg("shell %zu, %s", s, name);
		}
		buf_fini(&b);
	}
}

/* Each word that is offered for an argument is one that the option takes. */
static void
words_are_taken(void **state)
{
	size_t lists = 0;

	(void)state;
	for (size_t i = 0; i < options_count(); i++) {
		const struct option_row *r = options_at(i);
		char argument[100], option[40], why[OPTIONS_WHY_CAP] = "";
		/* What has to be said beside it. */
		char program[] = "meshtui", beside[12], mesh[] = "mesh1";
		char *argv[] = { program, option, argument, beside, mesh, NULL };
		int argc = !r->mode ? 4 : strcmp(r->name, "node") == 0 ? 5 : 3;
		struct options o;
		char *word, *rest;
		struct buf b;

		buf_init(&b, 8192);
		if (option_words(r, &b) != OPTION_WORDS_LIST) {
			assert_int_equal(b.len, 0);
			buf_fini(&b);
			continue;
		}
		lists++;
		buf_put_u8(&b, '\0');
		snprintf(option, sizeof option, "--%s", r->name);
		snprintf(beside, sizeof beside, argc == 5 ? "--mesh" : "--observe");
		for (word = strtok_r((char *)b.data, " ", &rest); word != NULL;
			word = strtok_r(NULL, " ", &rest)) {
			snprintf(argument, sizeof argument, "%s", word);
			if (options_parse(&o, argc, argv, why) != 0)
				fail_msg("%s", why);
		}
		buf_fini(&b);
	}
	assert_true(lists >= 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_options_are_known),
		cmocka_unit_test(words_are_taken),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
