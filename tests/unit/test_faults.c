/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/faults.h"

struct fixture {
	struct faults faults;
	struct fault_status said;
	uint8_t nonce;
};

static int
setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	faults_init(&f.faults);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	faults_fini(&f->faults);
	assert_int_equal(mem_live(MEM_IMPAIR), 0);
	return 0;
}

static struct fault_order
order(struct fixture *f, enum fault_verb verb, uint8_t id)
{
	struct fault_order o = { .verb = verb, .lease_ms = 10000, .kind = FAULT_CUT,
		.all = true };

	o.nonce[0] = ++f->nonce;
	o.id.bytes[0] = id;
	strcpy(o.primitive, "partition-pair");
	return o;
}

static int
give(struct fixture *f, const struct fault_order *o, uint64_t now_ns)
{
	faults_order(&f->faults, o, FAULT_BY_COMMAND, now_ns, &f->said);
	assert_memory_equal(f->said.nonce, o->nonce, FAULT_NONCE_LEN);
	assert_int_equal(f->said.result == ERR_OK, f->said.why[0] == '\0');
	return f->said.result;
}

static int
inject(struct fixture *f, enum fault_kind kind, uint8_t id, uint64_t now_ns)
{
	struct fault_order o = order(f, FAULT_INJECT, id);

	o.kind = kind;
	o.figures.skew_ms = 60000;
	o.figures.stall_ms = 3000;
	o.figures.loss = kind == FAULT_IMPAIR ? 100 : 0;
	return give(f, &o, now_ns);
}

/* A lease ends by itself, on its tick and not before, and is told. */
static void
leases_end(void **state)
{
	struct fixture *f = *state;
	struct fault_change c;

	assert_int_equal(inject(f, FAULT_CUT, 1, SECONDS(1)), ERR_OK);
	assert_int_equal(f->said.count, 1);
	assert_int_equal(f->said.faults[0].lease_left_ms, 10000);
	assert_non_null(f->faults.impair);
	assert_int_equal(faults_deadline(&f->faults), SECONDS(11));
	faults_tick(&f->faults, SECONDS(11) - 1);
	assert_int_equal(f->faults.count, 1);
	faults_tick(&f->faults, SECONDS(11));
	assert_int_equal(f->faults.count, 0);
	assert_null(f->faults.impair);
	assert_int_equal(faults_deadline(&f->faults), NEVER);
	faults_status(&f->faults, &f->said, SECONDS(12));
	assert_int_equal(f->said.count, 1);
	assert_int_equal(f->said.faults[0].end, FAULT_END_LEASE);
	assert_int_equal(f->said.faults[0].ended_ms, 1000);
	assert_int_equal(f->said.reverted, 1);
	assert_true(faults_next_change(&f->faults, &c));
	assert_int_equal(c.state.end, FAULT_ACTIVE);
	assert_true(faults_next_change(&f->faults, &c));
	assert_int_equal(c.state.end, FAULT_END_LEASE);
	assert_false(faults_next_change(&f->faults, &c));
}

/* A fault is taken off by its id, once. */
static void
orders_revert(void **state)
{
	struct fixture *f = *state;
	struct fault_order o = order(f, FAULT_REVERT, 1);

	assert_int_equal(inject(f, FAULT_CUT, 1, 0), ERR_OK);
	assert_int_equal(inject(f, FAULT_CUT, 2, 0), ERR_OK);
	assert_int_equal(give(f, &o, SECONDS(2)), ERR_OK);
	assert_int_equal(f->faults.count, 1);
	assert_int_equal(f->said.faults[0].id.bytes[0], 2);
	assert_int_equal(f->said.faults[1].end, FAULT_END_ORDER);
	o.nonce[0] = 99;
	assert_int_equal(give(f, &o, SECONDS(2)), ERR_UNKNOWN);
}

/* A halt takes all off and refuses new ones until it is disarmed. */
static void
halt_holds(void **state)
{
	struct fixture *f = *state;
	struct fault_order halt = order(f, FAULT_HALT, 0);
	struct fault_order disarm = order(f, FAULT_DISARM, 0);
	struct fault_effect e;

	assert_int_equal(inject(f, FAULT_CUT, 1, 0), ERR_OK);
	assert_int_equal(inject(f, FAULT_SKEW, 2, 0), ERR_OK);
	assert_int_equal(inject(f, FAULT_SHAM, 3, 0), ERR_OK);
	assert_int_equal(give(f, &halt, SECONDS(1)), ERR_OK);
	assert_true(f->said.halted);
	assert_int_equal(f->faults.count, 0);
	assert_int_equal(f->said.reverted, 3);
	assert_true(faults_next_effect(&f->faults, &e));
	assert_true(e.on && e.skew_ms == 60000);
	assert_true(faults_next_effect(&f->faults, &e));
	assert_true(!e.on && e.kind == FAULT_SKEW && e.skew_ms == 0);
	assert_false(faults_next_effect(&f->faults, &e));
	assert_int_equal(inject(f, FAULT_CUT, 4, SECONDS(2)), ERR_STATE);
	assert_int_equal(give(f, &disarm, SECONDS(3)), ERR_OK);
	assert_false(f->said.halted);
	assert_int_equal(inject(f, FAULT_CUT, 4, SECONDS(4)), ERR_OK);
}

