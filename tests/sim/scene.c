/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/rng.h"
#include "tests/sim/scene.h"

struct net *
scene_grown(uint64_t seed, size_t count, void (*change)(struct net_config *))
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

void
scene_send_many(struct net *n, uint64_t seed, size_t count)
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

void
scene_check(struct net *n, uint64_t seed, size_t min_degree)
{
	settle(n);
	SCENE_CHECK(check_connected(n, why));
	SCENE_CHECK(check_symmetric(n, why));
	SCENE_CHECK(check_degrees(n, min_degree, why));
	SCENE_CHECK(check_bounds(n, why));
	SCENE_CHECK(check_quiet(n, why));
}

void
scene_each_seed_twice(uint64_t seeds, uint64_t (*run)(uint64_t seed))
{
	for (uint64_t seed = 1; seed <= seeds; seed++) {
		uint64_t history = run(seed);

		assert_int_equal(history, run(seed));
		assert_int_not_equal(history, 0);
	}
}

uint64_t
scene_done(struct net *n)
{
	uint64_t history = net_history(n);

	net_free(n);
	return history;
}
