/* SPDX-License-Identifier: MIT */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "base/heap.h"
#include "base/rng.h"
#include "node/faulting.h"

/*
 * Whole production nodes in virtual time, hundreds to thousands in one process, over the
 * stand-in endpoint (plain_state.h): one latency for each pair, loss, cuts between
 * groups, deaths, freezes, restarts. tests/unit/node_world drives tens of nodes with the
 * real QUIC; here only what is linked differs, and that signatures are cheap. A node that
 * is dead answers as a closed port does; one that is frozen gets what waited for it when
 * it is resumed, as far as a socket's buffer goes.
 */
#define WORLD_WAITING_MAX 256

struct world_config {
	uint64_t seed;
	size_t nodes_max;
	uint64_t latency_min_ns, latency_max_ns;
	unsigned loss_percent, duplicate_percent;
	/* So many packets are up to 100 ms later than their pair's latency. */
	unsigned reorder_percent;
	uint64_t announce_ns; /* 0: the default */
	/*
	 * Each node's own clock: it begins up to skew_max_ns later, its wall clock is up
	 * to as much off, and it runs up to drift_ppm fast or slow.
	 */
	uint64_t skew_max_ns;
	unsigned drift_ppm;
	bool hints; /* closed ports are told of */
};
void world_config_default(struct world_config *c, uint64_t seed);

struct packet {
	struct heap_entry entry; /* first */
	size_t from, to, len;
	uint16_t from_port, to_port;
	uint8_t bytes[];
};

struct member {
	struct heap_entry due;	 /* first; when its node wants the next tick */
	struct node *node;	 /* NULL while dead */
	struct node_config config;
	struct node_load load;
	bool frozen, leaving;
	uint64_t frozen_ns; /* since when */
	uint64_t wakes_ns;  /* while frozen: when it goes on by itself, or NEVER */
	uint64_t skew_ns, wall_skew_ms;
	int64_t fault_skew_ms;	/* of its wall clock, by a fault */
	uint16_t port;		/* where it is bound now */
	uint64_t began_ns;	/* when this life of it did */
	int64_t drift_ppm;
	unsigned group;		 /* packets between different groups are lost */
	struct packet *waiting[WORLD_WAITING_MAX];
	size_t waiting_count;
	/* Of the overlay, by its own word; and of what it thinks of others. */
	uint64_t neighbors_up, evicted, lost, liveness_events, suspected, called_gone;
	uint64_t accused; /* by others, by its own word */
	uint64_t bytes_sent;
};

struct world {
	struct world_config config;
	struct member *members;
	size_t count;
	struct heap packets, due;
	struct rng rng;
	uint64_t now_ns, events, packets_sent, bytes_sent, packets_cut, packets_lost;
	uint64_t history; /* of all packets: two runs alike have the same */
	/*
	 * What anybody thinks of anybody but the subject (SIZE_MAX: nobody is excepted):
	 * changes of liveness while `watched`, and the first one in words.
	 */
	bool watched;
	size_t subject;
	uint64_t others_changed;
	char first_change[160];
	/* Told of each change of liveness that node i sees, except that it is new. */
	void (*on_liveness)(void *ctx, size_t i, const struct directory_change *c);
	void *on_liveness_ctx;
	size_t turning;		/* whose code runs, or ran last */
};

struct world *world_new(const struct world_config *c);
void world_free(struct world *w);

/* A new node of this mesh and type, seeded with up to two others (SIZE_MAX: none). */
size_t world_add_as(struct world *w, const char *mesh, const char *type, size_t seed_of,
	size_t across);
/* A new node of mesh1, seeded with another one or with nobody (SIZE_MAX). */
size_t world_add(struct world *w, size_t seed_of);
void world_kill(struct world *w, size_t i);
void world_leave(struct world *w, size_t i); /* dead once it has said goodbye */
void world_restart(struct world *w, size_t i); /* same identity, next incarnation */
void world_freeze(struct world *w, size_t i);
void world_resume(struct world *w, size_t i);
/* Frozen for so long: its process gets no CPU. */
void world_stall(struct world *w, size_t i, uint64_t for_ns);
/*
 * Digests come every `announce_ns` (at up to 250 nodes) from now on, and silence is
 * judged by that; who is live now counts as heard now. For hours in which nothing
 * happens: what they cost is digests. For worlds without drift.
 */
void world_announce_every(struct world *w, uint64_t announce_ns);
/* Its loop was late by this much just now, as its driver would say. */
void world_late(struct world *w, size_t i, uint64_t late_ns);
void world_run(struct world *w, uint64_t for_ns);
/*
 * A fault on this node, ordered as its parent would: what it does to links acts in the
 * node itself; what needs a process (die, wedge, pause, rebind, skew, disk-full) the
 * world carries out, as the driver of a real one. ERR_OK, or why it refuses.
 */
int world_fault(struct world *w, size_t i, const struct fault_order *o);

bool world_alive(const struct world *w, size_t i);
size_t world_find(const struct world *w, const struct peer_id *id);
const struct directory *world_directory(const struct world *w, size_t i);
/* How i sees j: -1 not at all, else the liveness. */
int world_sees(const struct world *w, size_t i, size_t j);
/* The neighbors of i in the overlay, as numbers; at most `cap`. */
size_t world_neighbors(const struct world *w, size_t i, size_t *to, size_t cap);
void world_status(const struct world *w, size_t i, struct node_status *s);

#endif
