/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/unit/wire_bytes.h"
#include "wire/fault_status.h"
#include "wire/lifeline.h"

static struct fault_order
an_impairment(void)
{
	struct fault_order o = { .verb = FAULT_INJECT, .lease_ms = 20000,
		.kind = FAULT_IMPAIR, .direction = FAULT_OUT, .seed = UINT64_MAX,
		.figures = { .loss = 500, .reorder = 100, .duplicate = 10,
			.delay_us = 100000, .jitter_us = 5000, .rate = 125000,
			.period_ms = 4000, .active_ms = 1000 },
		.target_count = 3 };

	memset(o.id.bytes, 0xA1, sizeof(o.id.bytes));
	memset(o.nonce, 0xB2, sizeof(o.nonce));
	strcpy(o.primitive, "lossy-link");
	memset(o.targets[0].peer.bytes, 7, 32);
	o.targets[1].by_address = o.targets[2].by_address = true;
	assert_int_equal(address_parse(&o.targets[1].address, "127.0.0.1:4000"), ERR_OK);
	assert_int_equal(address_parse(&o.targets[2].address, "[::1]:0"), ERR_OK);
	return o;
}

static struct fault_order
one_of(enum fault_kind kind)
{
	struct fault_order o = { .verb = FAULT_INJECT, .lease_ms = 1000, .kind = kind,
		.all = true };

	if (kind == FAULT_IMPAIR)
		o.figures.loss = 1;
	o.figures.skew_ms = kind == FAULT_SKEW ? -60000 : 0;
	o.figures.stall_ms = kind == FAULT_WEDGE ? 1000 : 0;
	return o;
}

static int
order_decode(struct view v)
{
	struct fault_order o;

	return fault_order_read(&v, &o);
}

static void
order_back(const struct fault_order *o, struct fault_order *back)
{
	struct buf b;
	struct view v;

	buf_init(&b, LIFELINE_RECORD_LEN_MAX);
	fault_order_put(&b, o);
	assert_int_equal(b.failed, 0);
	assert_true(b.len < LIFELINE_ORDER_LEN_MAX);
	if (b.len < 1000)
		bytes_refuse_cuts(b.data, b.len, order_decode);
	v = (struct view){ b.data, b.len };
	assert_int_equal(fault_order_read(&v, back), ERR_OK);
	assert_int_equal(v.len, 0);
	buf_fini(&b);
}

/* An order with all its figures and both sorts of targets comes back as it was. */
static void
orders_come_back(void **state)
{
	struct fault_order o = an_impairment(), back;

	(void)state;
	order_back(&o, &back);
	assert_memory_equal(&o, &back, sizeof(o));
	for (int k = 0; k < FAULT_KINDS; k++) {
		o = one_of((enum fault_kind)k);
		order_back(&o, &back);
		assert_memory_equal(&o, &back, sizeof(o));
	}
	o = (struct fault_order){ .verb = FAULT_HALT };
	memset(o.nonce, 3, sizeof(o.nonce));
	order_back(&o, &back);
	assert_memory_equal(&o, &back, sizeof(o));
}

/* The largest order fits into a record of the lifeline. */
static void
most_targets_fit(void **state)
{
	static struct fault_order o, back;

	(void)state;
	o = an_impairment();
	o.target_count = FAULT_TARGETS_MAX;
	for (size_t i = 0; i < FAULT_TARGETS_MAX; i++)
		o.targets[i] = (struct fault_target){ .peer.bytes = { (uint8_t)i, 1 } };
	order_back(&o, &back);
	assert_memory_equal(&o, &back, sizeof(o));
}

