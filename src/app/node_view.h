/* SPDX-License-Identifier: MIT */
#ifndef APP_NODE_VIEW_H
#define APP_NODE_VIEW_H

#include "mesh/alerts.h"
#include "control/answer.h"
#include "mesh/timeline.h"
#include "node/node.h"
#include "wire/lifeline.h"

/* What a node says of itself and of what it sees, to those who ask. */

/* What the node itself does not know of its process. */
struct node_view_own {
	const struct timeline *timeline;
	const struct alerts *alerts;
	const struct span_set *spans;	/* its boot */
	const struct control_exports *exports;	/* or NULL */
	uint64_t now_ns;
	uint64_t turned_ns; /* when the loop last turned: io/node_driver */
	uint64_t boot_ns;   /* how long the boot took */
};

/* Answer to a request on the control socket; from malloc. */
char *node_view_answer(struct node *n, const char *line, size_t len,
	const struct node_view_own *own);

/* What the node tells, and what its process uses now. v->nodes is to be freed. */
void node_view_tell(
	struct node *n, struct lifeline_view *v, uint64_t ask, uint64_t now_ns);
/* What it may tell besides; NULL before they go. */
void node_view_show(struct node *n, const struct timeline *t, const struct alerts *a);

#endif
