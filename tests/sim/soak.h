/* SPDX-License-Identifier: MIT */
#ifndef SIM_SOAK_H
#define SIM_SOAK_H

#include "tests/sim/runs.h"

/*
 * Ten minutes of faults on a mesh of 8 to 16 whole nodes in virtual time. What is done to
 * whom, when and for how long is the production plan of a soak (scenario/plan) with this
 * seed, over all primitives but sham; what is ordered is what a runner orders
 * (chaos/orders), and the fault plane of the nodes does it. Killed nodes are replaced.
 * After every fifth fault it waits until all are over, and then everything has to be in
 * order within two minutes. The network is as bad as the seed says, and so are clocks.
 */
#define SOAK_TIME SECONDS(600)

struct soak_figures {
	uint64_t faults[16];	/* begun, by primitive */
	uint64_t skipped, checks, deliveries, suspected, gone, neighbors_lost, impaired;
	uint64_t quiet_max_ns;	/* from the end of the last fault to order */
};

/* The history, or 0 and why; adds to `figures`, which may be NULL. */
uint64_t soak_run_with(uint64_t seed, struct soak_figures *figures, char *why);
uint64_t soak_run(uint64_t seed, char *why);

#endif
