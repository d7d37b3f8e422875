/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chaos/detect.h"
#include "mesh/directory.h"

static const struct detect_terms lossy = { .primitive = PRIMITIVE_LOSSY_LINK,
	.params = { [PARAM_LOSS] = 1000 } };

/* A link as both ends count it; in each direction `lost` packets did not arrive. */
static struct sight
link_of(uint64_t sent, uint64_t lost)
{
	return (struct sight){ .listed = true, .liveness = LIVENESS_LIVE, .linked = true,
		.counted = true, .sent = sent, .received = sent - lost,
		.their_sent = sent, .their_received = sent - lost };
}

/* A tenth of many packets is the loss that was ordered; of few it is nothing. */
static void
a_share_of_many_is_loss(void **state)
{
	struct sight before = link_of(100, 0), few = link_of(120, 2),
		many = link_of(300, 20), none = link_of(300, 0);

	(void)state;
	assert_true(detect_effect(&lossy, &before, &many, 0));
	assert_false(detect_effect(&lossy, &before, &few, 0));
	assert_false(detect_effect(&lossy, &before, &none, 0));
}

/* On one machine a round trip is told as 0.0 ms: also from there on it can be slow. */
static void
who_is_near_can_be_slowed(void **state)
{
	struct detect_terms slow = { .primitive = PRIMITIVE_SLOW_LINK,
		.params = { [PARAM_DELAY] = (int64_t)MILLISECONDS(100) } };
	struct sight before = link_of(50, 0), now = link_of(60, 0), few = link_of(5, 0);

	(void)state;
	assert_true(detect_usable(&slow, &before));
	assert_false(detect_usable(&slow, &few));
	assert_false(detect_effect(&slow, &before, &now, 0));
	now.rtt_100us = 1000;
	assert_true(detect_effect(&slow, &before, &now, 0));
}

/* Nothing was done: a link that the overlay let go is no effect, another port is one. */
static void
a_link_let_go_is_no_effect(void **state)
{
	struct detect_terms sham = { .primitive = PRIMITIVE_SHAM };
	struct sight before = link_of(50, 0), moved = link_of(60, 0);
	struct sight gone = link_of(0, 0);

	(void)state;
	before.port = 4000;
	moved.port = 4001;
	gone.linked = false;
	assert_true(detect_effect(&sham, &before, &moved, 0));
	assert_false(detect_effect(&sham, &before, &gone, 0));
	gone.liveness = LIVENESS_SUSPECT;
	assert_true(detect_effect(&sham, &before, &gone, 0));
}

/* It is over when packets since its end arrive; not while they are lost, or few. */
static void
what_came_later_counts(void **state)
{
	struct sight before = link_of(100, 0), mark = link_of(300, 20),
		well = link_of(400, 20), few = link_of(310, 20), ill = link_of(400, 30);

	(void)state;
	assert_true(detect_recovered(&lossy, &before, &mark, &well, 0));
	assert_false(detect_recovered(&lossy, &before, &mark, &few, 0));
	assert_false(detect_recovered(&lossy, &before, &mark, &ill, 0));
}

/* A link that was made anew meanwhile counts from zero, and is judged by all of that. */
static void
a_new_link_counts_from_zero(void **state)
{
	struct sight before = link_of(100, 0), mark = link_of(900, 90),
		well = link_of(60, 0), few = link_of(40, 0), ill = link_of(100, 10);

	(void)state;
	assert_true(detect_recovered(&lossy, &before, &mark, &well, 0));
	assert_false(detect_recovered(&lossy, &before, &mark, &few, 0));
	assert_false(detect_recovered(&lossy, &before, &mark, &ill, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_of_many_is_loss),
		cmocka_unit_test(who_is_near_can_be_slowed),
		cmocka_unit_test(a_link_let_go_is_no_effect),
		cmocka_unit_test(what_came_later_counts),
		cmocka_unit_test(a_new_link_counts_from_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
