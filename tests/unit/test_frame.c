/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/unit/wire_bytes.h"
#include "wire/frame.h"

static int
decode(struct view v)
{
	struct frame f;

	return frame_decode(&v, &f);
}

static int
decode_ping(struct view v)
{
	struct frame_ping p;

	return frame_ping_decode(v, &p);
}

static int
decode_pong(struct view v)
{
	struct frame_pong p;

	return frame_pong_decode(v, &p);
}

static int
decode_trace_context(struct view v)
{
	struct trace_context c;

	return trace_context_decode(&v, &c);
}

/* A frame is its tag, its length and its payload, and what follows is left alone. */
static void
known_frames(void **state)
{
	struct bytes b;
	struct view v;
	struct frame f;

	(void)state;
	bytes_from(&b, "05 01 03 04 00");
	v = bytes_view(&b);
	assert_int_equal(frame_decode(&v, &f), ERR_OK);
	assert_int_equal(f.tag, FRAME_GOODBYE);
	assert_int_equal(f.payload.len, 1);
	assert_int_equal(f.payload.data[0], 3);
	assert_int_equal(v.len, 2);
	assert_int_equal(frame_decode(&v, &f), ERR_OK);
	assert_int_equal(f.tag, FRAME_PONG);
	assert_int_equal(f.payload.len, 0);
	assert_int_equal(v.len, 0);
	assert_int_equal(frame_decode(&v, &f), ERR_TRUNCATED);
}

/* A tag that is not known is read like another, so that it can be skipped and counted. */
static void
unknown_tags_have_a_length_too(void **state)
{
	struct bytes b;
	struct view v;
	struct frame f;

	(void)state;
	bytes_from(&b, "7f 02 aabb");
	v = bytes_view(&b);
	assert_int_equal(frame_decode(&v, &f), ERR_OK);
	assert_int_equal(f.tag, 0x7f);
	assert_int_equal(v.len, 0);
	assert_string_equal(frame_name(0x7f), "unknown");
	assert_int_equal(frame_limit(0x7f), FRAME_CONTROL_LEN_MAX);
	assert_string_equal(frame_name(FRAME_HELLO), "hello");
}

/*
 * An announced length is held against the tag's limit before any byte of it is awaited.
 */
static void
bad_frames(void **state)
{
	static const struct bad_bytes bad[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"tag only", "01", ERR_TRUNCATED},
		{"length cut", "0180", ERR_TRUNCATED},
		{"payload cut", "03 02 01", ERR_TRUNCATED},
		{"hello of 1025", "01 8108", ERR_LIMIT},
		{"goodbye of 9", "05 09", ERR_LIMIT},
		{"unknown of 4097", "7f 8120", ERR_LIMIT},
		{"2^64-1", "01 ffffffffffffffffff01", ERR_LIMIT},
		{"length of 11 bytes", "01 8080808080808080808000", ERR_MALFORMED},
	};
	static const struct bad_bytes pings[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"half", "01", ERR_TRUNCATED},
		{"too long", "8080808080808080808000 01", ERR_MALFORMED},
	};
	static const struct bad_bytes pongs[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"two of three", "0101", ERR_TRUNCATED},
	};

	(void)state;
	bytes_refuse(bad, COUNT(bad), decode);
	bytes_refuse(pings, COUNT(pings), decode_ping);
	bytes_refuse(pongs, COUNT(pongs), decode_pong);
}

/* An encoder refuses what every receiver would refuse; the limit itself passes. */
static void
oversized_payloads_fail_at_the_sender(void **state)
{
	static const uint8_t payload[1025];
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	frame_encode(&b, FRAME_HELLO, payload, 1025);
	assert_int_equal(b.failed, ERR_LIMIT);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
	frame_encode(&b, FRAME_HELLO, payload, 1024);
	assert_int_equal(b.failed, 0);
	assert_int_equal(bytes_decode(b.data, b.len, decode), ERR_OK);
	buf_fini(&b);
}

