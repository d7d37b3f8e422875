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

/* A limit that is right for digests every 2 s, for the interval of this node. */
uint64_t announce_scaled(const struct node *n, uint64_t limit_ns);
void announce_soon(struct node *n, struct membership *m, uint64_t now_ns);
/*
 * We were accused and must answer: at once, and with a digest that is newer than what the
 * accuser spoke of, because one that he seems to know is no answer. Of many accusations
 * every ANNOUNCE_ANSWER_GAP has one answer.
 */
#define ANNOUNCE_ANSWER_GAP MILLISECONDS(50)
#define ANNOUNCE_SEQ_AHEAD 64	/* nobody honest knows digests that far ahead */
void announce_answer(const struct node *n, struct membership *m,
	const struct accusation *by, uint64_t now_ns);
/*
 * Broadcasts a digest with these extra flags, applies it to our own directory, sets the
 * next.
 */
void announce(struct node *n, struct membership *m, uint16_t flags, uint64_t now_ns);
/*
 * Broadcasts that `peer` does not answer, unless our own loop was late (PROTOCOL.md 6) or
 * it has been started again since: `incarnation` is that of the silent link, 0 unknown.
 */
void announce_accusation(struct node *n, const struct peer_id *peer, uint64_t incarnation,
	enum accusation_reason reason, uint64_t now_ns);

#endif
