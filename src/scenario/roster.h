/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_ROSTER_H
#define SCENARIO_ROSTER_H

#include "scenario/scenario.h"

/*
 * The nodes that a scenario with `attach` finds. What the file says of its meshes is an
 * expectation; what is there takes its place, sorted by mesh as in the file, then by type
 * and by id, so that the same nodes and the same seed give the same plan.
 */
#define ROSTER_WHY_CAP 240

/*
 * Whether all is there that the file wants. False with the first thing that is not:
 * "mesh1 has 2 broker, the file wants at least 3".
 */
bool roster_is_enough(const struct scenario *s, const struct scenario_place *nodes,
	size_t count, char why[static ROSTER_WHY_CAP]);
/*
 * Puts the nodes into the scenario, those of meshes that the file does not name left out.
 * Once. ERR_LIMIT with a reason: more types than a scenario may have.
 */
int roster_take(struct scenario *s, const struct scenario_place *nodes, size_t count,
	char why[static ROSTER_WHY_CAP]);

#endif
