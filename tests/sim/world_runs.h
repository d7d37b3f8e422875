/* SPDX-License-Identifier: MIT */
#ifndef SIM_WORLD_RUNS_H
#define SIM_WORLD_RUNS_H

#include "tests/sim/runs.h"

/*
 * Runs of whole nodes, as those of runs.h are of topics. A run gives the history of its
 * world, or 0 and says why.
 */
extern const struct run world_runs[];
extern const size_t world_runs_count;

/* NULL when no run is called that; of runs.h as well. */
const struct run *world_runs_find(const char *name);

#endif
