/* SPDX-License-Identifier: MIT */
#ifndef MESH_LIVENESS_H
#define MESH_LIVENESS_H

#include "mesh/directory_table.h"

/*
 * What a node is, by its digests, its accusers and the clock (PROTOCOL.md 6). Inside of
 * the directory; only src/mesh includes this.
 *
 * live -> suspect: 8 s of silence, or an accusation. suspect -> gone: 30 s of silence,
 * or enough accusers and 2 s since the first of them. gone, left -> removed: after 60 s.
 * Anything -> live or left: a newer digest.
 *
 * But for one: a digest that only says that its sender goes on may be older than an
 * accusation that overtook it, because it waits on each hop and accusations do not. It is
 * no answer, for DIRECTORY_UNDERWAY; an answer leaves out a number. And an accusation may
 * speak of the one before such a digest. Else one killed just after its digest was sent
 * was suspect, live again by that digest, and then gone after 30 s only, because those
 * who had noticed had said so already.
 */

/*
 * A newer digest is in the slot (and the slot is not counted): clears the accusations
 * that it answers, sets live or left, counts, arms the timer.
 */
enum liveness_news {
	LIVENESS_NEW,
	LIVENESS_RESTARTED,
	LIVENESS_AGAIN,
	LIVENESS_ROUTINE	/* AGAIN, with the next number and nothing else new */
};
void liveness_heard(struct directory *d, struct directory_slot *s,
	enum liveness_news news,
	uint64_t now_ns);
/*
 * A verified accusation. ERR_UNKNOWN, ERR_STATE, ERR_PERMISSION, ERR_STALE,
 * ERR_ARGUMENT.
 */
int liveness_accuse(struct directory *d, const struct accusation *a, uint64_t now_ns);
/* Does everything that is due. */
void liveness_advance(struct directory *d, uint64_t now_ns);
/* Removes an entry that is gone or left, and notes it. */
void liveness_drop(struct directory *d, struct directory_slot *s, uint64_t now_ns);
/* Moves all silence limits by `gap_ns`. */
void liveness_excuse(struct directory *d, uint64_t gap_ns);

#endif
