/* SPDX-License-Identifier: MIT */
#ifndef TESTS_NODE_WORLD_H
#define TESTS_NODE_WORLD_H

#include "base/heap.h"
#include "base/rng.h"
#include "node/node.h"

/*
 * Whole nodes with real QUIC over virtual packets and virtual time: node i lives at
 * 127.0.0.1:10000+i, a packet takes 1 ms. Packets to nobody bring the ICMP hint, as on
 * loopback.
 */
#define WORLD_NODES_MAX 40
#define WORLD_GUESTS_MAX 80
#define WORLD_PORT_BASE 10000
#define WORLD_GUEST_PORT_BASE 20000
/* From here on nobody listens and nobody says so: what goes there is only counted. */
#define WORLD_NOWHERE_PORT_BASE 30000

/*
 * Somebody who is no node of ours but is on the same network, at
 * 127.0.0.1:WORLD_GUEST_PORT_BASE + its place. NULL functions do nothing.
 */
struct world_guest {
	void *ctx;	/* NULL: the place is free */
	void (*recv)(void *ctx, const struct path *path, const uint8_t *bytes, size_t len,
		uint64_t now_ns);
	size_t (*send)(void *ctx, uint8_t *to, size_t cap, struct path *path,
		uint64_t now_ns);
	uint64_t (*deadline)(void *ctx);
	void (*tick)(void *ctx, uint64_t now_ns);
};

struct world_node {
	struct node *node;	/* NULL once killed */
	struct node_config config;
	bool frozen;		/* receives and ticks nothing */
	uint64_t liveness_events;
	uint64_t message_events, messages_told;	/* told: with "40 more messages" */
	uint64_t told;		/* events that a person is told: changes of state */
	char told_last[256];	/* the kind and the text of the latest */
	char refused[200];	/* text of the last NODE_EVENT_REFUSED */
};

struct world {
	struct world_node nodes[WORLD_NODES_MAX];
	size_t count;
	struct heap packets;
	struct rng rng;
	uint64_t now_ns;
	unsigned loss_percent;
	struct world_guest guests[WORLD_GUESTS_MAX];
	uint64_t nowhere_packets, nowhere_bytes;
};

/* A datagram with whatever source address, at node i at once; what follows goes out. */
void world_inject(struct world *w, size_t i, const struct address *from,
	const void *bytes, size_t len);
struct address world_address(uint16_t port);

void world_init(struct world *w, uint64_t seed);
void world_fini(struct world *w);
/*
 * seed_of: index of the node it is seeded with, or -1. key NULL for none. mesh "" =
 * observer.
 */
size_t world_add(struct world *w, const char *mesh, const char *type, int seed_of,
	const struct fabric_key *key);
void world_restart(
	struct world *w, size_t i); /* after a kill: same identity, next incarnation */
void world_kill(struct world *w, size_t i);
/*
 * Lets time pass until `done` says yes or `limit_ns` have passed; returns whether it did.
 */
bool world_run(struct world *w, uint64_t limit_ns, bool (*done)(struct world *w));
/* How node i sees node j: -1 not at all, else the liveness. */
int world_sees(struct world *w, size_t i, size_t j);
/* Whether all nodes that live see exactly all nodes that live, as live. */
bool world_converged(struct world *w);
struct node_status world_status(struct world *w, size_t i);

#endif
