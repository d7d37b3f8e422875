/* SPDX-License-Identifier: MIT */
/* The composition: timers of a topic, its memory, and that a run replays. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/mem.h"
#include "tests/unit/gossip_rig.h"

/* A topic that is alone asks for no timer. */
static void
alone_is_silent(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	assert_int_equal(r.timer_count, 0);
	rig_fini(&r);
}

/* Whatever happens, the layer above holds few timers for it. */
static void
few_timers(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	rig_simple(&r, 1, GOSSIP_PRUNE);
	for (unsigned i = 0; i < 2000; i++) {
		rig_bytes(&r, GOSSIP_IN_BROADCAST, 0, &i, sizeof(i));
		rig_advance(&r, MILLISECONDS(7));
		assert_in_range(r.timer_count, 1, 16);
	}
	rig_fini(&r);
}

/* A timer that nobody knows, or that comes twice, does no harm. */
static void
stray_timers(void **state)
{
	struct gossip_in in = {.kind = GOSSIP_IN_TIMER, .timer = 12345};
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_in(&r, GOSSIP_IN_JOIN, 1);
	for (int i = 0; i < 3; i++) {
		outbox_clear(r.out);
		topic_handle(r.topic, &in, r.now_ns, r.out);
		assert_int_equal(outbox_count(r.out), 0);
	}
	rig_fini(&r);
}

/* A topic gives back all that it took. */
static void
nothing_is_left(void **state)
{
	struct peer_id id = {{99}};
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	for (unsigned i = 1; i < 60; i++)
		rig_simple(&r, i, GOSSIP_JOIN);
	rig_in(&r, GOSSIP_IN_JOIN, 100);
	for (unsigned i = 1; i < 60; i++) {
		rig_ihave(&r, i, &id, 1);
		rig_bytes(&r, GOSSIP_IN_BROADCAST, 0, &i, sizeof(i));
	}
	assert_true(mem_live(MEM_PEER) > 0 && mem_live(MEM_MESSAGE) > 0);
	assert_true(mem_live(MEM_MISSING) > 0);
	rig_fini(&r);
	assert_int_equal(mem_live(MEM_TOPIC), 0);
	assert_int_equal(mem_live(MEM_PEER), 0);
	assert_int_equal(mem_live(MEM_MESSAGE), 0);
	assert_int_equal(mem_live(MEM_MISSING), 0);
	assert_int_equal(mem_live(MEM_OUTBOX_ENTRY), 0);
}

static void
other_seed(struct gossip_config *c)
{
	c->seed[0] = 1;
}

static size_t
evicted_mask(void (*change)(struct gossip_config *))
{
	size_t mask = 0;
	struct rig r;

	rig_init(&r, change);
	rig_fill(&r, 1, 40);
	for (unsigned i = 1; i <= 40; i++)
		mask |= (size_t)rig_is_active(&r, i) << i;
	rig_fini(&r);
	return mask;
}

/* The same seed and inputs give the same views; another seed gives others. */
static void
seeds_decide(void **state)
{
	(void)state;
	assert_int_equal(evicted_mask(NULL), evicted_mask(NULL));
	assert_int_not_equal(evicted_mask(NULL), evicted_mask(other_seed));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone_is_silent),
		cmocka_unit_test(few_timers),
		cmocka_unit_test(stray_timers),
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(seeds_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
