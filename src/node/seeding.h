/* SPDX-License-Identifier: MIT */
#ifndef NODE_SEEDING_H
#define NODE_SEEDING_H

#include "node/links.h"
#include "node/meshes.h"

/*
 * Where to look for peers, and when. A mesh without a neighbor looks at once and for
 * ever; one with neighbors contacts, every 30 s or so, a seed or remembered peer that is
 * not alive in its directory, because HyParView alone does not heal a mesh that was cut
 * in two (PROTOCOL.md 4).
 *
 * A young mesh is easily cut: until shuffles have filled the passive views, nodes may
 * know of each other only by a common seed, and its death leaves islands that have never
 * met. But all know each other's addresses by their digests. So whoever has few
 * neighbors asks one live node of its directory each second to take it in, and silence
 * without an accuser is looked into at once.
 */
#define SEEDING_AT_ONCE 3	/* contacts tried at the same time while alone */
#define SEEDING_FEW 3		/* less than half an active view of 5 */
#define SEEDING_WIDEN_EVERY SECONDS(1)
#define SEEDING_MISSED_WAIT SECONDS(1)	/* +-20 %: a whole mesh may miss the same node */

uint64_t seeding_deadline(const struct node *n);
void seeding_tick(struct node *n, uint64_t now_ns);
/* A link came up: what waits for this peer joins through it. */
void seeding_linked(struct node *n, const struct link *k, uint64_t now_ns);
/* A node of this mesh appeared: it is a place to look at later. */
void seeding_met(struct node *n, const struct membership *m,
	const struct directory_entry *e,
	uint64_t now_ns);
/* A node fell silent and nobody accused it: the mesh may be cut. */
void seeding_missed(struct node *n, struct membership *m, uint64_t now_ns);
void seeding_failed(struct node *n, const struct peer_id *peer, uint64_t now_ns);

#endif
