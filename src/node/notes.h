/* SPDX-License-Identifier: MIT */
#ifndef NODE_NOTES_H
#define NODE_NOTES_H

#include "mesh/directory.h"
#include "node/links.h"

/*
 * Changes of state as spans without a length (PROTOCOL.md 8): each is a trace of its own
 * in the span store, for watchers and exporters. Nothing changes in an idle mesh, so an
 * idle mesh makes none.
 */
struct node;

void notes_connected(struct node *n, const struct link *k, uint64_t now_ns);
void notes_disconnected(struct node *n, const struct link_event *ev, uint64_t now_ns);
/* delay_ns 0: it is given up, and probed slowly from now on. */
void notes_seed(struct node *n, const struct peer_id *peer, uint64_t attempts,
	uint64_t delay_ns, uint64_t now_ns);
/* What a tick of a directory has told. */
void notes_directory(struct node *n, const struct directory_change *changes, size_t count,
	uint64_t now_ns);
void notes_stalled(struct node *n, uint64_t gap_ns, uint64_t now_ns);

#endif
