/* SPDX-License-Identifier: MIT */
#ifndef SIM_TREES_H
#define SIM_TREES_H

#include "tests/sim/net.h"

/*
 * How good the broadcast trees are, in the model of iroh-gossip's simulator, so that its
 * figures can stand beside ours: one latency of 10 to 50 ms for each unordered pair,
 * node 0 starts and all others join it at time 0, 20 times the largest latency of
 * settling, then rounds that each end with their last expected delivery; no loss.
 *
 * RMR: payloads received in a round / (deliveries expected - 1) - 1. LDH: the largest hop
 * count of a delivery in the round, from 0, as in the payload that arrived.
 */
enum trees_senders { TREES_ONE, TREES_RANDOM, TREES_ALL };

struct trees_figures {
	double rmr, ldh, ms;
};

struct trees_scenario {
	const char *name;
	enum trees_senders senders;
	size_t nodes;
	unsigned rounds;
	struct trees_figures reference, reference_worst; /* 64 seeds; 0: none known */
	unsigned smaller_percent; /* of nodes, for the views that the reference has */
};

struct trees_result {
	struct trees_figures mean, worst;
	unsigned missed;     /* deliveries that did not come within 5 s of a round */
	double view;         /* mean size of the active views, after the last round */
	uint64_t messages;   /* of all kinds, while rounds ran */
	unsigned rounds;
};

extern const struct trees_scenario trees_scenarios[];
extern const size_t trees_scenario_count;

/* Adds the rounds of one seed to `r`; `change` (may be NULL) sets other parameters. */
void trees_run(const struct trees_scenario *s, uint64_t seed,
	void (*change)(struct net_config *), struct trees_result *r);
/* From sums to means. */
void trees_finish(struct trees_result *r, unsigned seeds);

#endif
