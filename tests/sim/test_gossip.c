/* SPDX-License-Identifier: MIT */
/*
 * Whole meshes of topics in virtual time: the controls of the checks that judge the runs
 * of runs.c (which test_seeds runs), each with its cause, and what an idle mesh does.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/rng.h"
#include "tests/sim/runs.h"

#define SEEDS 40

static void
without_notices(struct net_config *c)
{
	c->crash_notices = false;
}

static void
without_forwarding(struct net_config *c)
{
	c->forwarding = false;
}

/* Control: where nobody is told of a crash the overlay keeps the dead: it is found. */
static void
unnoticed_crashes_are_found(void **state)
{
	struct net *n = runs_grown(1, 50, without_notices);
	char why[CHECK_WHY_CAP];

	(void)state;
	assert_true(check_connected(n, why));
	runs_stop_some(n, 1, net_crash);
	net_run(n, SECONDS(10));
	assert_false(check_connected(n, why));
	net_free(n);
}

/* Control: where nobody forwards, the check of deliveries says so. */
static void
missing_deliveries_are_found(void **state)
{
	struct net *n = runs_grown(1, 50, without_forwarding);
	char why[CHECK_WHY_CAP];

	(void)state;
	runs_send_many(n, 1, 1);
	assert_false(check_delivered(n, 0, net_broadcasts(n), why));
	net_free(n);
}

/* Control: two meshes that never met are not one. */
static void
two_components_are_found(void **state)
{
	struct net_config c;
	struct net *n;
	char why[CHECK_WHY_CAP];

	(void)state;
	net_config_default(&c, 1);
	n = net_new(&c);
	for (size_t i = 0; i < 4; i++)
		net_add(n, false);
	net_join(n, 1, 0);
	net_join(n, 3, 2);
	net_run(n, SECONDS(2));
	assert_false(check_connected(n, why));
	net_join(n, 2, 1);
	net_run(n, SECONDS(5));
	assert_true(check_connected(n, why));
	net_free(n);
}

/* A mesh of 9 or 18 that has settled opens no connection while nothing happens. */
static void
idle_mesh_connects_nobody(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct net *n = runs_grown(seed, seed % 2 ? 9 : 18, NULL);
		struct net_stats before, after;

		net_run(n, SECONDS(15));
		net_stats(n, &before);
		net_run(n, SECONDS(90));
		net_stats(n, &after);
		assert_int_equal(after.connections, before.connections);
		net_free(n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unnoticed_crashes_are_found),
		cmocka_unit_test(missing_deliveries_are_found),
		cmocka_unit_test(two_components_are_found),
		cmocka_unit_test(idle_mesh_connects_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
