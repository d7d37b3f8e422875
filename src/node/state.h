/* SPDX-License-Identifier: MIT */
#ifndef NODE_STATE_H
#define NODE_STATE_H

#include "base/heap.h"
#include "base/ring.h"
#include "node/book.h"
#include "node/casts.h"
#include "node/faults.h"
#include "node/fabric.h"
#include "node/echo.h"
#include "node/links.h"
#include "node/meshes.h"
#include "node/node.h"
#include "node/receive.h"
#include "node/requests_state.h"
#include "node/resolve.h"
#include "node/seeds.h"
#include "node/sending.h"
#include "node/serve.h"
#include "node/watchers.h"
#include "quic/endpoint.h"
#include "trace/span_store.h"

/*
 * The node's own state, shared by the files of this folder and by nobody else. Each
 * concern has its file: links (connections), meshes (topics and directories), announce
 * (digests), requests and serve (questions, asked and answered), sync (late joiners),
 * seeding (where to look), upkeep (watching and closing links), views (what is shown).
 */
struct node {
	struct node_config config;
	struct endpoint *endpoint;
	struct book book;
	struct links links;
	struct seeds seeds;
	struct requests requests;
	struct serve serve;
	struct span_store *spans;
	struct watchers watchers;
	struct echoes echoes;
	struct membership *meshes[MESHES_MAX];
	size_t mesh_count;
	struct resolve resolve;
	struct sending_all sendings;
	struct receive receive;
	struct casting_all castings;
	struct casts casts;
	struct fabric *fabric;	/* NULL unless a gateway or an observer */
	struct outbox *outbox;
	struct heap topic_timers;
	struct rng rng;
	struct ring events;
	struct ring calm;	/* of struct calm_gossip; see handlers_calm */
	struct ring said;	/* of struct said; see handlers_said */
	uint64_t calm_ns;	/* how long they wait at most */
	struct node_load load;
	const struct alerts *alerts;	/* of itself, by its owner; or NULL */
	struct meter *meter;		/* NULL: unmetered */
	uint64_t started_ns, wall_offset_ms;
	uint64_t leave_ns;		/* when we began to leave; 0 not leaving */
	bool closed;			/* leaving, and all connections are told */
	bool degraded;			/* its digests say so */
	uint64_t sync_served, sync_refused, gossip_foreign, requests_refused,
		liveness_changes, links_full;
	struct idmap *crossed;	/* peers of other meshes that were told of */
	size_t links_max;
	struct faults faults;
	uint64_t commands_refused;
	struct peer_id strangers[OPERATORS_MAX]; /* told of: no operators */
	size_t stranger_next;
	uint64_t answers_looked_ns, answers_due_ns;	/* see answers.h */
	uint64_t refresh_ns;		/* when addresses of faults are looked up again */
	bool peers_told;		/* NODE_EVENT_PEERS is waiting to be read */
};

/* A gossip body without news, and whose it is. */
struct calm_gossip {
	struct peer_id peer, topic;
	size_t len;
	uint8_t bytes[DIGEST_LEN_MAX + 64];
};

/* A payload that gossip delivered: on its way to others, and not looked at yet. */
struct said {
	struct peer_id topic;
	size_t len;
	uint8_t bytes[DIGEST_LEN_MAX];
};

/*
 * A timer that a topic asked for; never cancelled, freed when it fires or with the node.
 */
struct topic_timer {
	struct heap_entry entry;
	struct membership *membership;
	uint64_t number;
};

/* A datagram that is through the faults. */
void node_take(struct node *n, const struct path *path, const uint8_t *bytes, size_t len,
	uint8_t ecn, uint64_t now_ns);
/* Room for one more event, with the peer's name filled in when the directory knows it. */
struct node_event *node_push(
	struct node *n, enum node_event_kind kind, const struct peer_id *peer);
/* The name of a peer by what is known of it; "" when nothing is. */
void node_name_of(const struct node *n, const struct peer_id *peer,
	char to[static NAME_LEN_MAX + 1]);
/* Takes everything that QUIC and the links have to say. */
void node_turn(struct node *n, uint64_t now_ns);

#endif
