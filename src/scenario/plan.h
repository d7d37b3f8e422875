/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_PLAN_H
#define SCENARIO_PLAN_H

#include "base/buf.h"
#include "chaos/trial.h"
#include "scenario/scenario.h"

/*
 * What a run will do, with every choice made: who, what, when, for how long. It follows
 * from the scenario and the seed alone, and the runner does what stands in it. Nodes are
 * numbered as in the file; that is their name before they have one: "mesh1.broker#2".
 */
#define PLAN_FAULTS_MAX 100000	/* a day at a cadence of 1 s */

struct plan_node {
	const char *mesh, *type;
	char name[NAME_LEN_MAX + 1];	/* with a roster the real one */
	unsigned number;
	bool seed;		/* the first of its mesh */
	bool later;		/* not before a spawn step */
};

struct plan_fault {
	size_t step;
	uint64_t at_ns;		/* SOAK: since the step began */
	bool skipped;		/* SOAK: nobody was free, or guards said no */
	struct trial_spec spec;
	struct guards_margin margin;
};

struct plan {
	const struct scenario *scenario;
	uint64_t seed;
	struct plan_node *nodes;
	size_t node_count;
	struct plan_fault *faults;	/* in order of steps and times */
	size_t fault_count;
	/* By step: its first fault, and how many. */
	size_t *first, *count;
	char hash[65];			/* of what plan_print says, BLAKE3 in hex */
};

/* NULL, with the reason in `why`, when the guards leave no choice. */
#define PLAN_WHY_CAP 400
struct plan *plan_make(
	const struct scenario *s, uint64_t seed, char why[static PLAN_WHY_CAP]);
void plan_free(struct plan *p);	/* accepts NULL */

/* Each step, each fault with its targets, times and margin, and the hash. */
void plan_print(const struct plan *p, struct buf *to);
/* "lossy-link on mesh1.broker#2 for 30s, loss 10%". */
#define PLAN_TEXT_CAP 400
char *plan_fault_text(const struct plan *p, const struct plan_fault *f,
	char to[static PLAN_TEXT_CAP]);

#endif
