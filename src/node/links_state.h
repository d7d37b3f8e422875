/* SPDX-License-Identifier: MIT */
#ifndef NODE_LINKS_STATE_H
#define NODE_LINKS_STATE_H

#include "node/links.h"

/*
 * Inside of the links; only links.c (connections, dials, ends) and links_greet.c (from a
 * connection to a link) include this.
 */
struct contact {
	struct peer_id peer;
	struct link *up;
	struct link *dialing;
	size_t address_next;	/* of the book entry: which one this dial tries */
	struct buf backlog;	/* gossip that waits for the link */
};

/* Room for one more event. */
struct link_event *links_state_push(
	struct links *l, enum link_event_kind kind, const struct peer_id *peer);
/* The contact of a peer, made when there is none. */
struct contact *links_state_contact(struct links *l, const struct peer_id *peer);
struct link *links_state_link(struct links *l, uint64_t conn, const struct peer_id *peer,
	bool dialed, uint64_t now_ns);

/* A connection is up: says HELLO and awaits theirs. */
void links_greet(struct links *l, const struct quic_event *ev, uint64_t now_ns);
void links_greet_hello(
	struct links *l, struct link *k, struct view payload, uint64_t now_ns);
/* It waits for no HELLO any more. */
void links_greet_end(struct links *l, struct link *k);

#endif
