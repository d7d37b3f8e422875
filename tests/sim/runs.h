/* SPDX-License-Identifier: MIT */
#ifndef SIM_RUNS_H
#define SIM_RUNS_H

#include "tests/sim/check.h"

/*
 * Runs of whole meshes of topics, each a function of a seed: it builds a mesh, lets
 * things happen to it and lets the checkers judge. The same seed gives the same history,
 * whose hash is the result. 0: a check failed, `why` (of RUNS_WHY_CAP) says which.
 */
#define RUNS_WHY_CAP (CHECK_WHY_CAP + 128)
#define RUNS_BROADCASTS 100
#define RUNS_SEEDS_MAX 60 /* of any run, in `make check` */

struct run {
	const char *name;
	uint64_t (*run)(uint64_t seed, char *why);
	unsigned seeds; /* how many of it `make check` tries */
};
extern const struct run runs[];
extern const size_t runs_count;

const struct run *runs_find(const char *name); /* NULL: no such run */

/* `count` members that joined over random earlier ones, 20 ms apart, and settled. */
struct net *runs_grown(uint64_t seed, size_t count, void (*change)(struct net_config *));
/* Random living members send `count` broadcasts, 30 ms apart; then a while of rest. */
void runs_send_many(struct net *n, uint64_t seed, size_t count);
/* Every fifth member, chosen at random, at once. */
void runs_stop_some(struct net *n, uint64_t seed, void (*stop)(struct net *, size_t));
/*
 * Lets the mesh come to rest (whatever waits has a timer), then: connected, symmetric,
 * within bounds, nobody has less than `min_degree` neighbors, nothing waits.
 */
bool runs_settled(struct net *n, size_t min_degree, char *why);

#endif
