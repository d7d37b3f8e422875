/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/unit/wire_bytes.h"
#include "wire/postcard.h"
#include "wire/varint.h"

static int
decode_u16(struct view v)
{
	uint16_t out;

	return varint_u16(&v, &out);
}

static int
decode_u32(struct view v)
{
	uint32_t out;

	return varint_u32(&v, &out);
}

static int
decode_u64(struct view v)
{
	uint64_t out;

	return varint_u64(&v, &out);
}

static const struct {
	uint64_t value;
	const char *hex;
} known[] = {
	{0, "00"},
	{1, "01"},
	{127, "7f"},
	{128, "8001"},
	{200, "c801"},
	{300, "ac02"},
	{16383, "ff7f"},
	{16384, "808001"},
	{45999, "afe702"},
	{65535, "ffff03"},
	{UINT32_MAX, "ffffffff0f"},
	{UINT64_MAX, "ffffffffffffffffff01"},
};

/* Known values have known bytes, both ways and in each width that holds them. */
static void
known_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		struct bytes b;
		struct view v;
		struct buf out;
		uint64_t u64 = 0;
		uint32_t u32 = 0;
		uint16_t u16 = 0;

		bytes_from(&b, known[i].hex);
		buf_init(&out, 16);
		varint_put(&out, known[i].value);
		assert_int_equal(out.len, b.len);
		assert_memory_equal(out.data, b.data, b.len);
		assert_int_equal(varint_len(known[i].value), b.len);
		buf_fini(&out);

		v = bytes_view(&b);
		assert_int_equal(varint_u64(&v, &u64), ERR_OK);
		assert_true(u64 == known[i].value && v.len == 0);
		v = bytes_view(&b);
		assert_int_equal(varint_u32(&v, &u32),
			known[i].value > UINT32_MAX ? ERR_MALFORMED : ERR_OK);
		v = bytes_view(&b);
		assert_int_equal(varint_u16(&v, &u16),
			known[i].value > UINT16_MAX ? ERR_MALFORMED : ERR_OK);
		if (known[i].value <= UINT16_MAX)
			assert_int_equal(u16, known[i].value);
	}
}

/*
 * What is too long or too large for its type is malformed, and an end inside is
 * truncated.
 */
static void
bad_varints(void **state)
{
	static const struct bad_bytes u16[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"cut", "80", ERR_TRUNCATED},
		{"cut after two", "ffff", ERR_TRUNCATED},
		{"65536", "808004", ERR_MALFORMED},
		{"four bytes", "80808000", ERR_MALFORMED},
		{"endless", "ffffffff", ERR_MALFORMED},
	};
	static const struct bad_bytes u32[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"cut", "80808080", ERR_TRUNCATED},
		{"2^32", "8080808010", ERR_MALFORMED},
		{"six bytes", "808080808000", ERR_MALFORMED},
	};
	static const struct bad_bytes u64[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"cut", "808080808080808080", ERR_TRUNCATED},
		{"2^64", "80808080808080808002", ERR_MALFORMED},
		{"eleven bytes", "8080808080808080808000", ERR_MALFORMED},
	};

	(void)state;
	bytes_refuse(u16, COUNT(u16), decode_u16);
	bytes_refuse(u32, COUNT(u32), decode_u32);
	bytes_refuse(u64, COUNT(u64), decode_u64);
}

/* Over-long forms within the type's bytes are accepted, as upstream accepts them. */
static void
overlong_within_the_type(void **state)
{
	struct bytes b;
	struct view v;
	uint16_t out = 1;

	(void)state;
	bytes_from(&b, "808000");
	v = bytes_view(&b);
	assert_int_equal(varint_u16(&v, &out), ERR_OK);
	assert_int_equal(out, 0);
	assert_int_equal(v.len, 0);
}

