/* SPDX-License-Identifier: MIT */
#ifndef NODE_FABRIC_H
#define NODE_FABRIC_H

#include "mesh/backbone.h"
#include "node/links.h"
#include "node/meshes.h"
#include "node/seeds.h"

struct node;
struct node_config;

/*
 * The backbone (PROTOCOL.md 7): gateways and observers are on its topic, nobody else.
 * Gateways speak there for their mesh; what is heard is a table of meshes, and no node of
 * another mesh is ever in a directory of ours.
 *
 * How gateways of different meshes find each other: places. The seeds of a gateway may
 * name nodes of other meshes (whose HELLO says so), peers remembered on disk are of any
 * mesh, summaries carry gateways with addresses, and gateways of the own mesh are in its
 * directory. Who has no neighbor on the backbone tries all of them; who has few asks one
 * each second, and every 30 s one is tried whose mesh is not heard: so parts that were
 * cut off meet again.
 */
struct fabric {
	struct membership m;		/* of the backbone topic; it has no directory */
	struct backbone *backbone;
	struct seeds places;
	uint64_t listening_ns;		/* since when we have a neighbor there; 0 never */
	uint64_t speak_ns;		/* when it may be our turn; NEVER for observers */
	uint64_t spoke_ns;		/* when we last did; 0 never */
	uint64_t seq, spoken, spoken_bytes;
	uint64_t bytes_sent, bytes_received;	/* gossip bodies of the backbone */
};

/* Whether this node belongs on the backbone. */
bool fabric_is_for(const struct node_config *c);
/* Joins the backbone's topic. Once. */
void fabric_start(struct node *n, uint64_t now_ns);
void fabric_fini(struct node *n);
/* Whether this membership is that of the backbone. */
bool fabric_owns(const struct node *n, const struct membership *m);

uint64_t fabric_deadline(const struct node *n);
void fabric_tick(struct node *n, uint64_t now_ns);

/* Effects of the topic: a change of neighbors, a payload (or one by SYNC). */
void fabric_neighbor(struct node *n, const struct gossip_out *o, uint64_t now_ns);
void fabric_deliver(struct node *n, struct view payload, uint64_t now_ns);

/* A link came up, whatever it is for. */
void fabric_linked(struct node *n, const struct link *k, uint64_t now_ns);
/* A dial failed, or one side refused the other. */
void fabric_failed(struct node *n, const struct peer_id *peer, uint64_t now_ns);
/* A node of a mesh of ours appeared: a gateway is a place. */
void fabric_met(struct node *n, const struct membership *m,
	const struct directory_entry *e, uint64_t now_ns);
/* A seed that a person gave. */
void fabric_add_seed(
	struct node *n, const struct seed *s, const char *mesh, uint64_t now_ns);
/* A mesh was named by somebody whom we did not let in. */
void fabric_stranger(struct node *n, const char *mesh, uint64_t now_ns);

/* Of fabric_places.c: where to look. */
uint64_t fabric_places_deadline(const struct node *n);
void fabric_places_tick(struct node *n, uint64_t now_ns);
void fabric_places_summary(struct node *n, const struct summary *s, uint64_t now_ns);

#endif
