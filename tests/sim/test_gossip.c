/* SPDX-License-Identifier: MIT */
/* Whole meshes of topics in virtual time. Each seed runs twice; the histories are the
 * same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/rng.h"
#include "tests/sim/check.h"

/* Sanitizers make it five times slower and look at memory, not at chance. */
#ifdef __SANITIZE_ADDRESS__
#define SEEDS 4
#else
#define SEEDS 20
#endif
#define BROADCASTS 100

#define CHECK(call)                                                                      \
	do {                                                                             \
		char why[CHECK_WHY_CAP] = "";                                            \
		if (!(call))                                                             \
			fail_msg("seed %llu, n=%zu: %s: %s", (unsigned long long)seed,   \
				net_count(n), #call, why);                               \
	} while (0)

/* A mesh of `count` members that joined over random earlier ones, 20 ms apart, and
 * settled. */
static struct net *
grown(uint64_t seed, size_t count, void (*change)(struct net_config *))
{
	struct net_config c;
	struct rng rng;
	struct net *n;

	net_config_default(&c, seed);
	if (change)
		change(&c);
	n = net_new(&c);
	rng_init_u64(&rng, seed ^ 0x9042);
	for (size_t i = 0; i < count; i++) {
		net_add(n, false);
		if (i > 0)
			net_join(n, i, rng_below(&rng, i));
		net_run(n, MILLISECONDS(20));
	}
	net_run(n, SECONDS(5));
	return n;
}

/* Random living members send, 30 ms apart. */
static void
send_many(struct net *n, uint64_t seed, size_t count)
{
	struct rng rng;

	rng_init_u64(&rng, seed ^ 0xb40adca5);
	for (size_t done = 0; done < count;) {
		size_t sender = rng_below(&rng, net_count(n));

		if (!net_alive(n, sender) || net_is_observer(n, sender))
			continue;
		net_broadcast(n, sender);
		net_run(n, MILLISECONDS(30));
		done++;
	}
	net_run(n, SECONDS(5));
}

/* Shuffles go on for ever, but whatever waits has a timer: there are moments without. */
static void
settle(struct net *n)
{
	char why[CHECK_WHY_CAP];

	for (int i = 0; i < 40 && !check_quiet(n, why); i++)
		net_run(n, MILLISECONDS(250));
}

static void
check_overlay(struct net *n, uint64_t seed, size_t min_degree)
{
	settle(n);
	CHECK(check_connected(n, why));
	CHECK(check_symmetric(n, why));
	CHECK(check_degrees(n, min_degree, why));
	CHECK(check_bounds(n, why));
	CHECK(check_quiet(n, why));
}

static void
each_seed_twice(uint64_t seeds, uint64_t (*run)(uint64_t seed))
{
	for (uint64_t seed = 1; seed <= seeds; seed++) {
		uint64_t history = run(seed);

		assert_int_equal(history, run(seed));
		assert_int_not_equal(history, 0);
	}
}

static uint64_t
done(struct net *n)
{
	uint64_t history = net_history(n);

	net_free(n);
	return history;
}

static uint64_t
join_and_broadcast(uint64_t seed, size_t count)
{
	struct net *n = grown(seed, count, NULL);

	check_overlay(n, seed, 3);
	send_many(n, seed, BROADCASTS);
	CHECK(check_delivered(n, 0, net_broadcasts(n), why));
	check_overlay(n, seed, 3);
	return done(n);
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
	each_seed_twice(SEEDS, run_9);
}

/* The same with 18. */
static void
eighteen_nodes(void **state)
{
	(void)state;
	each_seed_twice(SEEDS, run_18);
}

/* The same with 50. */
static void
fifty_nodes(void **state)
{
	(void)state;
	each_seed_twice(SEEDS, run_50);
}

/* The same with 200. */
static void
two_hundred_nodes(void **state)
{
	(void)state;
	each_seed_twice(2, run_200);
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
	struct net *n = grown(seed, 50, NULL);
	size_t before;

	send_many(n, seed, 10);
	crash_some(n, seed, stop);
	net_run(n, SECONDS(10));
	check_overlay(n, seed, 3);
	before = net_broadcasts(n);
	send_many(n, seed, 30);
	CHECK(check_delivered(n, before, net_broadcasts(n), why));
	check_overlay(n, seed, 3);
	return done(n);
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

/* A fifth of 50 nodes crashes: the rest is one overlay without them, and all is
 * delivered. */
static void
crash_of_a_fifth(void **state)
{
	(void)state;
	each_seed_twice(SEEDS, run_crash);
}

/* A fifth of 50 nodes leaves in order: the same. */
static void
leave_of_a_fifth(void **state)
{
	(void)state;
	each_seed_twice(SEEDS, run_leave);
}

static uint64_t
cut_for_a_while(uint64_t seed, void (*change)(struct net_config *))
{
	struct net *n = grown(seed, 30, change);
	struct rng rng;

	rng_init_u64(&rng, seed ^ 0xc07);
	for (int i = 0; i < 2000; i++) {
		net_cut(n, rng_below(&rng, net_count(n)), rng_below(&rng, net_count(n)));
		net_run(n, MILLISECONDS(5));
	}
	net_run(n, SECONDS(30));
	send_many(n, seed, 20);
	CHECK(check_delivered(n, 0, net_broadcasts(n), why));
	check_overlay(n, seed, 3);
	return done(n);
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
	each_seed_twice(SEEDS, run_cuts);
}

/* The same where one side may never hear of the loss. */
static void
silently_lost_connections(void **state)
{
	(void)state;
	each_seed_twice(SEEDS / 4, run_silent_cuts);
}

/* Members alone, or the same members with observers that come, listen and go. */
static uint64_t
views_after(uint64_t seed, size_t observers, uint64_t *history)
{
	struct net *n = grown(seed, 18, NULL);
	uint64_t hash;

	for (size_t i = 0; i < observers; i++)
		net_join(n, net_add(n, true), i % 18);
	net_run(n, SECONDS(2));
	hash = check_views_hash(n);
	for (int i = 0; i < BROADCASTS; i++) {
		net_broadcast(n, (size_t)(i * 7) % 18);
		net_run(n, MILLISECONDS(30));
	}
	net_run(n, SECONDS(2));
	CHECK(check_delivered(n, 0, net_broadcasts(n), why));
	CHECK(check_symmetric(n, why));
	for (size_t i = 0; i < observers; i++) {
		const struct topic *t = net_topic(n, 18 + i);

		assert_in_range(topic_active(t, NULL, 0), 1, GOSSIP_OBSERVED_MAX);
		if (i % 2)
			net_crash(n, 18 + i);
		else
			net_leave(n, 18 + i);
	}
	net_run(n, SECONDS(2));
	for (size_t i = 0; i < 18; i++)
		assert_int_equal(topic_observers(net_topic(n, i), NULL, 0), 0);
	check_overlay(n, seed, 3);
	if (history)
		*history = net_history(n);
	(void)hash;
	hash = check_views_hash(n);
	net_free(n);
	return hash;
}

static uint64_t
run_observers(uint64_t seed)
{
	uint64_t history;
	uint64_t with = views_after(seed, 3, &history);

	/* Not only the same before and after: the same as if nobody had ever looked. */
	assert_int_equal(with, views_after(seed, 0, NULL));
	return history;
}

/* Observers get everything once; their coming and going changes no active view. */
static void
observers_change_nothing(void **state)
{
	(void)state;
	each_seed_twice(SEEDS, run_observers);
}

/* Control: three members more do change the views, so the comparison can fail. */
static void
members_change_views(void **state)
{
	struct net *a = grown(1, 18, NULL), *b = grown(1, 18, NULL);
	uint64_t before = check_views_hash(b);

	(void)state;
	assert_int_equal(check_views_hash(a), before);
	for (size_t i = 0; i < 3; i++)
		net_join(b, net_add(b, false), i);
	net_run(b, SECONDS(2));
	for (size_t i = 18; i < 21; i++)
		net_crash(b, i);
	net_run(b, SECONDS(2));
	assert_int_not_equal(check_views_hash(b), before);
	net_free(a);
	net_free(b);
}

/* An observer whose neighbors are lost finds others, and goes on to get everything once.
 */
static void
observer_finds_others(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct net *n = grown(seed, 18, NULL);
		size_t observer = net_add(n, true), first;
		struct peer_id view[GOSSIP_OBSERVED_MAX];
		size_t count;

		net_join(n, observer, 0);
		net_run(n, SECONDS(2));
		count = topic_active(net_topic(n, observer), view, GOSSIP_OBSERVED_MAX);
		assert_int_equal(count, GOSSIP_OBSERVED_MAX);
		for (size_t i = 0; i < count; i++)
			net_crash(n, net_find(n, &view[i]));
		net_run(n, SECONDS(10));
		assert_in_range(topic_active(net_topic(n, observer), NULL, 0), 1,
			GOSSIP_OBSERVED_MAX);
		first = net_broadcasts(n);
		send_many(n, seed, 20);
		CHECK(check_delivered(n, first, net_broadcasts(n), why));
		net_free(n);
	}
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

/* Control: where nobody is told of a crash, the overlay keeps the dead and the check says
 * so. */
static void
unnoticed_crashes_are_found(void **state)
{
	struct net *n = grown(1, 50, without_notices);
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
	struct net *n = grown(1, 50, without_forwarding);
	char why[CHECK_WHY_CAP];

	(void)state;
	send_many(n, 1, 1);
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

/* A mesh of 9 that has settled opens no connection in a minute in which nothing happens.
 */
static void
idle_mesh_connects_nobody(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct net *n = grown(seed, 9, NULL);
		struct net_stats before, after;

		net_run(n, SECONDS(10));
		net_stats(n, &before);
		net_run(n, SECONDS(60));
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
		cmocka_unit_test(observers_change_nothing),
		cmocka_unit_test(members_change_views),
		cmocka_unit_test(observer_finds_others),
		cmocka_unit_test(unnoticed_crashes_are_found),
		cmocka_unit_test(missing_deliveries_are_found),
		cmocka_unit_test(two_components_are_found),
		cmocka_unit_test(idle_mesh_connects_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
