/* SPDX-License-Identifier: MIT */
#ifndef GOSSIP_HYPARVIEW_H
#define GOSSIP_HYPARVIEW_H

#include "gossip/views.h"

/*
 * HyParView (Leitao, Pereira, Rodrigues, DSN 2007) by the event table of PROTOCOL.md 4:
 * which event changes the views how. Changes of the active view are told as
 * GOSSIP_OUT_NEIGHBOR; topic.c passes them on to Plumtree.
 *
 * Where it goes beyond the table:
 * - A Neighbor from a peer that is active already and owes us nothing is answered once
 *   while it is active. Always would play ping-pong, never would leave half a link.
 * - A request without an answer in time is taken back by a Disconnect.
 * - The first Shuffle comes about a second after the first neighbor, then at doubling
 *   intervals up to the set one, so that small meshes know each other early.
 * - A Shuffle that ends here is answered only if the origin is a neighbor, or if the
 *   exchange has news. An idle small mesh opens no connections for it.
 * - Requests are bounded for each round of refilling, and a node with less than half a
 *   view asks one peer with High (views_refill).
 */
struct hyparview {
	struct views views;
	struct gossip_timer shuffle;
	uint64_t interval_ns; /* of the next Shuffle; grows to shuffle_ns */
};

void hyparview_init(struct hyparview *h, const struct gossip_config *c);
void hyparview_fini(struct hyparview *h, struct heap *timers);

void hyparview_join(
	struct hyparview *h, struct gossip_ctx *x, const struct peer_id *contact);
/* Takes the Swarm kinds of messages; `from` is not ourselves. */
void hyparview_message(struct hyparview *h, struct gossip_ctx *x,
	const struct peer_id *from, const struct gossip_msg *m);
void hyparview_lost(
	struct hyparview *h, struct gossip_ctx *x, const struct peer_id *peer);
/* The peer turned out to be an observer: it leaves every view. */
void hyparview_expel(
	struct hyparview *h, struct gossip_ctx *x, const struct peer_id *peer);
void hyparview_timer(struct hyparview *h, struct gossip_ctx *x, struct gossip_timer *t);
void hyparview_quit(struct hyparview *h, struct gossip_ctx *x);

#endif
