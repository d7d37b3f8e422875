/* SPDX-License-Identifier: MIT */
#ifndef GOSSIP_GOSSIP_H
#define GOSSIP_GOSSIP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"

/*
 * The contract of gossip: one topic is a value that takes inputs and time and gives
 * effects. HyParView (Leitao, Pereira, Rodrigues, DSN 2007) keeps the overlay, Plumtree
 * (SRDS 2007) the broadcast tree; PROTOCOL.md 4 has the tables that this implements. No
 * sockets, no clock, no randomness but the seed.
 */
struct topic;

struct gossip_config {
	struct peer_id self;
	uint8_t seed[32]; /* of the topic's random choices */
	bool observer;	  /* we only listen: attach to a few peers, forward nothing */
	size_t message_len_max; /* max_message_size, GOSSIP_MESSAGE_LEN unless told */
	unsigned active_max, passive_max;			   /* 5, 30 */
	unsigned arwl, prwl, shuffle_ttl;			   /* 6, 3, 6 */
	unsigned shuffle_active, shuffle_passive;		   /* 3, 4 */
	unsigned optimization_hops;				   /* 5 */
	uint64_t shuffle_ns, neighbor_timeout_ns, join_timeout_ns; /* 60 s, 500 ms, 1 s */
	uint64_t graft_first_ns, graft_next_ns, lazy_ns; /* 150 ms, 40 ms, 5 ms */
	uint64_t lazy_calm_ns;			 /* of calm and brisk ones; 0: lazy_ns */
	uint64_t seen_ns, cache_ns;			 /* 90 s, 30 s */
};

/*
 * Those of PROTOCOL.md 4, but a Graft after 150 ms (80 there) and the optimization from 5
 * hops (7): better trees by `make sim-report`. self and seed are zero.
 */
void gossip_config_default(struct gossip_config *c);

/* Only loss leads to a re-join: an evicted peer must not come back at once. */
enum neighbor_change {
	NEIGHBOR_UP,
	NEIGHBOR_EVICTED, /* we made room */
	NEIGHBOR_LEFT,	  /* it said Disconnect */
	NEIGHBOR_LOST,	  /* its connection ended */
	NEIGHBOR_REFUSED, /* it declined our request */
	NEIGHBOR_TIMEOUT, /* it did not answer our request */
	NEIGHBOR_QUIT,	  /* we leave */
	NEIGHBOR_CHANGES
};
const char *neighbor_change_text(enum neighbor_change c);

/*
 * A BROADCAST fits topic_can_broadcast and DATA has at most GOSSIP_PEER_DATA_LEN_MAX
 * bytes (asserted). OBSERVER comes before the peer's first message on a connection, and
 * after the LOST of an earlier connection: a loss forgets it. Nobody waits for a calm
 * one: it is announced late and relayed as calm; a brisk one only announced late. Of
 * bulk a neighbor that is SLOW gets announcements, once it can follow again.
 */
struct gossip_in {
	enum gossip_in_kind {
		GOSSIP_IN_MESSAGE, /* bytes: one body as it came from `peer` */
		GOSSIP_IN_TIMER,   /* timer: the number of an earlier GOSSIP_OUT_TIMER */
		GOSSIP_IN_JOIN,	   /* contact `peer`; may be called again after loss */
		GOSSIP_IN_LOST, /* the connection to `peer` ended or could not be made */
		GOSSIP_IN_BROADCAST, /* bytes: content for everyone */
		GOSSIP_IN_OBSERVER,  /* `peer` said in its HELLO that it only observes */
		GOSSIP_IN_DATA,	     /* bytes: our own peer data (an AddrInfo) changed */
		GOSSIP_IN_QUIT,	     /* leave: tell the neighbors */
		GOSSIP_IN_SLOW,	     /* `peer` can't follow; slow false: it can again */
	} kind;
	struct peer_id peer;
	uint64_t timer;
	struct view bytes;
	bool calm, brisk, bulk, slow;
};

/*
 * SEND: a body for `peer`; whoever carries it dials if there is no link. A calm one may
 * wait for others to the same peer. HANG_UP: we need
 * the link no more (after a Disconnect either way, a ShuffleReply, a request without an
 * answer); what was sent before it should still arrive. TIMER: hand GOSSIP_IN_TIMER back
 * at due_ns; timers are never cancelled. NEIGHBOR: the active view changed by `peer`;
 * REFUSED and TIMEOUT are about peers that we asked and that did not become neighbors.
 * Observers that attach to us are no neighbors here. DELIVER: a content, once; `peer`
 * handed it to us. PEER_DATA: the AddrInfo of `peer`, newly learned; it comes before the
 * first SEND that needs it.
 */
struct gossip_out {
	enum gossip_out_kind {
		GOSSIP_OUT_SEND,
		GOSSIP_OUT_HANG_UP,
		GOSSIP_OUT_TIMER,
		GOSSIP_OUT_NEIGHBOR,
		GOSSIP_OUT_DELIVER,
		GOSSIP_OUT_PEER_DATA,
	} kind;
	struct peer_id peer;
	enum neighbor_change change;
	uint64_t timer, due_ns;
	uint8_t *bytes; /* owned by the outbox */
	size_t bytes_len;
	uint16_t round; /* of a delivery: hops it took */
	bool calm, bulk;
};

/*
 * Effects in order, from outbox_at(o, 0) to outbox_count(o) - 1. Owned by the caller of
 * topic_handle; entries live until outbox_clear, and so do their bytes.
 */
struct outbox;
struct outbox *outbox_new(void);
void outbox_free(struct outbox *o);
size_t outbox_count(const struct outbox *o);
const struct gossip_out *outbox_at(const struct outbox *o, size_t i);
void outbox_clear(struct outbox *o);

/* Owned by the caller; topic_free accepts NULL. Arms the first timers into `out`. */
struct topic *topic_new(
	const struct gossip_config *c, uint64_t now_ns, struct outbox *out);
void topic_free(struct topic *t);

/* Takes one input; appends effects. Malformed bodies are counted and change nothing. */
void topic_handle(
	struct topic *t, const struct gossip_in *in, uint64_t now_ns, struct outbox *out);
/* Whether a content of this length can be broadcast (max_message_size - 44). */
bool topic_can_broadcast(const struct topic *t, size_t len);

/* Read-only views, for people, checkers and tests. They return how many there are. */
size_t topic_active(const struct topic *t, struct peer_id *to, size_t cap);
size_t topic_passive(const struct topic *t, struct peer_id *to, size_t cap);
size_t topic_eager(const struct topic *t, struct peer_id *to, size_t cap);
size_t topic_pending(const struct topic *t, struct peer_id *to, size_t cap);
size_t topic_observers(const struct topic *t, struct peer_id *to, size_t cap);
/* Active or observer. */
bool topic_is_neighbor(const struct topic *t, const struct peer_id *peer);
/* Whether a link to `peer` is of use now: active, pending, joining or observer. */
bool topic_needs(const struct topic *t, const struct peer_id *peer);

struct topic_stats {
	uint64_t delivered, duplicates, broadcasts, malformed, bad_hash;
	uint64_t grafts_sent, prunes_sent, ihaves_sent, payloads_sent;
	uint64_t evictions, dropped_lazy, dropped_missing, dropped_seen, dropped_cache,
		dropped_slow;
	/* Sizes now; joining: contacts that owe an answer to a Join. */
	size_t seen, cached, cached_bytes, missing, lazy_queued, peer_data, joining;
};
void topic_stats(const struct topic *t, struct topic_stats *s);

#endif
