/* SPDX-License-Identifier: MIT */
#ifndef GOSSIP_OUTBOX_H
#define GOSSIP_OUTBOX_H

#include "gossip/gossip.h"
#include "wire/gossip_msg.h"

/*
 * The writing side of an outbox, for gossip itself; readers have gossip.h. Bytes are
 * copied. Past GOSSIP_OUTBOX_MAX entries messages are dropped and counted (gossip
 * survives lost messages); the other kinds are few and always kept, because a lost timer
 * would be a leak.
 */
void outbox_send(
	struct outbox *o, const struct peer_id *peer, const struct gossip_msg *m);
void outbox_send_calm(
	struct outbox *o, const struct peer_id *peer, const struct gossip_msg *m);
enum outbox_haste { OUTBOX_SOON, OUTBOX_CALM, OUTBOX_BULK };
void outbox_send_payload(struct outbox *o, const struct peer_id *peer,
	const struct gossip_msg *m, enum outbox_haste haste);
void outbox_hang_up(struct outbox *o, const struct peer_id *peer);
void outbox_timer(struct outbox *o, uint64_t timer, uint64_t due_ns);
void outbox_neighbor(
	struct outbox *o, const struct peer_id *peer, enum neighbor_change change);
void outbox_deliver(
	struct outbox *o, const struct peer_id *from, struct view content, uint16_t hops);
void outbox_peer_data(struct outbox *o, const struct peer_id *peer, struct view data);
uint64_t outbox_dropped(const struct outbox *o);

/* Messages that more than one module sends. `data` with len 0 is sent as None. */
void outbox_send_neighbor(struct outbox *o, const struct peer_id *peer,
	enum gossip_priority priority, struct view data);
void outbox_send_disconnect(struct outbox *o, const struct peer_id *peer, bool alive);

#endif
