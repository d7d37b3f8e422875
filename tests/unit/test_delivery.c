/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "wire/delivery.h"
#include "wire/frame.h"
#include "wire/letter.h"

static struct view
view_of(const struct buf *b)
{
	return (struct view){ b->data, b->len };
}

/* A message arrives as it was sent, and its number is in its id. */
static void
messages_round_trip(void **state)
{
	static uint8_t body[MESSAGE_BODY_LEN_MAX];
	struct message m = { .destination = "mesh2.broker", .kind = "order",
		.body = { body, sizeof body }, .id = { 1, 2, 3, [14] = 1, [15] = 4 } };
	struct message got;
	struct buf b;

	(void)state;
	memset(body, 'x', sizeof body);
	buf_init(&b, frame_limit(FRAME_SEND) - TRACE_CONTEXT_LEN);
	delivery_put_message(&b, &m);
	assert_false(b.failed);
	assert_int_equal(delivery_read_message(&got, view_of(&b)), ERR_OK);
	assert_string_equal(got.destination, m.destination);
	assert_string_equal(got.kind, m.kind);
	assert_int_equal(got.body.len, sizeof body);
	assert_memory_equal(got.body.data, body, sizeof body);
	assert_int_equal(delivery_message_number(&got), 260);
	for (size_t cut = 1; cut < 40; cut++)
		assert_int_not_equal(delivery_read_message(&got,
					     (struct view){ b.data, b.len - cut }),
			ERR_OK);
	buf_fini(&b);
}

/* The largest answer fits its frame. */
static void
answers_round_trip(void **state)
{
	static uint8_t digest[DIGEST_LEN_MAX];
	struct resolve_answer a = { .count = RESOLVED_MAX, .status = DELIVERY_GONE };
	struct resolve_answer got;
	struct buf b;

	(void)state;
	memset(a.why, 'w', DELIVERY_WHY_CAP - 1);
	for (size_t i = 0; i < RESOLVED_MAX; i++)
		a.nodes[i] = (struct resolve_node){ { digest, sizeof digest },
			UINT32_MAX };
	buf_init(&b, frame_limit(FRAME_RESOLVE));
	delivery_put_resolved(&b, &a);
	assert_false(b.failed);
	assert_int_equal(delivery_read_resolved(&got, view_of(&b)), ERR_OK);
	assert_int_equal(got.count, RESOLVED_MAX);
	assert_int_equal(got.nodes[15].age_ms, UINT32_MAX);
	assert_int_equal(got.status, DELIVERY_GONE);
	assert_string_equal(got.why, a.why);
	buf_fini(&b);
}

/* Questions and acknowledgments, too. */
static void
the_small_ones(void **state)
{
	struct resolve_ask ask = { "*.registry", 16, true }, ask_got;
	struct message_ack ack = { DELIVERY_REFUSED, "mesh2.broker.239dc9" }, ack_got;
	struct buf b;

	(void)state;
	buf_init(&b, 256);
	delivery_put_resolve(&b, &ask);
	assert_int_equal(delivery_read_resolve(&ask_got, view_of(&b)), ERR_OK);
	assert_memory_equal(&ask, &ask_got, sizeof ask);
	buf_clear(&b);
	delivery_put_ack(&b, &ack);
	assert_int_equal(delivery_read_ack(&ack_got, view_of(&b)), ERR_OK);
	assert_int_equal(ack_got.status, DELIVERY_REFUSED);
	assert_string_equal(ack_got.name, ack.name);
	b.data[0] = DELIVERY_COUNT;
	assert_int_equal(delivery_read_ack(&ack_got, view_of(&b)), ERR_MALFORMED);
	buf_fini(&b);
}

/* An order down a lifeline and its report up, and what is refused of both. */
static void
letters_round_trip(void **state)
{
	struct letter_order o = { .number = 3, .destination = "mesh2.broker",
		.kind = "scenario", .len = 64, .count = 1000, .every_us = 20000,
		.way = LETTER_ECHO, .window = 32, .for_us = 10000000, .run = 77 }, o_got;
	struct letter_report r = { .number = 3, .count = 1000, .acked = 998, .failed = 2,
		.retries = 7, .status = DELIVERY_TIMEOUT, .why = "no answer in time",
		.receiver = "mesh2.broker.239dc9", .rtt_max_us = 5, .took_us = 6,
		.different = 1 }, r_got;
	struct view v;
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	letter_put_order(&b, &o);
	v = view_of(&b);
	assert_int_equal(letter_read_order(&v, &o_got), ERR_OK);
	assert_string_equal(o_got.destination, o.destination);
	assert_string_equal(o_got.kind, o.kind);
	assert_true(o_got.number == 3 && o_got.len == 64 && o_got.count == 1000 &&
		    o_got.every_us == 20000 && o_got.way == LETTER_ECHO);
	assert_true(o_got.window == 32 && o_got.for_us == 10000000 && o_got.run == 77);
	for (size_t len = 0; len < b.len; len++) {
		v = (struct view){ b.data, len };
		assert_int_not_equal(letter_read_order(&v, &o_got), ERR_OK);
	}
	buf_clear(&b);
	for (uint64_t us = 1; us < 5000000; us = us * 3 + 1)
		spread_add(&r.rtt, us);
	letter_put_report(&b, &r);
	v = view_of(&b);
	assert_int_equal(letter_read_report(&v, &r_got), ERR_OK);
	assert_string_equal(r_got.why, r.why);
	assert_string_equal(r_got.receiver, r.receiver);
	assert_true(r_got.acked == 998 && r_got.failed == 2 && r_got.retries == 7 &&
		    r_got.status == DELIVERY_TIMEOUT && r_got.took_us == 6);
	assert_int_equal(r_got.different, 1);
	assert_memory_equal(&r_got.rtt, &r.rtt, sizeof(r.rtt));
	for (size_t len = 0; len < b.len; len++) {
		v = (struct view){ b.data, len };
		assert_int_not_equal(letter_read_report(&v, &r_got), ERR_OK);
	}
	o.way = LETTER_WAYS;
	buf_clear(&b);
	letter_put_order(&b, &o);
	v = view_of(&b);
	assert_int_equal(letter_read_order(&v, &o_got), ERR_MALFORMED);
	o.way = LETTER_SEND;
	o.number = 0;
	buf_clear(&b);
	letter_put_order(&b, &o);
	v = view_of(&b);
	assert_int_equal(letter_read_order(&v, &o_got), ERR_MALFORMED);
	o.number = 1;
	o.count = SENDING_COUNT_MAX + 1;
	buf_clear(&b);
	letter_put_order(&b, &o);
	v = view_of(&b);
	assert_int_equal(letter_read_order(&v, &o_got), ERR_MALFORMED);
	buf_fini(&b);
}

/* Each end has a name and an exit status of its own. */
static void
ends_are_distinct(void **state)
{
	(void)state;
	for (int i = 0; i < DELIVERY_COUNT; i++)
		for (int k = 0; k < i; k++) {
			assert_string_not_equal(delivery_name((enum delivery)i),
				delivery_name((enum delivery)k));
			assert_int_not_equal(delivery_exit((enum delivery)i),
				delivery_exit((enum delivery)k));
		}
	assert_int_equal(delivery_exit(DELIVERY_DONE), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_round_trip),
		cmocka_unit_test(answers_round_trip),
		cmocka_unit_test(the_small_ones),
		cmocka_unit_test(letters_round_trip),
		cmocka_unit_test(ends_are_distinct),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