/* Bad bytes get the error that the header names. */
static void
bad_orders(void **state)
{
#define NONCE " 00000000000000000000000000000000"
	static const struct bad_bytes bad[] = {
		{ "nothing", "", ERR_TRUNCATED },
		{ "unknown verb", "03 6d6f6f 00 00" NONCE, ERR_UNKNOWN },
		{ "revert without id", "06 726576657274 00 00" NONCE, ERR_MALFORMED },
		{ "verb too long", "10 41414141414141414141414141414141 00 00" NONCE,
			ERR_LIMIT },
		{ "half a nonce", "04 68616c74 00 00 0000", ERR_TRUNCATED },
		{ "inject of unknown kind",
			"06 696e6a656374 11 00000000000000000000000000000000 0a 01" NONCE,
			ERR_UNKNOWN },
		{ "inject that ends early",
			"06 696e6a656374 11 00000000000000000000000000000000 01 01" NONCE,
			ERR_MALFORMED },
	};

	(void)state;
	bytes_refuse(bad, COUNT(bad), order_decode);
}

/* A sensible order of each kind passes the check; each of these does not. */
static void
senseless_orders(void **state)
{
	static const struct {
		enum fault_kind kind;
		struct fault_figures figures;
		uint32_t lease_ms;
		const char *says;
	} bad[] = {
		{ FAULT_CUT, { 0 }, 0, "lease" },
		{ FAULT_CUT, { 0 }, FAULT_LEASE_MS_MAX + 1, "lease" },
		{ FAULT_CUT, { .period_ms = 10, .active_ms = 11 }, 1000, "active" },
		{ FAULT_CUT, { .period_ms = 10 }, 1000, "active" },
		{ FAULT_IMPAIR, { 0 }, 1000, "nothing" },
		{ FAULT_IMPAIR, { .loss = 10001 }, 1000, "share" },
		{ FAULT_IMPAIR, { .delay_us = 1, .jitter_us = 2 }, 1000, "jitter" },
		{ FAULT_IMPAIR, { .delay_us = 60000001 }, 1000, "60 s" },
		{ FAULT_IMPAIR, { .rate = 599 }, 1000, "rate" },
		{ FAULT_IMPAIR, { .reorder = 5, .loss = 1 }, 1000, "delay" },
		{ FAULT_SKEW, { 0 }, 1000, "skew" },
		{ FAULT_SKEW, { .skew_ms = INT64_MAX }, 1000, "year" },
		{ FAULT_WEDGE, { .stall_ms = 0 }, 1000, "wedge" },
		{ FAULT_WEDGE, { .stall_ms = 1001 }, 1000, "wedge" },
	};
	char why[FAULT_WHY_CAP];
	struct fault_order o;

	(void)state;
	for (int k = 0; k < FAULT_KINDS; k++) {
		o = one_of((enum fault_kind)k);
		assert_int_equal(fault_order_check(&o, why), ERR_OK);
		assert_string_equal(why, "");
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		o = one_of(bad[i].kind);
		o.figures = bad[i].figures;
		o.lease_ms = bad[i].lease_ms;
		if (fault_order_check(&o, why) != ERR_ARGUMENT ||
			!strstr(why, bad[i].says))
			fail_msg("row %zu: '%s', not '%s'", i, why, bad[i].says);
	}
	o = one_of(FAULT_CUT);
	o.all = false;
	assert_int_equal(fault_order_check(&o, why), ERR_ARGUMENT);
	o.target_count = 1;
	assert_int_equal(fault_order_check(&o, why), ERR_ARGUMENT);
	strcpy(o.primitive, "no label");
	assert_int_equal(fault_order_check(&o, why), ERR_ARGUMENT);
}

static int
status_decode(struct view v)
{
	struct fault_status s;

	return fault_status_read(&v, &s);
}

