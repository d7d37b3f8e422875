/* SPDX-License-Identifier: MIT */
#ifndef NODE_HANDLERS_H
#define NODE_HANDLERS_H

#include "node/links.h"
#include "node/meshes.h"

struct node;

/* What follows from what links bring. */
void handlers_link(struct node *n, const struct link_event *ev, uint64_t now_ns);

/*
 * Handles calm gossip. It comes in one packet with what is in a hurry, and in front of
 * it: checking its signatures first held up each hop of a broadcast by half a
 * millisecond. So it waits until packets have left, but not longer than for a word of
 * membership or the end of a link, which it must not follow.
 */
void handlers_calm(struct node *n, uint64_t now_ns);

/*
 * What gossip delivered is for the directory when packets have left, because checking its
 * signature takes as long as all else that a hop does; and before anything else that a
 * peer says or does. handlers_say is asked to keep it; false: it has to be applied now.
 */
bool handlers_say(struct node *n, const struct membership *m, struct view payload,
	uint64_t now_ns);
void handlers_said(struct node *n, uint64_t now_ns);

#endif
