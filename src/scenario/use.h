/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_USE_H
#define SCENARIO_USE_H

#include <stdbool.h>

#include "scenario/claim.h"
#include "wire/lifeline.h"

/*
 * What a node uses, by its own word: memory, descriptors, objects of each class, alerts
 * of itself. The baseline is what it used BASELINE_AFTER after it was ready, or when a
 * step said so; what has grown is counted from there.
 */
#define BASELINE_AFTER SECONDS(5)

struct use_baseline {
	bool known;
	uint32_t memory_kib, descriptors, live[MEM_CLASSES];
};
void use_take_baseline(struct use_baseline *b, const struct lifeline_view *v);

/* Whether a metric is one of these, and how the nodes' values make one: a sum or the
 * most. */
bool use_is(enum claim_metric m);
bool use_is_sum(enum claim_metric m);
/*
 * Of one node, in the unit of the claim's value (claim.h). False: not known yet.
 * lag_ms: the latest its loop was.
 */
bool use_value(enum claim_metric m, const struct use_baseline *b,
	const struct lifeline_view *v, uint32_t lag_ms, int64_t *value);

#endif
