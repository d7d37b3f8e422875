/* SPDX-License-Identifier: MIT */
#ifndef APP_TRIALS_H
#define APP_TRIALS_H

#include "app/bystanders.h"
#include "app/fleet.h"
#include "chaos/guards.h"
#include "tui/model_fault.h"

/*
 * Faults that a person at the console puts on its own nodes, and on those of others that
 * obey it. Each is a trial of its own
 * (chaos/trial.h): ordered over the lifelines, judged by what the other nodes of the mesh
 * answer when they are asked, and over when they saw it end.
 */
#define TRIALS_AT_ONCE 8
#define TRIALS_WHY_CAP GUARDS_WHY_CAP

struct trials;

/* others: nodes that were not started here, or NULL. */
struct trials *trials_new(struct fleet *f, struct bystanders *others);
void trials_free(struct trials *t);	/* accepts NULL */

/* The guards are asked again: ERR_REFUSED, ERR_STATE; ERR_LIMIT: too many at once. */
int trials_begin(struct trials *t, const struct model_wish *w, uint64_t now_ns,
	char why[static TRIALS_WHY_CAP]);
/* Ends this one now; it goes on until that was seen. ERR_UNKNOWN: it is over. */
int trials_revert(struct trials *t, unsigned number, uint64_t now_ns);
/* Ends all of them, and how many that were. */
size_t trials_halt(struct trials *t, uint64_t now_ns);

/* Whom a fault can be put on: rows of our own, and of others. How many. */
#define TRIALS_TARGETS_MAX (CHILDREN_ROWS_MAX + ATTACHED_NODES_MAX)
size_t trials_targets(
	const struct trials *t, const struct child_row **to, size_t cap);
/* None is under way. */
bool trials_quiet(const struct trials *t);

/* After every fact about a child, and when trials_deadline has come. */
void trials_tick(struct trials *t, uint64_t now_ns);
uint64_t trials_deadline(const struct trials *t);
/* The end of this child was ordered by a fault. */
bool trials_meant(const struct trials *t, unsigned child);

/* The newest first. Valid until the next call. */
const struct model_fault *const *trials_rows(struct trials *t, size_t *count);

#endif
