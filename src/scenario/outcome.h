/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_OUTCOME_H
#define SCENARIO_OUTCOME_H

#include "scenario/plan.h"
#include "scenario/report.h"

/* What became of one fault, as a report keeps it: result, times, witnesses, evidence. */

/* A new record in r->faults: its index. */
size_t outcome_begin(struct report *r, const struct plan *p, const struct plan_fault *f,
	uint64_t now_ns);
void outcome_target(struct report_fault *to, const char *name);
/* Copies the result, who saw what, and the evidence. `r` may be NULL: nothing began. */
void outcome_take(struct report_fault *to, const struct trial *t,
	const struct judge_result *r, const struct trial_node *nodes, size_t count);
void outcome_fini(struct report_fault *f);

/* The verdict once more, from the evidence alone. */
void outcome_replay(const struct report_fault *f, struct judge_result *to);

/* How long it took to be seen, or to be well again, over all of a primitive that passed.
 */
struct outcome_series {
	size_t count;
	uint64_t p50_ns, p95_ns, max_ns;
	bool all_zero;		/* count > 0, and not one that took any time */
};
void outcome_series(const struct report *r, enum primitive p, bool recovery,
	struct outcome_series *to);
/* A primitive whose latencies are all zero, or PRIMITIVES: detectors that ask nobody. */
enum primitive outcome_zero_series(const struct report *r);

#endif
