/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_RUNNER_H
#define SCENARIO_RUNNER_H

#include "scenario/plan.h"
#include "scenario/report.h"

/*
 * A scenario under way. It starts and stops nodes by calls of the supervisor, asks them
 * what they see, and judges by their answers. It knows no process and no clock.
 */
struct runner;

#define RUNNER_AT_ONCE_MAX 64	/* steps of one parallel */

struct runner_config {
	const struct plan *plan; /* outlives the runner, with its scenario */
	const char *file;			/* for the report */
	const char *data_root; /* each node gets a folder of its own in it */
	uint64_t wall_ms;
	const struct report_soak *resume;	/* copied; NULL: from the beginning */
};

/* The supervisor is the runner's alone until it is done. runner_free accepts NULL. */
struct runner *runner_new(
	const struct runner_config *c, struct supervisor *s, uint64_t now_ns);
void runner_free(struct runner *r);

/* To be called after every fact about a child, and when runner_deadline has come. */
void runner_tick(struct runner *r, uint64_t now_ns);
uint64_t runner_deadline(const struct runner *r);

/*
 * Ends it now: the step under way becomes unproven with this reason, those after it are
 * not reached, and all nodes are stopped in order. A second call changes nothing.
 */
void runner_cancel(struct runner *r, const char *why, uint64_t now_ns);

/*
 * What became of the nodes after it was done, for the report: a sentence, and a verdict
 * that it cannot be better than.
 */
void runner_aftermath(struct runner *r, enum verdict v, const char *text);

/* True when every node has ended and the report is whole. */
bool runner_done(const struct runner *r);
const struct report *runner_report(const struct runner *r);
/*
 * The report as far as it goes: what is not over is unproven. For a look at a long run;
 * the run goes on.
 */
const struct report *runner_snapshot(struct runner *r, uint64_t now_ns);
/* One line about the step under way, for somebody who watches. */
void runner_progress(struct runner *r, char *to, size_t cap);

#endif
