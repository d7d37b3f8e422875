/* SPDX-License-Identifier: MIT */
#ifndef GOSSIP_VIEWS_H
#define GOSSIP_VIEWS_H

#include "base/idmap.h"
#include "base/limits.h"
#include "gossip/context.h"
#include "wire/gossip_msg.h"

/*
 * The partial views of HyParView and the elementary steps on them, each with its effects.
 * What to do on which event is hyparview.c. A peer is in at most one of active and
 * passive; pending peers may be passive too; what is known of a peer lives exactly as
 * long as it is in one of the sets here.
 */
struct views_pending {
	struct gossip_timer timer;
	struct peer_id peer;
	bool used;
};

struct views_join {
	struct gossip_timer timer;
	struct peer_id peer;
	unsigned tries;
	bool used;
};

enum views_asked { VIEWS_NOT_ASKED, VIEWS_ASKED_LOW, VIEWS_ASKED_HIGH };

/*
 * alive: heard of since its last loss, so that one loss is forgiven to a passive peer.
 * tried: how it was asked in this round of refilling. answered: it is active and got the
 * one answer to a Neighbor that we owed no answer to.
 */
struct views_peer {
	uint8_t data[GOSSIP_PEER_DATA_LEN_MAX];
	size_t data_len;
	bool alive, answered;
	enum views_asked tried;
	uint64_t evicted_ns; /* when we last evicted it; 0 never */
};

struct views {
	struct peerset active, passive;
	struct views_pending pending[GOSSIP_PENDING_MAX];
	struct views_join joins[GOSSIP_JOINS_MAX];
	size_t pending_count, join_count;
	size_t asks_left; /* requests in this round of refilling */
	struct idmap *peers;
	uint64_t evictions;
};

void views_init(struct views *v, size_t active_max, size_t passive_max);
void views_fini(struct views *v, struct heap *timers);

/*
 * Whether we evicted the peer so shortly ago that a Neighbor from it may be its answer to
 * what we sent before: it has not heard of its eviction.
 */
bool views_just_evicted(
	const struct views *v, const struct gossip_ctx *x, const struct peer_id *peer);
/* Whether the peer is active, pending or joining. */
bool views_needs(const struct views *v, const struct peer_id *peer);
/* NULL when the peer is in no set. */
struct views_peer *views_find(const struct views *v, const struct peer_id *peer);
/* Keeps what a message said of a peer, if the peer is in a set and it is news. */
void views_learn(struct views *v, struct gossip_ctx *x, const struct peer_id *peer,
	const struct gossip_peer_data *data);
/* Marks a passive peer as alive. */
void views_heard(struct views *v, const struct peer_id *peer);

/* The peer is not active and not ourselves. Evicts a random one when the view is full. */
void views_add_active(struct views *v, struct gossip_ctx *x, const struct peer_id *peer,
	const struct gossip_peer_data *data);
/* False when it was not active. */
bool views_remove_active(struct views *v, struct gossip_ctx *x,
	const struct peer_id *peer, enum neighbor_change change, bool to_passive);
/* True when the peer is new to the view. Evicts a random one when that is full. */
bool views_add_passive(struct views *v, struct gossip_ctx *x, const struct peer_id *peer,
	const struct gossip_peer_data *data);
void views_remove_passive(struct views *v, const struct peer_id *peer);

/* Sends a request (Neighbor; a Join if we observe) and waits for the answer. */
void views_request(struct views *v, struct gossip_ctx *x, const struct peer_id *peer,
	enum gossip_priority priority);
bool views_is_pending(const struct views *v, const struct peer_id *peer);
bool views_clear_pending(
	struct views *v, struct gossip_ctx *x, const struct peer_id *peer);
struct views_join *views_find_join(struct views *v, const struct peer_id *peer);
/* NULL when there is no room. */
struct views_join *views_add_join(struct views *v, const struct peer_id *peer);
bool views_clear_join(struct views *v, struct gossip_ctx *x, const struct peer_id *peer);

/*
 * Asks passive peers until the active view could be full. Each is asked once a round.
 * Where that leaves us with less than half a view (all others are full), one is asked
 * with High after all: it evicts somebody, who finds a free slot with us.
 */
void views_refill(struct views *v, struct gossip_ctx *x);
void views_new_round(struct views *v);
bool views_is_poor(const struct views *v); /* less than half full */

/*
 * Appends random known peers to `nodes` (of GOSSIP_NODES_MAX): at most `active` active
 * and `passive` passive ones, topped up from the other view where one is short, none of
 * `except`, as far as a message has room.
 */
void views_pick_nodes(const struct views *v, struct gossip_ctx *x, struct rng *rng,
	const struct peer_id *except, size_t except_count, size_t active, size_t passive,
	struct gossip_peer_info *nodes, size_t *count);
/* Up to 7 nodes for somebody we part from; nothing when we know none. */
void views_send_nodes(const struct views *v, struct gossip_ctx *x, struct rng *rng,
	const struct peer_id *to);
void views_send_join(struct gossip_ctx *x, const struct peer_id *to);
/* Tells the layer above that the link is free, unless we still need it. */
void views_hang_up(
	const struct views *v, struct gossip_ctx *x, const struct peer_id *peer);

#endif
