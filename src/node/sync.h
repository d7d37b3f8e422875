/* SPDX-License-Identifier: MIT */
#ifndef NODE_SYNC_H
#define NODE_SYNC_H

#include "node/meshes.h"
#include "node/serve.h"

/*
 * SYNC (PROTOCOL.md 5, tag 13): a node that has just found its first neighbor asks it for
 * the signed digests of all live nodes, so that its directory is complete within a round
 * trip. For the mesh "" a node of the backbone answers with the summaries of all meshes
 * that it hears.
 */
#define SYNC_RETRY SECONDS(2)
/* An answer may be a megabyte for a question of 30 bytes: one link gets so many. */
#define SYNC_SERVE_EVERY SECONDS(1)

void sync_ask(struct node *n, struct membership *m, const struct peer_id *peer,
	uint64_t now_ns);
/* The handler of it: answers at once, or refuses. */
void sync_serve(struct node *n, struct serving *s, struct view body, uint64_t now_ns);

#endif
