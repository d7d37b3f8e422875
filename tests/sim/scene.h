/* SPDX-License-Identifier: MIT */
#ifndef SIM_SCENE_H
#define SIM_SCENE_H

#include "tests/sim/check.h"

/* What the simulations of gossip share. To be included after cmocka.h. */
/* Sanitizers make it five times slower and look at memory, not at chance. */
#ifdef __SANITIZE_ADDRESS__
#define SCENE_SEEDS 4
#else
#define SCENE_SEEDS 20
#endif
#define SCENE_BROADCASTS 100

#define SCENE_CHECK(call)                                                                \
	do {                                                                             \
		char why[CHECK_WHY_CAP] = "";                                            \
		if (!(call))                                                             \
			fail_msg("seed %llu, n=%zu: %s: %s", (unsigned long long)seed,   \
				net_count(n), #call, why);                               \
	} while (0)

/* `count` members that joined over random earlier ones, 20 ms apart, and settled. */
struct net *scene_grown(uint64_t seed, size_t count, void (*change)(struct net_config *));
/* Random living members send `count` broadcasts, 30 ms apart; then a while of rest. */
void scene_send_many(struct net *n, uint64_t seed, size_t count);
/* Once settled: connected, symmetric, within bounds, and nothing waits. */
void scene_check(struct net *n, uint64_t seed, size_t min_degree);
/* A run gives the hash of its history: two runs of a seed give the same. */
void scene_each_seed_twice(uint64_t seeds, uint64_t (*run)(uint64_t seed));
uint64_t scene_done(struct net *n); /* its history; frees it */

#endif
