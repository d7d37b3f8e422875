/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "trace/traces.h"
#include "trace/waterfall.h"

static const struct traces_from here = { .node = { { 1 } }, .name = "mesh1.a.01",
	.wall_us = 1000000, .bound_us = 40 };
static const struct traces_from there = { .node = { { 2 } }, .name = "mesh1.b.02",
	.wall_us = 1000300, .bound_us = 90 };

static void
add(struct traces *t, const struct traces_from *from, uint8_t trace, uint8_t id,
	uint8_t parent, uint64_t begin_us, uint64_t took_us)
{
	struct span s = { .id = { id }, .parent = { parent }, .begin_us = begin_us,
		.duration_us = took_us, .state = SPAN_OK };
	uint8_t number[SPAN_TRACE_LEN] = { trace };

	snprintf(s.name, sizeof s.name, "span%u", id);
	traces_add(t, from, number, &s);
}

/* Spans of two nodes are one trace: its root, its length, its nodes, its widest bound. */
static void
nodes_meet_in_a_trace(void **state)
{
	struct traces *t = traces_new();
	const uint8_t trace[SPAN_TRACE_LEN] = { 7 };
	const struct traces_row *rows;
	struct traces_spans s;
	struct waterfall w;
	size_t count;

	(void)state;
	add(t, &there, 7, 3, 2, 100, 50);
	add(t, &here, 7, 1, 0, 100, 900);
	add(t, &here, 7, 2, 1, 150, 800);
	add(t, &here, 7, 2, 1, 150, 800);	/* again: no news */
	add(t, &here, 8, 9, 0, 5000, 10);
	rows = traces_rows(t, &count);
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].trace[0], 8);	/* the latest first */
	assert_string_equal(rows[1].name, "span1");
	assert_string_equal(rows[1].node, "mesh1.a.01");
	assert_int_equal(rows[1].spans, 3);
	assert_int_equal(rows[1].nodes, 2);
	assert_int_equal(rows[1].took_us, 900);
	assert_int_equal(rows[1].bound_us, 90);
	assert_true(traces_spans(t, trace, &s));
	waterfall_build(&w, &s.set, 0);
	assert_int_equal(w.count, 3);
	assert_int_equal(w.orphans, 0);
	assert_int_equal(w.rows[2].depth, 2);
	assert_int_equal(w.rows[2].begin_us, 300);	/* where its clock says */
	assert_string_equal(s.nodes[w.rows[2].span - s.set.spans], "mesh1.b.02");
	traces_spans_fini(&s);
	traces_free(t);
	assert_int_equal(mem_live(MEM_TRACED), 0);
}

/* A span whose parent was lost is an orphan, and is counted as one. */
static void
orphans_are_counted(void **state)
{
	struct traces *t = traces_new();
	const uint8_t trace[SPAN_TRACE_LEN] = { 7 }, none[SPAN_TRACE_LEN] = { 1 };
	struct traces_spans s;
	struct waterfall w;

	(void)state;
	add(t, &there, 7, 3, 2, 100, 50);
	add(t, &here, 7, 1, 0, 0, 900);
	assert_true(traces_spans(t, trace, &s));
	waterfall_build(&w, &s.set, 0);
	assert_int_equal(w.orphans, 1);
	traces_spans_fini(&s);
	/* Control: with its parent it is none. */
	add(t, &here, 7, 2, 1, 10, 800);
	assert_true(traces_spans(t, trace, &s));
	waterfall_build(&w, &s.set, 0);
	assert_int_equal(w.orphans, 0);
	traces_spans_fini(&s);
	assert_false(traces_spans(t, none, &s));
	traces_free(t);
}

/* So many spans are kept, and the oldest go; a trace of hundreds is cut and says so. */
static void
spans_are_bounded(void **state)
{
	struct traces *t = traces_new();
	const uint8_t trace[SPAN_TRACE_LEN] = { 1 };
	struct traces_spans s;
	struct waterfall w;
	size_t count;

	(void)state;
	for (unsigned i = 0; i < 3 * TRACES_SPANS_MAX; i++) {
		struct span one = { .id = { (uint8_t)i, (uint8_t)(i >> 8), 1 },
			.name = "x" };

		traces_add(t, &here, trace, &one);
	}
	assert_int_equal(mem_live(MEM_TRACED), TRACES_SPANS_MAX);
	assert_int_equal(traces_dropped(t), 2 * TRACES_SPANS_MAX);
	(void)traces_rows(t, &count);
	assert_int_equal(count, 1);
	assert_true(traces_spans(t, trace, &s));
	waterfall_build(&w, &s.set, 0);
	assert_int_equal(w.count, WATERFALL_ROWS_MAX);
	assert_int_equal(w.lost, TRACES_SPANS_MAX - WATERFALL_ROWS_MAX);
	traces_spans_fini(&s);
	traces_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_meet_in_a_trace),
		cmocka_unit_test(orphans_are_counted),
		cmocka_unit_test(spans_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
