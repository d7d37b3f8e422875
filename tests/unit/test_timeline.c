/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "mesh/timeline.h"

static void
add(struct timeline *t, enum timeline_kind kind, const char *node, const char *text)
{
	struct timeline_event e = { .kind = kind, .at_ns = SECONDS(1), .wall_ms = 5 };

	snprintf(e.node, sizeof(e.node), "%s", node);
	snprintf(e.text, sizeof(e.text), "%s", text);
	timeline_add(t, &e);
}

/* An empty timeline has no first and no last. */
static void
empty_is_empty(void **state)
{
	struct timeline *t = timeline_new(3);

	(void)state;
	assert_int_equal(timeline_count(t), 0);
	assert_int_equal(timeline_first(t), 1);
	assert_int_equal(timeline_last(t), 0);
	assert_null(timeline_find(t, 0));
	assert_null(timeline_find(t, 1));
	timeline_free(t);
	timeline_free(NULL);
	assert_int_equal(mem_live(MEM_TIMELINE), 0);
}

/* Seqs go on when the oldest are dropped, and drops are counted. */
static void
oldest_are_dropped(void **state)
{
	struct timeline *t = timeline_new(3);
	char text[16];

	(void)state;
	for (int i = 1; i <= 3; i++) {
		snprintf(text, sizeof(text), "%d", i);
		add(t, TIMELINE_NODE_LIVE, "a", text);
	}
	assert_int_equal(timeline_dropped(t), 0);
	add(t, TIMELINE_NODE_GONE, "a", "4");
	add(t, TIMELINE_NODE_GONE, "a", "5");
	assert_int_equal(timeline_dropped(t), 2);
	assert_int_equal(timeline_count(t), 3);
	assert_int_equal(timeline_first(t), 3);
	assert_int_equal(timeline_last(t), 5);
	assert_null(timeline_find(t, 2));
	assert_string_equal(timeline_find(t, 3)->text, "3");
	assert_string_equal(timeline_find(t, 5)->text, "5");
	assert_null(timeline_find(t, 6));
	assert_int_equal(timeline_at(t, 0)->seq, 3);
	timeline_free(t);
}

/* What a peer calls itself cannot steer a terminal. */
static void
texts_are_printable(void **state)
{
	struct timeline *t = timeline_new(1);

	(void)state;
	add(t, TIMELINE_PEER_REFUSED, "\033[2Ja", "b\nc\xff");
	assert_string_equal(timeline_at(t, 0)->node, "?[2Ja");
	assert_string_equal(timeline_at(t, 0)->text, "b?c?");
	timeline_free(t);
}

/* A flood of events leaves the memory as it is. */
static void
a_flood_is_bounded(void **state)
{
	struct timeline *t = timeline_new(TIMELINE_EVENTS_MAX);

	(void)state;
	for (int i = 0; i < 3 * TIMELINE_EVENTS_MAX; i++)
		add(t, TIMELINE_SEED_RETRY, "a", "b");
	assert_int_equal(timeline_count(t), TIMELINE_EVENTS_MAX);
	assert_int_equal(timeline_dropped(t), 2 * TIMELINE_EVENTS_MAX);
	timeline_free(t);
}

/* Kinds have unique names of the form group.what, groups stand together. */
static void
kinds_have_names(void **state)
{
	(void)state;
	for (unsigned a = 0; a < TIMELINE_KINDS; a++) {
		const char *name = timeline_kind_text((enum timeline_kind)a);
		size_t group = strcspn(name, ".");
		bool between = false;

		assert_int_equal(name[group], '.');
		assert_true(timeline_kind_meaning((enum timeline_kind)a)[0] != '\0');
		for (unsigned b = a + 1; b < TIMELINE_KINDS; b++) {
			const char *other = timeline_kind_text((enum timeline_kind)b);
			bool same = strncmp(name, other, group + 1) == 0;

			assert_string_not_equal(name, other);
			assert_false(same && between);
			between |= !same;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_is_empty),
		cmocka_unit_test(oldest_are_dropped),
		cmocka_unit_test(texts_are_printable),
		cmocka_unit_test(a_flood_is_bounded),
		cmocka_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
