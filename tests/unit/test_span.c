/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/unit/wire_bytes.h"
#include "wire/lifeline.h"
#include "wire/span.h"

static int
decode(struct view v)
{
	struct span_set s;
	int err = span_set_read(&v, &s);

	span_set_fini(&s);
	return err;
}

/* The largest set there can be: every text as long as it may be. */
static void
largest(struct span_set *s)
{
	*s = (struct span_set){ .wall_us = UINT64_MAX, .lost = 3, .count = SPANS_MAX };
	memset(s->trace, 0xab, sizeof(s->trace));
	s->spans = calloc(SPANS_MAX, sizeof(*s->spans));
	for (size_t i = 0; i < SPANS_MAX; i++) {
		struct span *at = &s->spans[i];

		memset(at->id, (int)i + 1, sizeof(at->id));
		if (i > 0)
			memset(at->parent, 1, sizeof(at->parent));
		memset(at->name, 'n', sizeof(at->name) - 1);
		memset(at->why, 'w', sizeof(at->why) - 1);
		at->begin_us = i;
		at->duration_us = UINT64_MAX;
		at->state = (enum span_state)(i % SPAN_STATES);
		at->attr_count = SPAN_ATTRS_MAX;
		for (size_t k = 0; k < SPAN_ATTRS_MAX; k++) {
			memset(at->attrs[k].key, 'k', SPAN_KEY_CAP - 1);
			memset(at->attrs[k].value, 'v', SPAN_VALUE_CAP - 1);
		}
	}
}

static void
is_largest(const struct span_set *s)
{
	struct span_set want;

	largest(&want);
	assert_int_equal(s->count, want.count);
	assert_true(s->wall_us == want.wall_us);
	assert_int_equal(s->lost, want.lost);
	assert_memory_equal(s->trace, want.trace, sizeof(want.trace));
	assert_memory_equal(s->spans, want.spans, want.count * sizeof(*want.spans));
	span_set_fini(&want);
}

/* The largest set fits a record, comes back whole, and no cut of it is taken for one. */
static void
there_and_back(void **state)
{
	struct lifeline_record r = { .tag = LIFELINE_SPANS }, back;
	struct buf b;
	struct view v;

	(void)state;
	largest(&r.spans);
	buf_init(&b, LIFELINE_RECORD_LEN_MAX + 16);
	lifeline_encode(&b, &r);
	assert_int_equal(b.failed, 0);
	v = (struct view){ b.data, b.len };
	assert_int_equal(lifeline_decode(&v, &back), ERR_OK);
	assert_int_equal(v.len, 0);
	is_largest(&back.spans);
	lifeline_fini(&back);
	lifeline_fini(&back);
	buf_clear(&b);
	span_set_put(&b, &r.spans);
	for (size_t n = 0; n < b.len; n += 61)
		assert_int_equal(bytes_decode(b.data, n, decode), ERR_TRUNCATED);
	buf_fini(&b);
	lifeline_fini(&r);
}

/* A copy has memory of its own; an empty set is one, too. */
static void
copies_are_apart(void **state)
{
	struct span_set a, b;

	(void)state;
	largest(&a);
	span_set_copy(&b, &a);
	span_set_fini(&a);
	is_largest(&b);
	assert_false(span_has_parent(&b.spans[0]));
	assert_true(span_has_parent(&b.spans[1]));
	span_set_fini(&b);
	span_set_copy(&b, &a);
	assert_int_equal(b.count, 0);
	span_set_fini(&b);
	span_set_fini(&b);
}

/* What exceeds the bounds, or says nonsense, is refused. */
static void
bad_sets(void **state)
{
#define TRACE "00112233445566778899aabbccddeeff "
#define IDS "0102030405060708 0000000000000000 "
	static const struct bad_bytes bad[] = {
		{ "nothing", "", ERR_TRUNCATED },
		{ "17 spans", TRACE "00 00 11", ERR_LIMIT },
		{ "16 spans without them", TRACE "00 00 10", ERR_TRUNCATED },
		{ "state 3", TRACE "00 00 01" IDS "00 00 00 03 00 00",
			ERR_MALFORMED },
		{ "9 attributes", TRACE "00 00 01" IDS "00 00 00 00 00 09", ERR_LIMIT },
		{ "name of 40", TRACE "00 00 01" IDS "28 0000000000", ERR_LIMIT },
	};

	(void)state;
	bytes_refuse(bad, sizeof(bad) / sizeof(bad[0]), decode);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(copies_are_apart),
		cmocka_unit_test(bad_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
