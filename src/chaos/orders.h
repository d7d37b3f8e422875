/* SPDX-License-Identifier: MIT */
#ifndef CHAOS_ORDERS_H
#define CHAOS_ORDERS_H

#include "base/rng.h"
#include "chaos/trial.h"

/* What a primitive is to the nodes that have to do it: orders of wire/fault.h. */

/* How many of its targets are told: of a pair the first. */
size_t orders_count(const struct trial_spec *s);
/* The order for target k. Ids and nonces come from the rng. */
void orders_inject(struct fault_order *o, const struct trial_spec *s, size_t node_count,
	const struct trial_node *nodes, size_t k, struct rng *rng);
void orders_revert(struct fault_order *o, const struct fault_id *id, struct rng *rng);

#endif
