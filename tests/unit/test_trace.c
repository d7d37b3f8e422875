/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "trace/tracer.h"
#include "trace/waterfall.h"

static const uint8_t seed[32] = { 7 };

/* Microseconds after the tracer's beginning, as its caller's clock says it. */
static uint64_t
at_us(uint64_t us)
{
	return SECONDS(50) + us * 1000;
}

static struct tracer *
tracer(void)
{
	return tracer_new(seed, at_us(0), UINT64_C(1795178096789000));
}

/* Durations come from the clock that is given, from the anchor, in microseconds. */
static void
spans_have_times(void **state)
{
	struct tracer *t = tracer();
	const struct span_set *s = tracer_spans(t);
	int root = tracer_begin(t, TRACE_NODE_READY, -1, at_us(0));
	int step = tracer_begin(t, TRACE_ENDPOINT_CREATED, root, at_us(10));

	(void)state;
	assert_int_equal(s->spans[step].state, SPAN_OPEN);
	assert_true(tracer_is_open(t, step));
	tracer_set(t, step, TRACE_ATTR_BIND_ADDR, "%s", "127.0.0.1:\033[1m");
	tracer_end(t, step, NULL, at_us(200010));
	tracer_end(t, root, "the \x1b disk is full", at_us(200020));
	assert_false(tracer_is_open(t, step));
	assert_int_equal(s->count, 2);
	assert_int_equal(s->spans[1].begin_us, 10);
	assert_int_equal(s->spans[1].duration_us, 200000);
	assert_int_equal(s->spans[1].state, SPAN_OK);
	assert_string_equal(s->spans[1].name, "mesh.boot.endpoint_created");
	assert_string_equal(s->spans[1].attrs[0].key, "bind_addr");
	assert_string_equal(s->spans[1].attrs[0].value, "127.0.0.1:?[1m");
	assert_memory_equal(s->spans[1].parent, s->spans[0].id, SPAN_ID_LEN);
	assert_false(span_has_parent(&s->spans[0]));
	assert_int_equal(s->spans[0].state, SPAN_FAILED);
	assert_string_equal(s->spans[0].why, "the ? disk is full");
	assert_true(s->wall_us == UINT64_C(1795178096789000));
	tracer_free(t);
	tracer_free(NULL);
	assert_int_equal(mem_live(MEM_TRACER), 0);
}

/* A full trace loses what comes, counts it, and takes all calls for it. */
static void
a_full_trace_counts(void **state)
{
	struct tracer *t = tracer();
	int span;

	(void)state;
	for (int i = 0; i < SPANS_MAX; i++)
		assert_int_equal(
			tracer_begin(t, TRACE_ACCEPT_LOOP_STARTED, -1, at_us(1)), i);
	span = tracer_begin(t, TRACE_JOINED, -1, at_us(1));
	assert_int_equal(span, -1);
	tracer_set(t, span, TRACE_ATTR_SEED, "x");
	tracer_rename(t, span, TRACE_IDENTITY_MINTED);
	tracer_end(t, span, NULL, at_us(2));
	assert_false(tracer_is_open(t, span));
	assert_int_equal(tracer_spans(t)->lost, 1);
	assert_int_equal(tracer_spans(t)->count, SPANS_MAX);
	tracer_free(t);
}

/* The vocabulary is sound: unique names that fit, attributes somebody may have. */
static void
names_are_sound(void **state)
{
	(void)state;
	for (unsigned s = 0; s < TRACE_SPANS; s++) {
		const char *name = tracer_span_name((enum trace_span)s);
		size_t attrs = 0;

		assert_true(strncmp(name, "mesh.", 5) == 0 ||
			strncmp(name, "chaos.", 6) == 0);
		assert_true(strlen(name) < SPAN_NAME_CAP);
		for (unsigned o = 0; o < s; o++)
			assert_string_not_equal(
				name, tracer_span_name((enum trace_span)o));
		for (unsigned a = 0; a < TRACE_ATTRS; a++)
			attrs += tracer_allows((enum trace_span)s, (enum trace_attr)a);
		assert_true(attrs <= SPAN_ATTRS_MAX);
	}
	for (unsigned a = 0; a < TRACE_ATTRS; a++) {
		const char *key = tracer_attr_key((enum trace_attr)a);
		bool used = false;

		assert_true(strlen(key) < SPAN_KEY_CAP);
		assert_true(tracer_attr_unit((enum trace_attr)a)[0] != '\0');
		for (unsigned s = 0; s < TRACE_SPANS; s++)
			used |= tracer_allows((enum trace_span)s, (enum trace_attr)a);
		assert_true(used);
	}
}

static void
put(struct span_set *s, int id, int parent, uint64_t begin_us, uint64_t duration_us,
	enum span_state state)
{
	struct span *at = &s->spans[s->count++];

	at->id[0] = (uint8_t)id;
	at->parent[0] = (uint8_t)parent;
	at->begin_us = begin_us;
	at->duration_us = duration_us;
	at->state = state;
}

static struct span_set
empty(void)
{
	return (struct span_set){ .spans = calloc(SPANS_MAX, sizeof(struct span)) };
}

static void
is_row(const struct waterfall *w, size_t i, int id, unsigned depth)
{
	assert_int_equal(w->rows[i].span->id[0], id);
	assert_int_equal(w->rows[i].depth, depth);
}

