/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <sodium.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "wire/cast.h"

static const struct peer_id topic = { { 3, 4 } };
static uint8_t secret[64];

static struct cast
make(struct view body)
{
	struct cast c = { .run = UINT64_MAX, .number = 77, .sent_us = 123456789,
		.kind = "load", .body = body };
	uint8_t seed[32] = { 9 };

	crypto_sign_seed_keypair(c.speaker.bytes, secret, seed);
	return c;
}

/* What was signed is what is read; cut anywhere or changed anywhere it is not. */
static void
casts_round_trip(void **state)
{
	uint8_t body[CAST_BODY_LEN_MAX];
	struct cast c = make((struct view){ body, sizeof(body) }), got;
	struct buf b;

	(void)state;
	memset(body, 0xa5, sizeof(body));
	memset(c.kind, 'k', LABEL_LEN_MAX);
	buf_init(&b, CAST_LEN_MAX);
	cast_sign(&b, &c, &topic, secret);
	assert_false(b.failed);
	assert_int_equal(cast_read(&got, (struct view){ b.data, b.len }), ERR_OK);
	assert_true(id_equal(&got.speaker, &c.speaker) && got.run == c.run &&
		got.number == 77 && got.sent_us == 123456789);
	assert_string_equal(got.kind, c.kind);
	assert_int_equal(got.body.len, sizeof(body));
	assert_memory_equal(got.body.data, body, sizeof(body));
	for (int known = 0; known < 2; known++)
		assert_int_equal(cast_check(&got, (struct view){ b.data, b.len }, &topic,
			known), ERR_OK);
	for (size_t len = 0; len < b.len; len++)
		assert_int_not_equal(cast_read(&got, (struct view){ b.data, len }), 0);
	for (size_t i = 0; i < b.len; i += 7) {
		b.data[i] ^= 4;
		if (cast_read(&got, (struct view){ b.data, b.len }) == ERR_OK)
			assert_int_not_equal(cast_check(&got,
				(struct view){ b.data, b.len }, &topic, false), 0);
		b.data[i] ^= 4;
	}
	buf_fini(&b);
}

/* Of another topic, without a number, or of a kind that is no label: refused. */
static void
bad_casts_are_refused(void **state)
{
	struct peer_id other = { { 5 } };
	struct cast c = make((struct view){ NULL, 0 }), got;
	struct buf b;

	(void)state;
	buf_init(&b, CAST_LEN_MAX);
	cast_sign(&b, &c, &topic, secret);
	assert_int_equal(cast_read(&got, (struct view){ b.data, b.len }), ERR_OK);
	assert_int_equal(cast_check(&got, (struct view){ b.data, b.len }, &other, true),
		ERR_SIGNATURE);
	buf_clear(&b);
	c.number = 0;
	cast_sign(&b, &c, &topic, secret);
	assert_int_equal(cast_read(&got, (struct view){ b.data, b.len }), ERR_MALFORMED);
	buf_clear(&b);
	c.number = 1;
	strcpy(c.kind, "A b");
	cast_sign(&b, &c, &topic, secret);
	assert_int_equal(cast_read(&got, (struct view){ b.data, b.len }), ERR_MALFORMED);
	buf_fini(&b);
}

/* What a node counted goes up its lifeline and back. */
static void
counts_round_trip(void **state)
{
	struct cast_count c = { .run = UINT64_MAX, .delivered = 5, .duplicates = 6,
		.late = 7, .untimed = 8 }, got;
	struct view v;
	struct buf b;

	(void)state;
	for (uint64_t us = 1; us < UINT64_C(1) << 40; us *= 3)
		spread_add(&c.took, us);
	buf_init(&b, 4096);
	cast_put_count(&b, &c);
	v = (struct view){ b.data, b.len };
	assert_int_equal(cast_read_count(&v, &got), ERR_OK);
	assert_int_equal(v.len, 0);
	assert_true(got.run == c.run && got.delivered == 5 && got.duplicates == 6 &&
		got.late == 7 && got.untimed == 8);
	assert_memory_equal(&got.took, &c.took, sizeof(c.took));
	for (size_t len = 0; len < b.len; len++) {
		v = (struct view){ b.data, len };
		assert_int_not_equal(cast_read_count(&v, &got), ERR_OK);
	}
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(casts_round_trip),
		cmocka_unit_test(bad_casts_are_refused),
		cmocka_unit_test(counts_round_trip),
	};

	return cmocka_run_group_tests_name("cast", tests, NULL, NULL);
}
