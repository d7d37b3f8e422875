/* SPDX-License-Identifier: MIT */
#ifndef NODE_SYNC_H
#define NODE_SYNC_H

#include "node/meshes.h"
#include "quic/event.h"

/*
 * SYNC (PROTOCOL.md 5, tag 13): a node that has just found its first neighbor asks it for
 * the signed digests of all live nodes, so that its directory is complete within a round
 * trip.
 */
#define SYNC_RETRY SECONDS(2)
/* An answer may be a megabyte for a question of 30 bytes: one link gets so many. */
#define SYNC_SERVE_EVERY SECONDS(1)

void sync_ask(struct node *n, struct membership *m, const struct peer_id *peer,
	uint64_t now_ns);
/* Answers a request; the stream is ended in any case. */
void sync_serve(struct node *n, const struct quic_event *ev, uint64_t now_ns);
/* Takes a response frame. */
void sync_take(struct node *n, const struct quic_event *ev, uint64_t now_ns);

#endif
