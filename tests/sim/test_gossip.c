/* SPDX-License-Identifier: MIT */
/* Whole meshes of topics in virtual time. Each seed runs twice, the same way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/rng.h"
#include "tests/sim/scene.h"

static uint64_t
join_and_broadcast(uint64_t seed, size_t count)
{
	struct net *n = scene_grown(seed, count, NULL);

	scene_check(n, seed, 3);
	scene_send_many(n, seed, SCENE_BROADCASTS);
	SCENE_CHECK(check_delivered(n, 0, net_broadcasts(n), why));
	scene_check(n, seed, 3);
	return scene_done(n);
}

static uint64_t
run_9(uint64_t seed)
{
	return join_and_broadcast(seed, 9);
}

static uint64_t
run_18(uint64_t seed)
{
	return join_and_broadcast(seed, 18);
}

static uint64_t
run_50(uint64_t seed)
{
	return join_and_broadcast(seed, 50);
}

static uint64_t
run_200(uint64_t seed)
{
	return join_and_broadcast(seed, 200);
}

/* 9 nodes become one symmetric overlay; 100 broadcasts reach everyone once. */
static void
nine_nodes(void **state)
{
	(void)state;
	scene_each_seed_twice(SCENE_SEEDS, run_9);
}

/* The same with 18. */
static void
eighteen_nodes(void **state)
{
	(void)state;
	scene_each_seed_twice(SCENE_SEEDS, run_18);
}

/* The same with 50. */
static void
fifty_nodes(void **state)
{
	(void)state;
	scene_each_seed_twice(SCENE_SEEDS, run_50);
}

/* The same with 200. */
static void
two_hundred_nodes(void **state)
{
	(void)state;
	scene_each_seed_twice(2, run_200);
}

/* Every fifth member, chosen at random, at once. */
static void
crash_some(struct net *n, uint64_t seed, void (*stop)(struct net *, size_t))
{
	struct rng rng;

	rng_init_u64(&rng, seed ^ 0xc4a5);
	for (size_t done = 0; done < net_count(n) / 5;) {
		size_t node = rng_below(&rng, net_count(n));

		if (!net_alive(n, node) || net_is_observer(n, node))
			continue;
		stop(n, node);
		done++;
	}
}

static uint64_t
lose_a_fifth(uint64_t seed, void (*stop)(struct net *, size_t))
{
	struct net *n = scene_grown(seed, 50, NULL);
	size_t before;

	scene_send_many(n, seed, 10);
	crash_some(n, seed, stop);
	net_run(n, SECONDS(10));
	scene_check(n, seed, 3);
	before = net_broadcasts(n);
	scene_send_many(n, seed, 30);
	SCENE_CHECK(check_delivered(n, before, net_broadcasts(n), why));
	scene_check(n, seed, 3);
	return scene_done(n);
}

static uint64_t
run_crash(uint64_t seed)
{
	return lose_a_fifth(seed, net_crash);
}

static uint64_t
run_leave(uint64_t seed)
{
	return lose_a_fifth(seed, net_leave);
}

/* A fifth of 50 nodes crashes: the rest is one overlay, and all is delivered. */
static void
crash_of_a_fifth(void **state)
{
	(void)state;
	scene_each_seed_twice(SCENE_SEEDS, run_crash);
}

/* A fifth of 50 nodes leaves in order: the same. */
static void
leave_of_a_fifth(void **state)
{
	(void)state;
	scene_each_seed_twice(SCENE_SEEDS, run_leave);
}

static uint64_t
cut_for_a_while(uint64_t seed, void (*change)(struct net_config *))
{
	struct net *n = scene_grown(seed, 30, change);
	struct rng rng;

	rng_init_u64(&rng, seed ^ 0xc07);
	for (int i = 0; i < 2000; i++) {
		net_cut(n, rng_below(&rng, net_count(n)), rng_below(&rng, net_count(n)));
		net_run(n, MILLISECONDS(5));
	}
	net_run(n, SECONDS(30));
	scene_send_many(n, seed, 20);
	SCENE_CHECK(check_delivered(n, 0, net_broadcasts(n), why));
	scene_check(n, seed, 3);
	return scene_done(n);
}

static uint64_t
run_cuts(uint64_t seed)
{
	return cut_for_a_while(seed, NULL);
}

static void
with_silent_takeover(struct net_config *c)
{
	c->silent_takeover = true;
}

static uint64_t
run_silent_cuts(uint64_t seed)
{
	return cut_for_a_while(seed, with_silent_takeover);
}

/* Connections are lost for ten seconds: the overlay grows together, without half links.
 */
static void
lost_connections(void **state)
{
	(void)state;
	scene_each_seed_twice(SCENE_SEEDS, run_cuts);
}

/* The same where one side may never hear of the loss. */
static void
silently_lost_connections(void **state)
{
	(void)state;
	scene_each_seed_twice(SCENE_SEEDS / 4, run_silent_cuts);
}

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
	struct net *n = scene_grown(1, 50, without_notices);
	char why[CHECK_WHY_CAP];

	(void)state;
	assert_true(check_connected(n, why));
	crash_some(n, 1, net_crash);
	net_run(n, SECONDS(10));
	assert_false(check_connected(n, why));
	net_free(n);
}

/* Control: where nobody forwards, the check of deliveries says so. */
static void
missing_deliveries_are_found(void **state)
{
	struct net *n = scene_grown(1, 50, without_forwarding);
	char why[CHECK_WHY_CAP];

	(void)state;
	scene_send_many(n, 1, 1);
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
	for (uint64_t seed = 1; seed <= 2 * SCENE_SEEDS; seed++) {
		struct net *n = scene_grown(seed, seed % 2 ? 9 : 18, NULL);
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
		cmocka_unit_test(nine_nodes),
		cmocka_unit_test(eighteen_nodes),
		cmocka_unit_test(fifty_nodes),
		cmocka_unit_test(two_hundred_nodes),
		cmocka_unit_test(crash_of_a_fifth),
		cmocka_unit_test(leave_of_a_fifth),
		cmocka_unit_test(lost_connections),
		cmocka_unit_test(silently_lost_connections),
		cmocka_unit_test(unnoticed_crashes_are_found),
		cmocka_unit_test(missing_deliveries_are_found),
		cmocka_unit_test(two_components_are_found),
		cmocka_unit_test(idle_mesh_connects_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