/* Parents come before children, siblings in order of time, however they were stored. */
static void
rows_are_ordered(void **state)
{
	struct span_set s = empty();
	struct waterfall w;

	(void)state;
	put(&s, 3, 1, 30, 5, SPAN_OK);
	put(&s, 4, 3, 31, 1, SPAN_FAILED);
	put(&s, 1, 0, 0, 100, SPAN_OK);
	put(&s, 2, 1, 10, 5, SPAN_OK);
	waterfall_build(&w, &s, 100);
	assert_int_equal(w.count, 4);
	is_row(&w, 0, 1, 0);
	is_row(&w, 1, 2, 1);
	is_row(&w, 2, 3, 1);
	is_row(&w, 3, 4, 2);
	assert_int_equal(w.failed, 1);
	assert_int_equal(w.open, 0);
	assert_int_equal(w.orphans, 0);
	span_set_fini(&s);
}

/* Spans without their parent, and spans in a circle, are shown and counted as orphans. */
static void
orphans_are_shown(void **state)
{
	struct span_set s = empty();
	struct waterfall w;

	(void)state;
	put(&s, 1, 9, 0, 10, SPAN_OK);
	put(&s, 2, 3, 1, 1, SPAN_OK);
	put(&s, 3, 2, 2, 1, SPAN_OK);
	put(&s, 4, 4, 3, 1, SPAN_OK);
	s.lost = 2;
	waterfall_build(&w, &s, 10);
	assert_int_equal(w.count, 4);
	assert_int_equal(w.orphans, 4);
	assert_int_equal(w.lost, 2);
	span_set_fini(&s);
	s = empty();
	waterfall_build(&w, &s, 10);
	assert_int_equal(w.count, 0);
	span_set_fini(&s);
}

/* A boot whose parent is in another process is no orphan; several share a scale. */
static void
boots_below_a_run_are_no_orphans(void **state)
{
	struct span_set s = empty();
	struct waterfall w;

	(void)state;
	put(&s, 1, 9, 0, 10, SPAN_OK);
	snprintf(s.spans[0].name, SPAN_NAME_CAP, "mesh.node.ready");
	put(&s, 2, 1, 1, 1, SPAN_OK);
	waterfall_build(&w, &s, 10);
	assert_int_equal(w.orphans, 0);
	assert_int_equal(w.to_us, 10);
	put(&s, 3, 9, 5, 95, SPAN_OK);
	snprintf(s.spans[2].name, SPAN_NAME_CAP, "mesh.node.ready");
	waterfall_build(&w, &s, 10);
	assert_int_equal(w.orphans, 0);
	assert_int_equal(w.to_us, 100);
	span_set_fini(&s);
}

/* The scale is that of the root, once it has ended; before, it goes on with the time. */
static void
the_scale_is_the_roots(void **state)
{
	struct span_set s = empty();
	struct waterfall w;

	(void)state;
	put(&s, 1, 0, 100, 400, SPAN_OK);
	put(&s, 2, 1, 500, 0, SPAN_OPEN);
	waterfall_build(&w, &s, 100000);
	assert_int_equal(w.from_us, 100);
	assert_int_equal(w.to_us, 500);
	assert_int_equal(w.open, 1);
	assert_int_equal(w.rows[1].end_us, 100000);
	s.spans[0].state = SPAN_OPEN;
	s.spans[0].duration_us = 0;
	waterfall_build(&w, &s, 100000);
	assert_int_equal(w.to_us, 100000);
	span_set_fini(&s);
}

/* Bars are where their times are, at least one cell, and never outside. */
static void
bars_fit(void **state)
{
	static const struct {
		uint64_t begin_us, duration_us;
		int from, len;
		bool beyond;
	} rows[] = {
		{ 0, 1000, 0, 10, false },
		{ 0, 1, 0, 1, false },
		{ 500, 250, 5, 2, false },
		{ 999, 1, 9, 1, false },
		{ 1000, 0, 9, 1, false },
		{ 1000, 500, 9, 1, true },
		{ 5000, 500, 9, 1, true },
		{ 900, 5000, 9, 1, true },
	};
	struct span_set s = empty();
	struct waterfall w;

	(void)state;
	put(&s, 1, 0, 0, 1000, SPAN_OK);
	for (size_t i = 1; i < sizeof(rows) / sizeof(rows[0]); i++)
		put(&s, (int)i + 1, 1, rows[i].begin_us, rows[i].duration_us, SPAN_OK);
	waterfall_build(&w, &s, 1000);
	for (size_t r = 0; r < w.count; r++) {
		size_t i = (size_t)w.rows[r].span->id[0] - 1;
		struct waterfall_bar bar = waterfall_bar(&w, &w.rows[r], 10);

		assert_int_equal(bar.from, rows[i].from);
		assert_int_equal(bar.len, rows[i].len);
		assert_int_equal(bar.beyond, rows[i].beyond);
	}
	for (int width = 1; width < 200; width++)
		for (size_t r = 0; r < w.count; r++) {
			struct waterfall_bar bar = waterfall_bar(&w, &w.rows[r], width);

			assert_true(bar.from >= 0 && bar.len >= 1);
			assert_true(bar.from + bar.len <= width);
		}
	span_set_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_have_times),
		cmocka_unit_test(a_full_trace_counts),
		cmocka_unit_test(names_are_sound),
		cmocka_unit_test(rows_are_ordered),
		cmocka_unit_test(orphans_are_shown),
		cmocka_unit_test(boots_below_a_run_are_no_orphans),
		cmocka_unit_test(the_scale_is_the_roots),
		cmocka_unit_test(bars_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
