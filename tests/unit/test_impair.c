/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "node/impair.h"

#define MANY 10000

static const struct address near = { .family = 4, .ip = { 127, 0, 0, 1 }, .port = 1 };
static const struct address a = { .family = 4, .ip = { 127, 0, 0, 1 }, .port = 4000 };
static const struct address b = { .family = 4, .ip = { 127, 0, 0, 1 }, .port = 4001 };

static struct fault_order
order(enum fault_kind kind, const struct address *target)
{
	struct fault_order o = { .verb = FAULT_INJECT, .lease_ms = 1000, .kind = kind,
		.seed = 1, .all = target == NULL };

	o.id.bytes[0] = (uint8_t)kind;
	if (target != NULL) {
		o.targets[0] = (struct fault_target){ .by_address = true,
			.address = *target };
		o.target_count = 1;
	}
	return o;
}

static size_t
nobody(void *ctx, const struct peer_id *peer, struct address *to, size_t cap)
{
	(void)ctx;
	(void)peer;
	(void)to;
	(void)cap;
	return 0;
}

static struct impair *
impair_with(const struct fault_order *o)
{
	struct impair *im = impair_new();

	impair_add(im, o, SECONDS(1));
	impair_refresh(im, nobody, NULL);
	return im;
}

static bool
in(struct impair *im, const struct address *from, uint64_t now_ns)
{
	struct path p = { near, *from };

	return impair_in(im, &p, (const uint8_t *)"in", 2, 1, now_ns);
}

static bool
out(struct impair *im, const struct address *to, size_t len, uint64_t now_ns)
{
	static const uint8_t bytes[1200] = { 'o' };
	struct path p = { near, *to };

	return impair_out(im, &p, bytes, len, now_ns);
}

static struct fault_state
counts(const struct impair *im, const struct fault_order *o)
{
	struct fault_state s = { .id = o->id };

	impair_count(im, &s);
	return s;
}

/* A cut drops all of its target, both ways, and nothing of anybody else. */
static void
a_cut_has_a_target(void **state)
{
	struct fault_order o = order(FAULT_CUT, &a);
	struct impair *im = impair_with(&o);

	(void)state;
	assert_false(in(im, &a, SECONDS(1)));
	assert_false(out(im, &a, 100, SECONDS(1)));
	assert_true(in(im, &b, SECONDS(1)));
	assert_true(out(im, &b, 100, SECONDS(1)));
	assert_false(impair_hears(im, &a, SECONDS(1)));
	assert_true(impair_hears(im, &b, SECONDS(1)));
	assert_int_equal(counts(im, &o).matched, 2);
	assert_int_equal(counts(im, &o).dropped, 2);
	impair_remove(im, &o.id, SECONDS(2));
	assert_true(in(im, &a, SECONDS(2)));
	assert_true(impair_idle(im));
	impair_free(im);
}

/* A direction is left open when the order names the other one. */
static void
one_way(void **state)
{
	struct fault_order o = order(FAULT_CUT, &a);
	struct impair *im;

	(void)state;
	o.direction = FAULT_IN;
	im = impair_with(&o);
	assert_false(in(im, &a, SECONDS(1)));
	assert_true(out(im, &a, 100, SECONDS(1)));
	impair_free(im);
	o.direction = FAULT_OUT;
	im = impair_with(&o);
	assert_true(in(im, &a, SECONDS(1)));
	assert_false(out(im, &a, 100, SECONDS(1)));
	assert_true(impair_hears(im, &a, SECONDS(1)));
	impair_free(im);
}

static size_t
moves(void *ctx, const struct peer_id *peer, struct address *to, size_t cap)
{
	assert_int_equal(peer->bytes[0], 7);
	assert_true(cap > 0);
	to[0] = *(const struct address *)ctx;
	return 1;
}

