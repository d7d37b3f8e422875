/* SPDX-License-Identifier: MIT */
/* Whole meshes of topics in virtual time. Each seed runs twice; the histories are the same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/rng.h"
#include "check.h"

#define SEEDS 20
#define BROADCASTS 100

#define CHECK(call)                                                                            \
	do {                                                                                   \
		char why[CHECK_WHY_CAP] = "";                                                  \
		if (!(call))                                                                   \
			fail_msg("seed %llu, n=%zu: %s: %s", (unsigned long long)seed,         \
				net_count(n), #call, why);                                     \
	} while (0)

/* A mesh of `count` members that joined over random earlier ones, 20 ms apart, and settled. */
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
	each_seed_twice(3, run_200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nine_nodes),
		cmocka_unit_test(eighteen_nodes),
		cmocka_unit_test(fifty_nodes),
		cmocka_unit_test(two_hundred_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
