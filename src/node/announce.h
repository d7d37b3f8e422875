/* SPDX-License-Identifier: MIT */
#ifndef NODE_ANNOUNCE_H
#define NODE_ANNOUNCE_H

#include "node/meshes.h"

/*
 * Our own digest: every 2 s +-10 %, and at once when the neighbors or a flag changed, but
 * at most every 200 ms. Above 250 nodes the interval grows with the directory
 * (PROTOCOL.md 6).
 */
#define ANNOUNCE_EVERY SECONDS(2)
#define ANNOUNCE_GAP MILLISECONDS(200)
#define ANNOUNCE_FLAT_NODES 250

void announce_soon(struct node *n, struct membership *m, uint64_t now_ns);
/* Without the gap: we were accused and must answer. */
void announce_now(struct membership *m, uint64_t now_ns);
/*
 * Broadcasts a digest with these extra flags, applies it to our own directory, sets the
 * next.
 */
void announce(struct node *n, struct membership *m, uint16_t flags, uint64_t now_ns);
/*
 * Broadcasts that `peer` does not answer, unless our own loop was late (PROTOCOL.md 6).
 */
void announce_accusation(struct node *n, const struct peer_id *peer,
	enum accusation_reason reason, uint64_t now_ns);

#endif