/* A peer is where it is looked up, all ports of an address are with port 0. */
static void
targets_are_found(void **state)
{
	struct fault_order o = order(FAULT_CUT, NULL);
	struct address host = a, at = a;
	struct impair *im;

	(void)state;
	o.all = false;
	o.target_count = 1;
	o.targets[0].peer.bytes[0] = 7;
	im = impair_with(&o);
	assert_true(in(im, &a, SECONDS(1)));
	impair_refresh(im, moves, &at);
	assert_false(in(im, &a, SECONDS(1)));
	at = b;
	impair_refresh(im, moves, &at);
	assert_true(in(im, &a, SECONDS(1)));
	assert_false(in(im, &b, SECONDS(1)));
	impair_free(im);

	host.port = 0;
	o = order(FAULT_CUT, &host);
	im = impair_with(&o);
	assert_false(in(im, &a, SECONDS(1)));
	assert_false(in(im, &b, SECONDS(1)));
	host.ip[3] = 2;
	host.port = 9;
	assert_true(in(im, &host, SECONDS(1)));
	impair_free(im);
}

/* Losing 5 % loses 5 %, the same ones for the same seed, and none at another address. */
static void
loss_is_near_its_figure(void **state)
{
	struct fault_order o = order(FAULT_IMPAIR, &a);
	struct impair *im, *same;

	(void)state;
	o.figures.loss = 500;
	im = impair_with(&o);
	same = impair_with(&o);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(
			in(im, &a, SECONDS(1)), in(same, &a, SECONDS(1)));
		assert_true(out(im, &b, 100, SECONDS(1)));
	}
	assert_int_equal(counts(im, &o).matched, MANY);
	/* Four standard deviations: sqrt(10000 x 0.05 x 0.95) is 22. */
	assert_in_range(counts(im, &o).dropped, 500 - 88, 500 + 88);
	impair_free(im);
	impair_free(same);
}

/* Held datagrams come when their time has come, whole, in the order of their times. */
static void
delay_holds_back(void **state)
{
	struct fault_order o = order(FAULT_IMPAIR, &a);
	uint8_t bytes[UINT16_MAX], ecn = 0;
	struct impair *im;
	struct path p;

	(void)state;
	o.figures.delay_us = 100000;
	im = impair_with(&o);
	assert_int_equal(impair_deadline(im), NEVER);
	assert_false(in(im, &a, SECONDS(1)));
	assert_false(out(im, &a, 1200, SECONDS(1) + 1));
	assert_int_equal(impair_held(im), 2);
	assert_int_equal(impair_deadline(im), SECONDS(1) + MILLISECONDS(100));
	assert_int_equal(impair_next_in(im, bytes, sizeof(bytes), &p, &ecn,
		SECONDS(1) + MILLISECONDS(100) - 1), 0);
	assert_int_equal(impair_next_in(im, bytes, sizeof(bytes), &p, &ecn,
		SECONDS(1) + MILLISECONDS(100)), 2);
	assert_memory_equal(bytes, "in", 2);
	assert_int_equal(ecn, 1);
	assert_true(address_equal(&p.remote, &a));
	assert_int_equal(impair_next_out(im, bytes, sizeof(bytes), &p, SECONDS(2)), 1200);
	assert_int_equal(counts(im, &o).delayed, 2);
	assert_int_equal(impair_held(im), 0);
	impair_free(im);
}

/* Taking the rule off lets go what it held, at once. */
static void
removal_lets_go(void **state)
{
	struct fault_order o = order(FAULT_IMPAIR, &a);
	uint8_t bytes[UINT16_MAX];
	struct impair *im;
	struct path p;

	(void)state;
	o.figures.delay_us = 60000000;
	im = impair_with(&o);
	assert_false(out(im, &a, 10, SECONDS(1)));
	impair_remove(im, &o.id, SECONDS(2));
	assert_false(impair_idle(im));
	assert_int_equal(impair_deadline(im), SECONDS(2));
	assert_int_equal(impair_next_out(im, bytes, sizeof(bytes), &p, SECONDS(2)), 10);
	assert_true(impair_idle(im));
	impair_free(im);
}