/* A reader that fails consumes nothing. */
static void
failure_consumes_nothing(void **state)
{
	struct bytes b;
	struct view v;
	struct view bytes;
	struct address a[2];
	size_t count;
	char text[4];

	(void)state;
	bytes_from(&b, "0568656c6c");
	v = bytes_view(&b);
	assert_int_equal(postcard_bytes(&v, 100, &bytes), ERR_TRUNCATED);
	assert_int_equal(postcard_bytes(&v, 4, &bytes), ERR_LIMIT);
	assert_int_equal(postcard_text(&v, text, sizeof text), ERR_LIMIT);
	assert_ptr_equal(v.data, b.data);
	assert_int_equal(v.len, b.len);
	bytes_from(&b, "02 007f000001afe702 007f00");
	v = bytes_view(&b);
	assert_int_equal(postcard_addresses(&v, a, 2, &count), ERR_TRUNCATED);
	assert_int_equal(v.len, b.len);
}

static int
decode_bool(struct view v)
{
	bool out;

	return postcard_bool(&v, &out);
}

static int
decode_text(struct view v)
{
	char out[8];

	return postcard_text(&v, out, sizeof out);
}

static int
decode_address(struct view v)
{
	struct address out;

	return postcard_address(&v, &out);
}

static int
decode_addresses(struct view v)
{
	struct address out[2];
	size_t count;

	return postcard_addresses(&v, out, 2, &count);
}

/* Each reader of a value says what is wrong with its bytes. */
static void
bad_values(void **state)
{
	static const struct bad_bytes bools[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"two", "02", ERR_MALFORMED},
	};
	static const struct bad_bytes texts[] = {
		{"one byte missing", "07616161616161", ERR_TRUNCATED},
		{"eight do not", "086161616161616161", ERR_LIMIT},
		{"a NUL inside", "03610061", ERR_MALFORMED},
		{"length of 2^63", "80808080808080808001 00", ERR_LIMIT},
	};
	static const struct bad_bytes addresses[] = {
		{"nothing", "", ERR_TRUNCATED},
		{"unknown family", "027f000001afe702", ERR_MALFORMED},
		{"port 65536", "007f000001808004", ERR_MALFORMED},
		{"short ip", "007f0000", ERR_TRUNCATED},
		{"short ip6", "01 00000000000000000000000000000001", ERR_TRUNCATED},
	};
	static const struct bad_bytes lists[] = {
		{"three of two", "03", ERR_LIMIT},
		{"2^64-1", "ffffffffffffffffff01", ERR_LIMIT},
		{"one missing", "02 007f000001afe702", ERR_TRUNCATED},
	};

	(void)state;
	bytes_refuse(bools, COUNT(bools), decode_bool);
	bytes_refuse(texts, COUNT(texts), decode_text);
	bytes_refuse(addresses, COUNT(addresses), decode_address);
	bytes_refuse(lists, COUNT(lists), decode_addresses);
}

/* Any value, of a length that favors no width, comes back as it was. */
static void
round_trips(void **state)
{
	struct rng rng;
	struct buf b;

	(void)state;
	rng_init_u64(&rng, 1);
	buf_init(&b, 64);
	for (int i = 0; i < 20000; i++) {
		uint64_t value = rng_u64(&rng) >> rng_below(&rng, 64), back = 0;
		struct address a = {.family = rng_below(&rng, 2) ? 4 : 6}, c;
		struct view v;

		rng_bytes(&rng, a.ip, a.family == 4 ? 4 : 16);
		a.port = (uint16_t)rng_u64(&rng);
		buf_clear(&b);
		varint_put(&b, value);
		bytes_refuse_cuts(b.data, b.len, decode_u64);
		v = (struct view){.data = b.data, .len = b.len};
		assert_int_equal(varint_u64(&v, &back), ERR_OK);
		assert_true(value == back);
		assert_int_equal(b.len, varint_len(value));

		buf_clear(&b);
		postcard_put_address(&b, &a);
		v = (struct view){.data = b.data, .len = b.len};
		assert_int_equal(postcard_address(&v, &c), ERR_OK);
		assert_true(address_equal(&a, &c));
	}
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(bad_varints),
		cmocka_unit_test(overlong_within_the_type),
		cmocka_unit_test(failure_consumes_nothing),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(round_trips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
