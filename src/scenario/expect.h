/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_EXPECT_H
#define SCENARIO_EXPECT_H

#include <stdbool.h>

#include "wire/lifeline.h"

/*
 * What a scenario can expect of the nodes, judged from the views that the nodes
 * themselves gave and from nothing else.
 */
/* One node that exists, and what it last said. */
struct expect_node {
	const char *mesh, *type;
	unsigned number;	/* of its type in its mesh, from 1 */
	const char *name;
	struct peer_id id;
	/* NULL: no answer to a question that counts yet. */
	const struct lifeline_view *view;
};

/* The first thing in a view that is not as it should be. */
struct expect_complaint {
	enum expect_complaint_kind {
		COMPLAINT_NONE,
		COMPLAINT_NOT_LIVE, /* a node of its mesh is there, but not live */
		COMPLAINT_MISSING, /* a node of its mesh is not there */
		COMPLAINT_FOREIGN, /* somebody is live there who is not in its mesh */
	} kind;
	size_t subject;		/* which node; `count` for a stranger */
	struct peer_id id;
	uint8_t liveness;	/* NOT_LIVE, FOREIGN */
	uint32_t age_ms;
};

/*
 * Nodes that are gone or have left may still be named as such by a view: that is no
 * complaint.
 */
void expect_check_view(const struct expect_node *nodes, size_t count, size_t witness,
	struct expect_complaint *c);
/* "does not list mesh1.broker.239dc9", "sees mesh1.broker.239dc9 as suspect", ... */
#define EXPECT_TEXT_CAP 240
char *expect_complaint_text(const struct expect_node *nodes, size_t count,
	const struct expect_complaint *c, char to[static EXPECT_TEXT_CAP]);

struct expect_result {
	bool met;
	size_t answered;	/* nodes whose view is there */
	size_t agree;		/* views without a complaint */
	size_t edges;		/* links that both ends report */
	size_t half_edges;	/* reported by one end only */
	size_t components;	/* of all overlays together; one for each mesh is right */
	char why[EXPECT_TEXT_CAP];	/* the first thing that is missing, "" when met */
};
/* Nothing converges when there are no nodes: then it is not met. */
void expect_converged(
	const struct expect_node *nodes, size_t count, struct expect_result *r);

#endif