/*
 * 10,000 streams of frames come back as they were; cut anywhere, only whole frames come.
 */
static void
streams_round_trip(void **state)
{
	static const uint8_t tags[] = {
		FRAME_HELLO, FRAME_PING, FRAME_ECHO, FRAME_SYNC, 0x7e};
	uint8_t payload[300];
	struct rng rng;
	struct buf b;

	(void)state;
	rng_init_u64(&rng, 2);
	buf_init(&b, 1 << 16);
	for (int i = 0; i < 10000; i++) {
		uint8_t tag = tags[rng_below(&rng, COUNT(tags))];
		size_t max = frame_limit(tag) < sizeof payload ? frame_limit(tag)
							       : sizeof payload;
		size_t len = rng_below(&rng, 4) ? rng_below(&rng, 20)
						: rng_below(&rng, max + 1);
		size_t first;
		struct frame f;
		struct view v;

		rng_bytes(&rng, payload, sizeof payload);
		buf_clear(&b);
		frame_encode(&b, tag, payload, len);
		first = b.len;
		bytes_refuse_cuts(b.data, b.len, decode);
		frame_encode(&b, FRAME_GOODBYE, "\1", 1);
		v = (struct view){.data = b.data, .len = b.len};
		assert_int_equal(frame_decode(&v, &f), ERR_OK);
		assert_int_equal(f.tag, tag);
		assert_int_equal(f.payload.len, len);
		assert_memory_equal(f.payload.data, payload, len);
		assert_int_equal(v.len, b.len - first);
		v.len--;
		assert_int_equal(frame_decode(&v, &f), ERR_TRUNCATED);
		assert_int_equal(v.len, b.len - first - 1);
	}
	buf_fini(&b);
}

/* Pings, pongs and trace contexts come back as they were. */
static void
payloads_round_trip(void **state)
{
	struct rng rng;
	struct buf b;

	(void)state;
	rng_init_u64(&rng, 3);
	buf_init(&b, 64);
	for (int i = 0; i < 2000; i++) {
		struct frame_ping ping = {rng_u64(&rng), rng_u64(&rng) >> 20}, ping2;
		struct frame_pong pong = {rng_u64(&rng), rng_u64(&rng), rng_u64(&rng)},
				  pong2;
		struct trace_context context, context2;
		struct view v;

		rng_bytes(&rng, &context, sizeof context);
		buf_clear(&b);
		frame_ping_encode(&b, &ping);
		bytes_refuse_cuts(b.data, b.len, decode_ping);
		assert_true(b.len <= frame_limit(FRAME_PING));
		v = (struct view){.data = b.data, .len = b.len};
		assert_int_equal(frame_ping_decode(v, &ping2), ERR_OK);
		assert_memory_equal(&ping, &ping2, sizeof ping);

		buf_clear(&b);
		frame_pong_encode(&b, &pong);
		bytes_refuse_cuts(b.data, b.len, decode_pong);
		assert_true(b.len <= frame_limit(FRAME_PONG));
		v = (struct view){.data = b.data, .len = b.len};
		assert_int_equal(frame_pong_decode(v, &pong2), ERR_OK);
		assert_memory_equal(&pong, &pong2, sizeof pong);

		buf_clear(&b);
		trace_context_encode(&b, &context);
		assert_int_equal(b.len, TRACE_CONTEXT_LEN);
		bytes_refuse_cuts(b.data, b.len, decode_trace_context);
		v = (struct view){.data = b.data, .len = b.len};
		assert_int_equal(trace_context_decode(&v, &context2), ERR_OK);
		assert_memory_equal(&context, &context2, sizeof context);
		assert_int_equal(v.len, 0);
	}
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_frames),
		cmocka_unit_test(unknown_tags_have_a_length_too),
		cmocka_unit_test(bad_frames),
		cmocka_unit_test(oversized_payloads_fail_at_the_sender),
		cmocka_unit_test(streams_round_trip),
		cmocka_unit_test(payloads_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
