/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_ATTEMPT_H
#define SCENARIO_ATTEMPT_H

#include "scenario/measure.h"
#include "scenario/plan.h"

/*
 * A fault of the plan carried out on the nodes of a run: guards are asked again, a trial
 * is held, its orders go to the supervisor, and what came of it goes into the report.
 */
struct attempt;

struct attempt_context {
	const struct plan *plan;
	struct members *members;
	struct supervisor *supervisor;
	struct report *report;
	const struct report_soak *resume;	/* of an earlier run, or NULL */
	const struct scenario_claims
		*steady; /* NULL: nothing is asked before and after */
	const struct scenario_claims *during;	/* NULL */
};

struct attempt *attempt_new(
	const struct attempt_context *c, const struct plan_fault *f, uint64_t now_ns);
void attempt_free(struct attempt *a);	/* accepts NULL */
/* True when it is over: then attempt_record has the result. */
bool attempt_tick(struct attempt *a, uint64_t now_ns);
/* Adds whom the members have to look after. */
void attempt_probes(const struct attempt *a);
/* The fault is taken off, and the record says that it was not seen to its end. */
void attempt_cancel(struct attempt *a, const char *why, uint64_t now_ns);
uint64_t attempt_deadline(const struct attempt *a);
/* Whether the end of this member is what the fault is about. */
bool attempt_is_target(const struct attempt *a, size_t member);
/* The place of its result in report->faults. */
size_t attempt_record(const struct attempt *a);
/* "waiting for an effect", for those who watch. */
const char *attempt_phase(const struct attempt *a);

#endif