/* Jitter spreads over delay +- jitter, and with it datagrams overtake each other. */
static void
jitter_spreads(void **state)
{
	struct fault_order o = order(FAULT_IMPAIR, NULL);
	uint64_t first = NEVER, last = 0;
	uint8_t bytes[UINT16_MAX];
	struct impair *im;
	struct path p;

	(void)state;
	o.figures.delay_us = 50000;
	o.figures.jitter_us = 20000;
	im = impair_with(&o);
	for (int i = 0; i < 1000; i++) {
		assert_false(out(im, &a, 10, SECONDS(1)));
	}
	while (impair_held(im) > 0) {
		uint64_t due = impair_deadline(im) - SECONDS(1);

		first = due < first ? due : first;
		last = due > last ? due : last;
		assert_int_equal(impair_next_out(im, bytes, sizeof(bytes), &p,
			SECONDS(1) + due), 10);
	}
	assert_in_range(first, MILLISECONDS(30), MILLISECONDS(32));
	assert_in_range(last, MILLISECONDS(68), MILLISECONDS(70));
	impair_free(im);
}

/* Reordering holds a share back and lets the rest pass; doubling sends a share twice. */
static void
reorder_and_duplicate(void **state)
{
	struct fault_order o = order(FAULT_IMPAIR, NULL);
	struct fault_state s;
	struct impair *im;
	unsigned passed = 0;

	(void)state;
	o.figures.delay_us = 10000;
	o.figures.reorder = 2500;
	im = impair_with(&o);
	for (int i = 0; i < 4000; i++)
		passed += out(im, &a, 10, SECONDS(1));
	s = counts(im, &o);
	assert_in_range(s.reordered, 1000 - 110, 1000 + 110);
	assert_int_equal(passed + impair_held(im), 4000);
	assert_int_equal(impair_held(im), s.reordered);
	impair_free(im);

	o = order(FAULT_IMPAIR, NULL);
	o.figures.duplicate = 1000;
	im = impair_with(&o);
	for (int i = 0; i < 4000; i++)
		assert_true(out(im, &a, 10, SECONDS(1)));
	s = counts(im, &o);
	assert_in_range(s.duplicated, 400 - 76, 400 + 76);
	assert_int_equal(impair_held(im), s.duplicated);
	assert_int_equal(impair_deadline(im), SECONDS(1));
	impair_free(im);
}

/* A line of 12 kB/s takes 100 ms for 1,200 bytes, queues for a second and drops. */
static void
rate_makes_a_line(void **state)
{
	struct fault_order o = order(FAULT_IMPAIR, NULL);
	struct impair *im;

	(void)state;
	o.figures.rate = 12000;
	im = impair_with(&o);
	for (int i = 0; i < 30; i++)
		assert_false(out(im, &a, 1200, SECONDS(1)));
	assert_int_equal(impair_deadline(im), SECONDS(1) + MILLISECONDS(100));
	assert_int_equal(impair_held(im), 11);
	assert_int_equal(counts(im, &o).dropped, 19);
	/* The other direction is a line of its own. */
	assert_false(in(im, &a, SECONDS(1)));
	assert_int_equal(impair_held(im), 12);
	impair_free(im);
}

/* A flapping rule acts in the first part of each period only. */
static void
a_rule_can_flap(void **state)
{
	struct fault_order o = order(FAULT_CUT, NULL);
	struct impair *im;

	(void)state;
	o.figures.period_ms = 1000;
	o.figures.active_ms = 300;
	im = impair_with(&o);
	for (uint64_t t = 0; t < 5; t++) {
		assert_false(in(im, &a, SECONDS(1 + t)));
		assert_false(in(im, &a, SECONDS(1 + t) + MILLISECONDS(299)));
		assert_true(in(im, &a, SECONDS(1 + t) + MILLISECONDS(300)));
		assert_true(in(im, &a, SECONDS(1 + t) + MILLISECONDS(999)));
	}
	impair_free(im);
}