/* The same order twice is one order; a question is no order. */
static void
nonces_count_once(void **state)
{
	struct fixture *f = *state;
	struct fault_order o = order(f, FAULT_INJECT, 1);
	struct fault_order ask = order(f, FAULT_REPORT, 0);

	assert_int_equal(give(f, &o, 0), ERR_OK);
	o.id.bytes[0] = 2;
	assert_int_equal(give(f, &o, 0), ERR_STALE);
	assert_int_equal(f->said.refused, 1);
	assert_int_equal(give(f, &ask, 0), ERR_OK);
	assert_int_equal(give(f, &ask, 0), ERR_OK);
	assert_int_equal(f->said.count, 1);
}

/* However fast orders come, what was taken off is taken off where it acts. */
static void
effects_are_never_lost(void **state)
{
	struct fixture *f = *state;
	struct fault_order revert = order(f, FAULT_REVERT, 1);
	struct fault_effect e;
	bool full = false, skewed = false;

	assert_int_equal(inject(f, FAULT_DISK_FULL, 1, 0), ERR_OK);
	while (faults_next_effect(&f->faults, &e))
		full = e.on;
	assert_true(full);
	assert_int_equal(give(f, &revert, 0), ERR_OK);
	for (int i = 0; i < 2 * FAULTS_MAX; i++) {
		assert_int_equal(inject(f, FAULT_SKEW, 2, 0), ERR_OK);
		revert = order(f, FAULT_REVERT, 2);
		assert_int_equal(give(f, &revert, 0), ERR_OK);
	}
	while (faults_next_effect(&f->faults, &e)) {
		full = e.kind == FAULT_DISK_FULL ? e.on : full;
		skewed = e.kind == FAULT_SKEW ? e.on : skewed;
	}
	assert_false(full);
	assert_false(skewed);
}

/* What can't be is refused and leaves nothing behind. */
static void
refusals(void **state)
{
	struct fixture *f = *state;
	struct fault_order o = order(f, FAULT_INJECT, 1);
	struct fault_effect e;

	o.lease_ms = 0;
	assert_int_equal(give(f, &o, 0), ERR_ARGUMENT);
	assert_int_equal(inject(f, FAULT_CUT, 1, 0), ERR_OK);
	assert_int_equal(inject(f, FAULT_CUT, 1, 0), ERR_EXISTS);
	assert_int_equal(inject(f, FAULT_DISK_FULL, 2, 0), ERR_OK);
	assert_int_equal(inject(f, FAULT_DISK_FULL, 3, 0), ERR_EXISTS);
	for (uint8_t i = 3; i <= FAULTS_MAX; i++)
		assert_int_equal(inject(f, FAULT_IMPAIR, i, 0), ERR_OK);
	assert_int_equal(inject(f, FAULT_IMPAIR, 100, 0), ERR_LIMIT);
	assert_int_equal(f->said.count, FAULTS_MAX);
	assert_int_equal(f->said.refused, 4);
	assert_true(faults_next_effect(&f->faults, &e));
	assert_int_equal(e.kind, FAULT_DISK_FULL);
	assert_false(faults_next_effect(&f->faults, &e));
}

/* A wedge ends with its time, a rebind at once, and neither needs to be taken off. */
static void
some_end_by_themselves(void **state)
{
	struct fixture *f = *state;
	struct fault_effect e;

	assert_int_equal(inject(f, FAULT_WEDGE, 1, 0), ERR_OK);
	assert_true(faults_next_effect(&f->faults, &e));
	assert_true(e.on && e.ms == 3000);
	assert_int_equal(faults_deadline(&f->faults), SECONDS(3));
	faults_tick(&f->faults, SECONDS(3));
	assert_int_equal(inject(f, FAULT_REBIND, 2, SECONDS(3)), ERR_OK);
	assert_true(faults_next_effect(&f->faults, &e));
	assert_int_equal(e.kind, FAULT_REBIND);
	assert_int_equal(f->faults.count, 0);
	assert_int_equal(f->said.faults[0].end, FAULT_END_DONE);
	assert_int_equal(f->said.faults[1].end, FAULT_END_DONE);
	assert_int_equal(inject(f, FAULT_PAUSE, 3, SECONDS(4)), ERR_OK);
	assert_true(faults_next_effect(&f->faults, &e));
	assert_true(e.kind == FAULT_PAUSE && e.ms == 10000);
	assert_false(faults_next_effect(&f->faults, &e));
}

/* The last ones that ended are told, not all; counters stay with them. */
static void
the_ended_are_kept(void **state)
{
	struct fixture *f = *state;
	struct path p = { .remote = { .family = 4, .port = 1 } };

	for (uint8_t i = 1; i <= FAULTS_ENDED_MAX + 3; i++) {
		assert_int_equal(inject(f, FAULT_CUT, i, SECONDS(20 * i)), ERR_OK);
		for (int k = 0; k < i; k++)
			assert_false(impair_out(f->faults.impair, &p,
				(const uint8_t *)"x", 1, SECONDS(20 * i)));
		faults_tick(&f->faults, SECONDS(20 * i + 10));
	}
	faults_status(&f->faults, &f->said, SECONDS(1000));
	assert_int_equal(f->said.count, FAULTS_ENDED_MAX);
	assert_int_equal(f->said.faults[0].dropped, FAULTS_ENDED_MAX + 3);
	assert_int_equal(faults_dropped(&f->faults), 11 * 12 / 2);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(leases_end),
		T(orders_revert),
		T(halt_holds),
		T(nonces_count_once),
		T(effects_are_never_lost),
		T(refusals),
		T(some_end_by_themselves),
		T(the_ended_are_kept),
	};

	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
