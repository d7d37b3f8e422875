/* SPDX-License-Identifier: MIT */
#ifndef NODE_UPKEEP_H
#define NODE_UPKEEP_H

#include "node/links.h"

struct node;

/*
 * Watching neighbors and closing links that nobody uses. The timer of a link fires when
 * the watch has something to do or when it may be idle: about once in 3 s for a neighbor
 * that talks.
 */
#define UPKEEP_UNUSED SECONDS(10)

/* A link came up: when there are too many, it or a less useful one goes. */
void upkeep_make_room(struct node *n, struct link *k, uint64_t now_ns);
void upkeep_tick(struct node *n, uint64_t now_ns);
/* PING and PONG. */
void upkeep_frame(struct node *n, struct link *k, uint8_t tag, struct view payload,
	uint64_t now_ns);
/* A PING, whose PONG is an answer. */
void upkeep_ask(struct node *n, struct link *k, uint64_t now_ns);
/*
 * Somebody wants to know how this peer is: a link is made or kept, and it is sent a PING.
 * A peer that cannot be reached is tried again with each call.
 */
void upkeep_probe(struct node *n, const struct peer_id *peer, uint64_t now_ns);
/* Nobody listens at `remote`, says the kernel. */
void upkeep_hint(struct node *n, const struct address *remote, uint64_t now_ns);
/*
 * Somebody accuses this peer: if it is our neighbor we ask it ourselves, now. A second
 * word decides, and a link that is only told of digests may be silent for seconds.
 */
void upkeep_doubt(struct node *n, const struct peer_id *peer, uint64_t now_ns);
/* A link ended: who is to be accused, and which seeds are looked for again. */
void upkeep_lost(struct node *n, const struct link_event *ev, uint64_t now_ns);

#endif