/* A firewall lets answers in and known flows go on, and nobody who begins outside. */
static void
a_firewall_knows_flows(void **state)
{
	struct fault_order o = order(FAULT_FIREWALL, NULL);
	struct impair *im = impair_with(&o);
	struct address stranger = a;

	(void)state;
	impair_flow(im, &a, SECONDS(1));
	assert_true(in(im, &a, SECONDS(1)));
	assert_false(in(im, &b, SECONDS(1)));
	assert_true(out(im, &b, 10, SECONDS(2)));
	assert_true(in(im, &b, SECONDS(3)));
	assert_true(in(im, &b, SECONDS(100)));
	assert_true(in(im, &b, SECONDS(200)));
	assert_false(in(im, &b, SECONDS(200 + 120)));
	/* Strangers fill no table. */
	for (uint16_t i = 0; i < 2000; i++) {
		stranger.port = (uint16_t)(5000 + i);
		assert_false(in(im, &stranger, SECONDS(4)));
	}
	assert_false(in(im, &a, SECONDS(500)));
	impair_free(im);
}

/* Two rules add up: the delay of one, the loss of the other. */
static void
rules_add_up(void **state)
{
	struct fault_order slow = order(FAULT_IMPAIR, NULL), far, cut;
	struct impair *im;

	(void)state;
	slow.figures.delay_us = 10000;
	far = slow;
	far.id.bytes[1] = 1;
	far.figures.delay_us = 30000;
	im = impair_with(&slow);
	impair_add(im, &far, SECONDS(1));
	assert_false(out(im, &a, 10, SECONDS(1)));
	assert_int_equal(impair_deadline(im), SECONDS(1) + MILLISECONDS(40));
	cut = order(FAULT_CUT, &b);
	impair_add(im, &cut, SECONDS(1));
	impair_refresh(im, nobody, NULL);
	assert_false(out(im, &b, 10, SECONDS(1)));
	assert_int_equal(impair_held(im), 1);
	impair_free(im);
}

/* A rule for all leaves alone who may end it; a rule that names him does not. */
static void
operators_are_spared(void **state)
{
	struct fault_order o = order(FAULT_CUT, NULL), named;
	struct impair *im = impair_with(&o);

	(void)state;
	assert_false(in(im, &a, SECONDS(1)));
	impair_spare(im, &a, 1);
	assert_true(in(im, &a, SECONDS(1)));
	assert_true(impair_hears(im, &a, SECONDS(1)));
	assert_false(in(im, &b, SECONDS(1)));
	named = order(FAULT_CUT, &a);
	named.id.bytes[1] = 1;
	impair_add(im, &named, SECONDS(1));
	impair_refresh(im, nobody, NULL);
	assert_false(in(im, &a, SECONDS(1)));
	impair_free(im);
}

/* What waits is bounded, and what has no room is counted. */
static void
waiting_is_bounded(void **state)
{
	struct fault_order o = order(FAULT_IMPAIR, NULL);
	struct impair *im;

	(void)state;
	o.figures.delay_us = 60000000;
	im = impair_with(&o);
	for (int i = 0; i < IMPAIR_HELD_MAX + 10; i++)
		assert_false(out(im, &a, 100, SECONDS(1)));
	assert_int_equal(impair_held(im), IMPAIR_HELD_MAX);
	assert_int_equal(impair_overflowed(im), 10);
	assert_int_equal(counts(im, &o).dropped, 10);
	impair_free(im);
	assert_int_equal(mem_live(MEM_HELD), 0);
	assert_int_equal(mem_live(MEM_IMPAIR), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cut_has_a_target),
		cmocka_unit_test(one_way),
		cmocka_unit_test(targets_are_found),
		cmocka_unit_test(loss_is_near_its_figure),
		cmocka_unit_test(delay_holds_back),
		cmocka_unit_test(removal_lets_go),
		cmocka_unit_test(jitter_spreads),
		cmocka_unit_test(reorder_and_duplicate),
		cmocka_unit_test(rate_makes_a_line),
		cmocka_unit_test(a_rule_can_flap),
		cmocka_unit_test(a_firewall_knows_flows),
		cmocka_unit_test(rules_add_up),
		cmocka_unit_test(operators_are_spared),
		cmocka_unit_test(waiting_is_bounded),
	};

	return cmocka_run_group_tests_name("impair", tests, NULL, NULL);
}
