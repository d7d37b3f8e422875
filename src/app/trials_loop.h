/* SPDX-License-Identifier: MIT */
#ifndef APP_TRIALS_LOOP_H
#define APP_TRIALS_LOOP_H

#include "base/rng.h"
#include "supervisor/supervisor.h"
#include "tui/model_fault.h"

/*
 * A loop of faults at the console: after each cadence one primitive of those a person
 * allowed, on nodes that a seed chooses. It only says what should be done next; whether
 * that may be is decided by the guards, when it is begun (trials.h). Pure: the same seed,
 * children and times give the same faults.
 */
struct trials_loop {
	struct model_loop shown;
	struct rng rng;
};

/*
 * The first fault is due at once. cadence_ns >= MODEL_LOOP_CADENCE_MIN, primitives not 0.
 */
void trials_loop_start(
	struct trials_loop *l, const struct model_loop_wish *w, uint64_t now_ns);
/* True when it was on. What it counted stays until the next start. */
bool trials_loop_stop(struct trials_loop *l);
uint64_t trials_loop_deadline(const struct trials_loop *l);	/* NEVER: it is off */

/*
 * True when one is due: *w is to be tried, and trials_loop_count told how that went. One
 * for which there are not enough nodes counts as refused here. A late call does not make
 * up for what was missed.
 */
bool trials_loop_next(struct trials_loop *l, const struct child_row *const *rows,
	size_t row_count, uint64_t now_ns, struct model_wish *w);
/* err as of trials_begin; `why` when it is not 0. */
void trials_loop_count(struct trials_loop *l, int err, const char *why);

#endif
