/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "trace/span_store.h"

static const uint8_t seed[32] = "store";

/* Parents, durations, attributes and the trace are as they were given. */
static void
spans_are_kept(void **state)
{
	struct span_store *s = span_store_new(seed, SECONDS(1), 5000);
	struct trace_context root = span_store_root(s);
	struct span_note note = { TRACE_ATTR_KIND, "echo" };
	struct journal_cursor c = { 0 };
	struct span_mark outer, inner;
	struct span_record r;
	uint64_t lost = 0;

	(void)state;
	span_store_begin(s, &outer, TRACE_SERVE, &root, SECONDS(2));
	span_store_begin(s, &inner, TRACE_SERVE_HANDLE, &outer.context, SECONDS(3));
	span_store_end(s, &inner, "too\x1bslow", &note, 1, SECONDS(4));
	span_store_end(s, &outer, NULL, NULL, 0, SECONDS(5));
	assert_true(span_store_next(s, &c, &r, &lost));
	assert_string_equal(r.span.name, "mesh.serve.handle");
	assert_memory_equal(r.trace, root.trace_id, 16);
	assert_memory_equal(r.span.parent, outer.context.span_id, 8);
	assert_int_equal(r.span.begin_us, 2000000);
	assert_int_equal(r.span.duration_us, 1000000);
	assert_int_equal(r.span.state, SPAN_FAILED);
	assert_null(strchr(r.span.why, 0x1b));
	assert_string_equal(r.span.attrs[0].value, "echo");
	assert_true(span_store_next(s, &c, &r, &lost));
	assert_false(span_has_parent(&r.span));
	assert_int_equal(r.span.state, SPAN_OK);
	assert_false(span_store_next(s, &c, &r, &lost));
	assert_int_equal(lost, 0);
	assert_int_equal(span_store_wall_us(s), 5000);
	span_store_free(s);
}

/* Without the flag of the context nothing is kept, and no id is made. */
static void
unsampled_is_nothing(void **state)
{
	struct span_store *s = span_store_new(seed, 0, 0);
	struct trace_context none = { .flags = 0 };
	struct span_mark m;

	(void)state;
	span_store_begin(s, &m, TRACE_SERVE, &none, 0);
	assert_memory_equal(&m.context, &none, sizeof none);
	span_store_end(s, &m, NULL, NULL, 0, 1);
	assert_int_equal(journal_count(span_store_journal(s)), 0);
	span_store_free(s);
}

/* A flood changes the size of nothing: the oldest go, and each is counted. */
static void
a_flood_is_bounded(void **state)
{
	struct span_store *s = span_store_new(seed, 0, 0);
	struct trace_context root = span_store_root(s);
	struct journal_cursor c = { 1, 0 };
	struct span_record r;
	struct span_mark m;
	uint64_t lost = 0, read = 0;
	const uint8_t *memory = NULL;

	(void)state;
	for (uint64_t i = 0; i < 100000; i++) {
		span_store_begin(s, &m, TRACE_SERVE, &root, i);
		span_store_end(s, &m, NULL, NULL, 0, i + 1);
		assert_true(memory == NULL || memory == span_store_journal(s)->bytes);
		memory = span_store_journal(s)->bytes;
	}
	while (span_store_next(s, &c, &r, &lost))
		read++;
	assert_int_equal(read + lost, 100000);
	assert_true(read > 500 && lost > 0);
	span_store_free(s);
}

/* A span of another anchor keeps its place on the wall clock. */
static void
others_are_moved_to_our_anchor(void **state)
{
	struct span_store *s = span_store_new(seed, 0, 1000);
	struct journal_cursor c = { 0 };
	struct span span = { .name = "mesh.node.ready", .begin_us = 50 };
	struct span_record r;
	uint64_t lost = 0;

	(void)state;
	span_store_put(s, seed, 3000, &span);
	assert_true(span_store_next(s, &c, &r, &lost));
	assert_int_equal(r.span.begin_us, 2050);
	span_store_free(s);
	assert_int_equal(mem_live(MEM_SPAN_STORE), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_kept),
		cmocka_unit_test(unsampled_is_nothing),
		cmocka_unit_test(a_flood_is_bounded),
		cmocka_unit_test(others_are_moved_to_our_anchor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
