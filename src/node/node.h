/* SPDX-License-Identifier: MIT */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include <stdbool.h>

#include "base/limits.h"
#include "identity/admission.h"
#include "identity/identity.h"
#include "identity/name.h"
#include "mesh/backbone.h"
#include "mesh/facts.h"

/*
 * A whole node as a value: QUIC endpoint, links, one topic and one directory for each
 * mesh it is in (a member is in one, an observer in as many as it is shown). Packets,
 * time and load figures in; packets, a deadline and events out. src/io drives it, a
 * simulation can hold dozens.
 */
struct node;
struct meter;

struct node_config {
	struct identity identity;
	struct fabric_key key;
	char mesh[LABEL_LEN_MAX + 1]; /* "" for an observer: node_watch_mesh */
	char type[LABEL_LEN_MAX + 1];
	bool observer;
	bool subscribe_later;	/* members: node_subscribe follows */
	bool unmetered;	/* no meter, no spans of requests: to measure what they cost */
	char build[BUILD_LEN_MAX + 1];
	uint64_t incarnation;		/* wall clock ms, larger than any before */
	uint64_t wall_us;	/* wall_ms of node_new in finer grain, or 0 */
	struct address
		bound[2]; /* what the socket is bound to: IPv4, IPv6; family 0 absent */
	struct address advertised[ADDRESSES_MAX];	/* where others can reach us */
	size_t advertised_count;
	struct seed seeds[SEEDS_MAX];	/* from the command line */
	size_t seed_count;
	struct seed remembered[REMEMBERED_PEERS_MAX];	/* from an earlier life */
	size_t remembered_count;
	struct peer_id operators[OPERATORS_MAX];	/* whose COMMANDs are obeyed */
	size_t operator_count;
	uint32_t cpu_budget_mc, memory_budget_kib;
	/*
	 * How often a digest goes out; 0: 2 s. Equal in the whole mesh, because how long
	 * silence is borne scales with it.
	 */
	uint64_t announce_ns;
	uint8_t random_seed[32];
	/* Tighter or wider than limits.h says; 0: as it says. */
	size_t links_max, greeting_max, directory_max, sync_len_max;
	uint32_t handshakes_max, without;	/* enum without: controls of tests */
};

/*
 * err: ERR_CRYPTO, ERR_ARGUMENT. The config is copied. node_free accepts NULL and says no
 * goodbye.
 */
struct node *node_new(
	const struct node_config *c, uint64_t now_ns, uint64_t wall_ms, int *err);
void node_free(struct node *n);

/* The mesh of the config: topic, directory, first digest. Once, for subscribe_later. */
void node_subscribe(struct node *n, uint64_t now_ns);

void node_recv(struct node *n, const struct path *path, const uint8_t *bytes, size_t len,
	uint8_t ecn, uint64_t now_ns);
/* The next datagram, or 0: then node_settle. `to` has QUIC_PACKET_LEN_MAX bytes. */
size_t node_send(
	struct node *n, uint8_t *to, size_t cap, struct path *path, uint64_t now_ns);
/* The kernel says that nobody listens at `remote` (ICMP): a hint, never proof. */
void node_unreachable(struct node *n, const struct address *remote, uint64_t now_ns);
void node_settle(struct node *n, uint64_t now_ns);
uint64_t node_deadline(const struct node *n);
void node_tick(struct node *n, uint64_t now_ns, uint64_t wall_ms);

/* What the process measured of itself; goes into the next digest. */
struct node_load {
	uint32_t cpu_used_mc, memory_used_kib, resident_kib, loop_lag_ms;
	uint64_t cpu_us;	/* since the process began */
	bool cpu_known;		/* not in the first moments */
	uint64_t lag_500ms_at_ns; /* when the loop was last late by more than 500 ms; 0
				     never */
};
void node_set_load(struct node *n, const struct node_load *load);
/*
 * Nobody called for gap_ns longer than asked for (stopped, starved): what was not heard
 * in that time is nobody's fault. Before the packets that waited are handed over.
 */
void node_late(struct node *n, uint64_t gap_ns);

/*
 * More places to look for peers, at any time; `mesh` is the mesh it is in, or "" when not
 * known. A known seed is not added twice. ERR_LIMIT.
 */
int node_add_seed(
	struct node *n, const struct seed *s, const char *mesh, uint64_t now_ns);
/* Observers: show this mesh. ERR_EXISTS, ERR_LIMIT, ERR_STATE for members. */
int node_watch_mesh(struct node *n, const char *mesh, uint64_t now_ns);
/* Whether it can do all of its work, as its digests say: a disk that takes nothing. */
void node_degraded(struct node *n, bool degraded, uint64_t now_ns);
/* Keeps or makes a link with this peer and sends it a PING: see node_links. */
void node_probe(struct node *n, const struct peer_id *peer, uint64_t now_ns);

/* Says goodbye to everyone; packets follow. Done when node_left() or after 200 ms. */
void node_leave(struct node *n, uint64_t now_ns);
bool node_left(const struct node *n);

/*
 * What happened that a person, a parent or a disk should know. False when there is none.
 */
struct node_event {
	enum node_event_kind {
		NODE_EVENT_NEIGHBOR, /* change of the overlay: peer, text */
		NODE_EVENT_LIVENESS, /* peer, change, mesh */
		NODE_EVENT_PEERS, /* the list of remembered peers changed: node_remembered
				   */
		NODE_EVENT_SEED,  /* seed retry or giveup: text */
		NODE_EVENT_REFUSED, /* somebody, or we by somebody: peer, text: why */
		NODE_EVENT_LINK,    /* a link came up or ended: peer, text */
		NODE_EVENT_ADDRESS, /* a peer told us where it sees us; text */
		NODE_EVENT_FAULT,   /* a fault was put on (up) or ended; text */
		NODE_EVENT_MESH, /* mesh: heard of (up), or unreachable; text */
		NODE_EVENT_MESSAGE, /* it sent us something: peer, text */
		NODE_EVENT_CROSS, /* first link with this peer of another mesh: mesh */
	} kind;
	struct peer_id peer;
	char peer_name[NAME_LEN_MAX + 1];	/* "" when not known */
	char mesh[LABEL_LEN_MAX + 1];
	struct directory_change change;
	bool up;	/* NEIGHBOR, LINK, FAULT: it came; else it ended */
	bool gave_up;	/* SEED */
	bool backbone;	/* NEIGHBOR: on the backbone, and not in a mesh */
	char text[200];
};
bool node_next_event(struct node *n, struct node_event *ev);

/* What it measures; NULL when unmetered. It is fed by measure (node/measure.h). */
struct meter *node_meter(const struct node *n);

/* Read-only views, filled on demand. */
void node_status(const struct node *n, struct node_status *s, uint64_t now_ns);
size_t node_meshes(const struct node *n, struct mesh_row *to, size_t cap);
size_t node_links(const struct node *n, struct link_row *to, size_t cap);
/* The other meshes, by their summaries; NULL where this node is not on the backbone. */
const struct backbone *node_backbone(const struct node *n);
size_t node_remembered(const struct node *n, struct seed *to, size_t cap);

#endif
