/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BAD_PEER_H
#define TESTS_BAD_PEER_H

#include "identity/identity.h"
#include "quic/endpoint.h"
#include "unit/node_world.h"
#include "wire/digest.h"
#include "wire/gossip_msg.h"
#include "wire/hello.h"

/*
 * A peer at the level of QUIC and frames, on the network of a world: it speaks when and
 * what a test tells it to, well or badly. It answers nothing by itself.
 */
struct bad_peer {
	struct world *w;
	struct endpoint *e;
	struct identity identity;
	size_t place;
	struct address address;
	uint64_t conn;			/* the latest dial, or the latest accept */
	uint64_t incarnation;
	unsigned ups, downs, hellos, requests, responses, stream_ends, gossip;
	struct quic_event down, request, response;	/* the latest; without bytes */
};

/* Takes a free place. */
void bad_peer_init(struct bad_peer *b, struct world *w);
void bad_peer_fini(struct bad_peer *b);
/* Begins a dial to node i; its own identity stays. */
void bad_peer_dial(struct bad_peer *b, size_t i);
/* A HELLO as a member of `mesh` would say it. */
void bad_peer_hello(struct bad_peer *b, const char *mesh);
/* Dials, waits for the connection, says HELLO, waits for the answer. */
void bad_peer_meet(struct bad_peer *b, size_t i, const char *mesh);
/* A gossip message on the topic of `mesh`. */
void bad_peer_gossip(struct bad_peer *b, const char *mesh, const struct gossip_msg *m);
/* A payload as gossip that is fresh: its id is right, its round 0. */
void bad_peer_broadcast(struct bad_peer *b, const char *mesh, struct view content);
/* Joins the overlay: after it the node forwards broadcasts to us and takes ours. */
void bad_peer_join(struct bad_peer *b, const char *mesh);
/* A digest of `who`, signed by `by`. */
void bad_peer_digest(struct digest *d, const struct identity *who, const char *mesh,
	uint64_t incarnation, uint64_t seq);
/* In mesh1: a digest or accusation that is signed by `by` for the topic of a mesh. */
void bad_peer_say_digest(struct bad_peer *b, const struct digest *d, const char *topic_of,
	const struct identity *by);
void bad_peer_say_accusation(struct bad_peer *b, const struct accusation *a,
	const char *topic_of, const struct identity *by);
struct peer_id bad_peer_topic(const char *mesh);

#endif
