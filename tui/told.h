/* SPDX-License-Identifier: MIT */
#ifndef TUI_TOLD_H
#define TUI_TOLD_H

#include "tui/canvas.h"
#include "tui/model.h"

/*
 * What this console has told nodes to do badly, as a mark beside their names. It is an
 * order and no evidence: what the mesh noticed of it stands in every other figure.
 */

/* The fault that is on this node by our order now; NULL before it began and after it. */
const struct model_fault *told_find(const struct model *m, const struct peer_id *id);
/* How many nodes have one. */
size_t told_count(const struct model *m);
/*
 * Whether one of them cuts these two apart, who are of one mesh. Also while a link flaps.
 */
bool told_cut(const struct model *m, const struct peer_id *a, const struct peer_id *b);
/* The same, and there are just these two: not a group and the rest of its mesh. */
bool told_cut_pair(const struct model *m, const struct peer_id *a,
	const struct peer_id *b);
/* Whether any of them cuts any two. */
bool told_cuts(const struct model *m);
/* "partition-pair, 12s left". Returns `to`; cap > 0. */
char *told_text(char *to, size_t cap, const struct model_fault *f, uint64_t now_ns);
/* Puts the mark into this cell when there is such a fault. */
void told_mark(
	struct canvas *c, int x, int y, const struct model *m, const struct peer_id *id);

#endif
