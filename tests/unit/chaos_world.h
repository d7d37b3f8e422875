/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CHAOS_WORLD_H
#define TESTS_UNIT_CHAOS_WORLD_H

#include "base/rng.h"
#include "chaos/trial.h"

/*
 * A mesh that exists in answers only, in virtual time, for trials: what nodes say follows
 * from the orders that were obeyed. `stub` makes nodes take every order and do nothing.
 */
#define WORLD_NODES 9
#define WORLD_TURN MILLISECONDS(200)

struct world_node {
	struct peer_id id;
	char name[32];
	bool dead, started;
	uint64_t dead_ns, ready_ns, incarnation;
	struct fault_order order;	/* the one it obeys */
	uint64_t order_ns, order_end_ns;	/* 0: none */
	uint16_t port;
};

struct world_link {
	bool up, by_first;	/* by_first: the one with the smaller index dialed */
	uint64_t cut_ns;	/* since when nothing passes; 0: it does */
	uint64_t sent[2], received[2];	/* of the smaller index, of the larger */
	double lost[2];
	uint64_t tried_ns;
};

struct world {
	struct world_node nodes[WORLD_NODES];
	struct world_link links[WORLD_NODES][WORLD_NODES];
	struct lifeline_view views[WORLD_NODES];
	struct trial_node shown[WORLD_NODES];
	struct trial *trial;
	uint64_t now_ns;
	size_t orders, reverts, starts;	/* orders: reverts as well */

	/* What goes wrong. */
	bool stub;		/* orders are taken and nothing is done */
	bool sticks;		/* faults do not end */
	bool refuses;		/* somebody refuses what others took */
	bool blinks;		/* all links close for one turn of each 6 s */
	size_t deaf;		/* this node answers nothing; WORLD_NODES: all do */
	size_t lost;		/* this one is dropped by all when a fault begins */
	bool newcomers;		/* 3, 4, 7 and 8 have only just come */
	uint64_t noise_100us;	/* round trips are longer by up to this */
};

void world_init(struct world *w, enum primitive p);
void world_fini(struct world *w);
/* Until the trial is over, at most 300 virtual seconds. */
const struct judge_result *world_run(struct world *w);

#endif
