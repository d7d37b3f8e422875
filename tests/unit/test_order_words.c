/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "app/order_words.h"
#include "base/err.h"

#define ID "0102030405060708090a0b0c0d0e0f10"
#define PEER "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"

static const uint8_t random_bytes[FAULT_ID_LEN] = { 7, 7, 7 };

static struct fault_order
parse(const char *text)
{
	char why[ORDER_WORDS_WHY_CAP];
	struct fault_order o;
	bool own_id;

	if (order_words_parse(&o, &own_id, text, random_bytes, why) != ERR_OK)
		fail_msg("%s: %s", text, why);
	assert_memory_equal(o.nonce, random_bytes, FAULT_NONCE_LEN);
	return o;
}

/* Each word says what it says. */
static void
words_are_read(void **state)
{
	struct fault_order o = parse("impair peer=" PEER
		" address=127.0.0.1:0 out loss=2.5% delay=100ms jitter=500us reorder=1% "
		"duplicate=100% rate=12000 period=4s active=1s seed=42 id=" ID
		" name=lossy-link for=1.5s");
	const struct fault_figures *f = &o.figures;
	char hex[FAULT_ID_HEX_CAP];

	(void)state;
	assert_true(o.verb == FAULT_INJECT && o.kind == FAULT_IMPAIR && !o.all);
	assert_int_equal(o.direction, FAULT_OUT);
	assert_int_equal(o.target_count, 2);
	assert_false(o.targets[0].by_address);
	assert_true(o.targets[1].by_address && o.targets[1].address.port == 0);
	assert_true(f->loss == 250 && f->reorder == 100 && f->duplicate == 10000);
	assert_true(f->delay_us == 100000 && f->jitter_us == 500 && f->rate == 12000);
	assert_true(f->period_ms == 4000 && f->active_ms == 1000);
	assert_true(o.seed == 42 && o.lease_ms == 1500);
	assert_string_equal(o.primitive, "lossy-link");
	assert_string_equal(fault_id_hex(hex, &o.id), ID);
	assert_int_equal(parse("skew skew=-60s for=1s").figures.skew_ms, -60000);
	assert_int_equal(parse("wedge stall=3s for=5s").figures.stall_ms, 3000);
	assert_true(parse("cut all in for=1m").all);
	assert_int_equal(parse("halt").verb, FAULT_HALT);
	o = parse("revert " ID);
	assert_int_equal(o.verb, FAULT_REVERT);
	assert_int_equal(o.id.bytes[15], 0x10);
	assert_memory_equal(parse("sham for=1s").id.bytes, random_bytes, FAULT_ID_LEN);
}

/* What is wrong is named, with what was meant where that can be guessed. */
static void
mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "empty" },
		{ "   ", "empty" },
		{ "halt now", "nothing follows" },
		{ "revert", "needs the fault's id" },
		{ "revert 12", "needs the fault's id" },
		{ "cutt all for=1s", "did you mean 'cut'" },
		{ "cut all", "how long" },
		{ "cut all for=20", "for=20 can't be read" },
		{ "cut for=20s", "targets" },
		{ "cut all for=1s peer=12", "peer=12 can't be read" },
		{ "cut all for=1s address=there", "can't be read" },
		{ "cut all for=1s sideways", "unknown word 'sideways'" },
		{ "impair all for=1s los=5%", "did you mean 'loss='" },
		{ "impair all for=1s loss=5", "can't be read" },
		{ "impair all for=1s loss=101%", "can't be read" },
		{ "impair all for=1s loss=nan%", "can't be read" },
		{ "impair all for=1s", "does nothing" },
		{ "impair all for=1s rate=1", "rate" },
		{ "wedge for=1s stall=2s", "not longer than its lease" },
		{ "skew for=1s", "skew" },
		{ "cut all for=2000h", "can't be read" },
		{ "sham for=1s name=NO", "can't be read" },
	};
	char why[ORDER_WORDS_WHY_CAP], text[ORDER_WORDS_LEN_MAX + 8];
	struct fault_order o;
	bool own_id;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (order_words_parse(&o, &own_id, bad[i].text, random_bytes, why) !=
				ERR_ARGUMENT ||
			!strstr(why, bad[i].says))
			fail_msg("'%s': '%s', not '%s'", bad[i].text, why, bad[i].says);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(order_words_parse(&o, &own_id, text, random_bytes, why),
		ERR_ARGUMENT);
	assert_int_equal(order_words_parse(&o, &own_id, "id", random_bytes, why), ERR_OK);
	assert_true(own_id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_read),
		cmocka_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests_name("order_words", tests, NULL, NULL);
}
