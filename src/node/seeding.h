/* SPDX-License-Identifier: MIT */
#ifndef NODE_SEEDING_H
#define NODE_SEEDING_H

#include "node/links.h"
#include "node/meshes.h"

/*
 * Where to look for peers, and when. A mesh without a neighbor looks at once and for ever; one
 * with neighbors contacts, every 30 s or so, a seed or remembered peer that is not alive in its
 * directory, because HyParView alone does not heal a mesh that was cut in two (PROTOCOL.md 4).
 */
#define SEEDING_AT_ONCE 3	/* contacts tried at the same time while alone */

uint64_t seeding_deadline(const struct node *n);
void seeding_tick(struct node *n, uint64_t now_ns);
/* A link came up: what waits for this peer joins through it. */
void seeding_linked(struct node *n, const struct link *k, uint64_t now_ns);
void seeding_failed(struct node *n, const struct peer_id *peer, uint64_t now_ns);

#endif
