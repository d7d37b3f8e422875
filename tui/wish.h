/* SPDX-License-Identifier: MIT */
#ifndef TUI_WISH_H
#define TUI_WISH_H

#include "chaos/guards.h"
#include "tui/model.h"
#include "tui/prompt.h"

/*
 * From what a person types about a fault to what is ordered: a form, what it says, what
 * the guards say of that, and a question with all of it.
 */
#define WISH_WHY_CAP GUARDS_WHY_CAP

/* Opens the form; `selected`, if it is a node of ours, is its first target. */
void wish_form(struct prompt *p, unsigned purpose, enum primitive primitive,
	const struct model *m, const struct peer_id *selected);
/*
 * What stands in the form. Targets are parts of names ("239dc9", "mesh1.broker", "*"),
 * which stand for all nodes of this console that have them, and "random" or "random:3"
 * for so many others of the same mesh. ERR_MALFORMED with the field in *field.
 */
int wish_read(struct model_wish *w, const struct prompt *p, enum primitive primitive,
	const struct model *m, size_t *field, char why[static WISH_WHY_CAP]);
/*
 * As many nodes of one mesh as this primitive wants, chosen by the seed, with all else as
 * the catalog has it. ERR_MALFORMED with the reason: there are not so many.
 */
int wish_random(struct model_wish *w, enum primitive primitive,
	const struct child_row *const *rows, size_t row_count, uint64_t seed,
	char why[static WISH_WHY_CAP]);
/* What the guards say: ERR_OK, ERR_REFUSED; ERR_STATE: a target is not there. */
int wish_check(const struct model_wish *w, const struct child_row *const *rows,
	size_t row_count, const struct model_fault *const *faults, size_t fault_count,
	struct guards_margin *margin, char why[static WISH_WHY_CAP]);
/* The same among all that can be told from this console. */
int wish_allowed(const struct model_wish *w, const struct model *m,
	struct guards_margin *margin, char why[static WISH_WHY_CAP]);
/* "slow-link on mesh1.broker.239dc9 for 15s, delay 100ms. 1 of 18 ..." */
char *wish_text(char *to, size_t cap, const struct model_wish *w, const struct model *m,
	const struct guards_margin *margin);

#endif
