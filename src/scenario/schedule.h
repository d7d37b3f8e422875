/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_SCHEDULE_H
#define SCENARIO_SCHEDULE_H

#include "base/rng.h"
#include "scenario/plan.h"

/* The schedule of a soak: which fault begins when, by the weights and the seed. */
void schedule_make(struct plan *p, size_t step, struct rng *rng);

/*
 * What plan.c gives it: all nodes up and free; a choice of targets within the guards (0
 * or ERR_REFUSED); one more fault.
 */
void plan_state(const struct plan *p, struct guards_node *to);
int plan_choose(const struct plan *p, const struct scenario_fault *f,
	const struct guards_node *state, struct rng *rng, struct plan_fault *to,
	char why[static GUARDS_WHY_CAP]);
void plan_put(struct plan *p, const struct plan_fault *f);

#endif
