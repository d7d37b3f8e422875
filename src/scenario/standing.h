/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_STANDING_H
#define SCENARIO_STANDING_H

#include "base/rng.h"
#include "scenario/members.h"

/*
 * The `links` of a scenario: how datagrams fare between groups of nodes for the whole
 * run. Each sender is told for the receivers that are there; when one comes or comes
 * back, senders are told anew.
 */
struct standing {
	const struct scenario *scenario;
	struct rng rng;
	/* [link * members + member]: what it was told last. */
	struct standing_order {
		bool told;
		unsigned child; /* whom: a process that came later knows nothing */
		uint64_t receivers;	/* which processes, as one number */
		struct fault_id id;
	} *orders;
	size_t member_count;
};

void standing_init(struct standing *s, const struct scenario *scenario, uint64_t seed);
void standing_fini(struct standing *s);
void standing_tick(struct standing *s, const struct members *m, struct supervisor *to);

#endif
