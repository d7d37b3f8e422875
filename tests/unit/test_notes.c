/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "node/shown.h"
#include "trace/span_store.h"
#include "unit/node_world.h"

static struct world w;

static int
set_up(void **state)
{
	(void)state;
	world_init(&w, 5);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	world_fini(&w);
	for (int c = 0; c < MEM_CLASSES; c++)
		assert_int_equal(mem_live((enum mem_class)c), 0);
	return 0;
}

/* How many spans of this name node i has, and the last of them. */
static unsigned
spans_of(size_t i, enum trace_span kind, struct span *last)
{
	struct journal_cursor c = { 0 };
	struct span_record r;
	uint64_t lost = 0;
	unsigned count = 0;

	while (span_store_next(node_spans(w.nodes[i].node), &c, &r, &lost))
		if (strcmp(r.span.name, tracer_span_name(kind)) == 0) {
			count++;
			*last = r.span;
		}
	return count;
}

static const char *
value_of(const struct span *s, enum trace_attr a)
{
	for (size_t i = 0; i < s->attr_count; i++)
		if (strcmp(s->attrs[i].key, tracer_attr_key(a)) == 0)
			return s->attrs[i].value;
	return "";
}

/* Links that come and go, and why; an idle mesh says nothing more. */
static void
links_are_noted(void **state)
{
	const struct journal *j;
	struct span s;
	uint64_t before;

	(void)state;
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh1", "compute", 0, NULL);
	assert_true(world_run(&w, SECONDS(10), world_converged));
	assert_int_equal(spans_of(1, TRACE_PEER_CONNECTED, &s), 1);
	assert_string_equal(value_of(&s, TRACE_ATTR_DIRECTION), "dialed");
	assert_int_equal(strlen(value_of(&s, TRACE_ATTR_PEER_ID)), 64);
	assert_int_equal(spans_of(0, TRACE_PEER_CONNECTED, &s), 1);
	assert_string_equal(value_of(&s, TRACE_ATTR_DIRECTION), "accepted");
	world_run(&w, SECONDS(60), NULL);
	j = span_store_journal(node_spans(w.nodes[0].node));
	before = j->next_seq;
	world_run(&w, SECONDS(300), NULL);
	assert_int_equal(j->next_seq, before);
	assert_int_equal(spans_of(0, TRACE_PEER_DISCONNECTED, &s), 0);
	node_leave(w.nodes[1].node, w.now_ns);
	world_run(&w, SECONDS(2), NULL);
	assert_int_equal(spans_of(0, TRACE_PEER_DISCONNECTED, &s), 1);
	assert_string_equal(value_of(&s, TRACE_ATTR_REASON), "graceful");
}

/* A kill is an accusation, then a disconnect of one that was lost, then forgotten. */
static void
a_death_is_noted(void **state)
{
	struct span s;

	(void)state;
	world_add(&w, "mesh1", "broker", -1, NULL);
	for (int i = 0; i < 3; i++)
		world_add(&w, "mesh1", "compute", 0, NULL);
	assert_true(world_run(&w, SECONDS(10), world_converged));
	world_run(&w, SECONDS(5), NULL);
	assert_int_equal(spans_of(0, TRACE_PEER_ACCUSED, &s), 0);
	world_kill(&w, 3);
	world_run(&w, SECONDS(10), NULL);
	assert_int_equal(spans_of(0, TRACE_PEER_ACCUSED, &s), 1);
	assert_int_equal(strlen(value_of(&s, TRACE_ATTR_ACCUSER)), 64);
	assert_true(value_of(&s, TRACE_ATTR_REASON)[0] != '\0');
	assert_int_equal(spans_of(0, TRACE_STALENESS_PRUNED, &s), 0);
	world_run(&w, SECONDS(120), NULL);
	assert_int_equal(spans_of(0, TRACE_STALENESS_PRUNED, &s), 1);
	assert_string_equal(value_of(&s, TRACE_ATTR_REMOVED), "1");
}

/* A seed that does not answer is tried again, ten times, then given up; once. */
static void
seeds_are_noted(void **state)
{
	struct span s;

	(void)state;
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh1", "compute", 0, NULL);
	world_kill(&w, 0);
	world_run(&w, SECONDS(3), NULL);
	assert_true(spans_of(1, TRACE_SEED_RETRY, &s) >= 1);
	assert_true(value_of(&s, TRACE_ATTR_DELAY_MS)[0] != '\0');
	assert_int_equal(spans_of(1, TRACE_SEED_GIVEUP, &s), 0);
	world_run(&w, SECONDS(600), NULL);
	assert_int_equal(spans_of(1, TRACE_SEED_GIVEUP, &s), 1);
	assert_string_equal(value_of(&s, TRACE_ATTR_ATTEMPTS), "10");
}

/* A loop that stood still says so, and for how long. */
static void
stalls_are_noted(void **state)
{
	struct node_load load = { .loop_lag_ms = 700 };
	struct span s;

	(void)state;
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_run(&w, SECONDS(1), NULL);
	assert_int_equal(spans_of(0, TRACE_LOOP_STALLED, &s), 0);
	load.lag_500ms_at_ns = w.now_ns;
	node_set_load(w.nodes[0].node, &load);
	node_late(w.nodes[0].node, MILLISECONDS(700));
	assert_int_equal(spans_of(0, TRACE_LOOP_STALLED, &s), 1);
	assert_string_equal(value_of(&s, TRACE_ATTR_MS), "700");
	assert_int_equal(s.duration_us, 700000);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(links_are_noted),
		TEST(a_death_is_noted),
		TEST(seeds_are_noted),
		TEST(stalls_are_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
