/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_SOAK_H
#define SCENARIO_SOAK_H

#include "scenario/attempt.h"
#include "scenario/report.h"

/*
 * A soak under way: faults begin as the plan's schedule says, several at once; killed
 * nodes are replaced by new ones of their type and mesh; every so many faults it waits
 * until all are over and the invariants hold, and the schedule waits with it.
 */
#define SOAK_ACTIVE_MAX 64
#define SOAK_QUIET_MAX SECONDS(120)	/* for invariants, once all faults are over */

struct soak;

/* `index`: of the step in the scenario of the plan. */
struct soak *soak_new(const struct attempt_context *c, size_t index, uint64_t now_ns);
void soak_free(struct soak *s, uint64_t now_ns);	/* accepts NULL */
/* True when it is over and `out` has its verdict. */
bool soak_tick(struct soak *s, struct report_step *out, uint64_t now_ns);
void soak_probes(const struct soak *s);
uint64_t soak_deadline(const struct soak *s);
void soak_progress(const struct soak *s, char *to, size_t cap);

#endif