/* A status with as many faults as there can be comes back as it was. */
static void
status_comes_back(void **state)
{
	static struct fault_status s, back;
	struct buf b;
	struct view v;

	(void)state;
	memset(&s, 0, sizeof(s));
	memset(s.nonce, 9, sizeof(s.nonce));
	s.result = ERR_BUSY;
	strcpy(s.why, "halted");
	s.halted = true;
	s.injected = 30;
	s.reverted = UINT64_MAX;
	s.refused = 1;
	s.count = FAULTS_MAX + FAULTS_ENDED_MAX;
	for (size_t i = 0; i < s.count; i++) {
		struct fault_state *f = &s.faults[i];

		memset(f->id.bytes, (int)i, sizeof(f->id.bytes));
		f->kind = (enum fault_kind)(i % FAULT_KINDS);
		f->origin = FAULT_BY_COMMAND;
		f->end = (enum fault_end)(i % FAULT_ENDS);
		strcpy(f->primitive, "slow-link");
		f->age_ms = f->lease_left_ms = f->ended_ms = UINT32_MAX;
		f->matched = f->dropped = f->delayed = UINT64_MAX;
		f->reordered = f->duplicated = i;
	}
	buf_init(&b, LIFELINE_RECORD_LEN_MAX);
	fault_status_put(&b, &s);
	assert_int_equal(b.failed, 0);
	bytes_refuse_cuts(b.data, b.len, status_decode);
	v = (struct view){ b.data, b.len };
	assert_int_equal(fault_status_read(&v, &back), ERR_OK);
	assert_int_equal(v.len, 0);
	assert_memory_equal(&s, &back, sizeof(s));
	assert_ptr_equal(fault_status_find(&back, &s.faults[3].id), &back.faults[3]);
	memset(s.faults[3].id.bytes, 0xEE, sizeof(s.faults[3].id.bytes));
	assert_null(fault_status_find(&back, &s.faults[3].id));
	buf_fini(&b);
}

/* Orders go down a lifeline and statuses up, and a verb it does not know breaks it. */
static void
over_the_lifeline(void **state)
{
	static struct lifeline_record r, back;
	struct bytes bad;
	struct buf b;
	struct view v;

	(void)state;
	buf_init(&b, LIFELINE_RECORD_LEN_MAX);
	r = (struct lifeline_record){ .tag = LIFELINE_FAULT, .fault = an_impairment() };
	lifeline_encode(&b, &r);
	r = (struct lifeline_record){ .tag = LIFELINE_FAULT_STATUS };
	r.fault_status.injected = 4;
	lifeline_encode(&b, &r);
	r = (struct lifeline_record){ .tag = LIFELINE_STALLED, .stalled.for_ms = 2500 };
	lifeline_encode(&b, &r);
	v = (struct view){ b.data, b.len };
	assert_int_equal(lifeline_decode(&v, &back), ERR_OK);
	assert_int_equal(back.tag, LIFELINE_FAULT);
	assert_string_equal(back.fault.primitive, "lossy-link");
	assert_int_equal(lifeline_decode(&v, &back), ERR_OK);
	assert_int_equal(back.fault_status.injected, 4);
	assert_int_equal(lifeline_decode(&v, &back), ERR_OK);
	assert_int_equal(back.stalled.for_ms, 2500);
	assert_int_equal(v.len, 0);
	buf_fini(&b);

	bytes_from(&bad, "43 16 03 6d6f6f 00 00" NONCE);
	v = bytes_view(&bad);
	assert_int_equal(lifeline_decode(&v, &back), ERR_MALFORMED);
}

/* Every kind has a word and a meaning, and ids are read as they are written. */
static void
words(void **state)
{
	struct fault_id id, back;
	char hex[FAULT_ID_HEX_CAP];

	(void)state;
	for (int k = 0; k < FAULT_KINDS; k++) {
		assert_non_null(fault_kind_text((enum fault_kind)k));
		assert_non_null(fault_kind_help((enum fault_kind)k));
	}
	memset(id.bytes, 0x5C, sizeof(id.bytes));
	assert_int_equal(fault_id_parse(&back, fault_id_hex(hex, &id)), ERR_OK);
	assert_true(fault_id_equal(&id, &back));
	assert_int_equal(fault_id_parse(&back, "5c"), ERR_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_come_back),
		cmocka_unit_test(most_targets_fit),
		cmocka_unit_test(bad_orders),
		cmocka_unit_test(senseless_orders),
		cmocka_unit_test(status_comes_back),
		cmocka_unit_test(over_the_lifeline),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
