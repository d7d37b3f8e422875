/* SPDX-License-Identifier: MIT */
#ifndef NODE_MESHES_H
#define NODE_MESHES_H

#include "gossip/gossip.h"
#include "mesh/directory.h"

struct node;

/*
 * How long announcements to lazy neighbors are gathered. Over connections that repeat
 * what was lost they only matter when a neighbor dies unnoticed: then an accusation has
 * to find a way around it.
 */
#define MESHES_LAZY MILLISECONDS(50)
/*
 * Of regular digests, which on each of GOSSIP_CALM_HOPS wait for others
 * (endpoint_moment): longer than they need through a mesh, and short beside the 8 s that
 * make a suspect.
 */
#define MESHES_LAZY_CALM MILLISECONDS(4500)

/*
 * A membership: one mesh that this node is in (a member) or shows (an observer): its
 * topic, its directory, and what drives them. Effects of the topic are carried out in
 * meshes_drain; nothing in there calls the topic again, what follows from an effect is a
 * timer or the next input.
 */
struct membership {
	char mesh[LABEL_LEN_MAX + 1];
	struct peer_id topic_id;
	struct topic *topic;
	struct directory *directory;
	uint64_t announce_ns;		/* when the next digest is due */
	uint64_t beat_ns;		/* when the next regular one is; 0 none yet */
	uint64_t announced_ns;		/* when the last one went out; 0 never */
	uint64_t announced_seq;		/* and its number */
	uint64_t seq;
	uint64_t synced_ns;		/* when SYNC was last asked for; 0 never */
	bool synced;			/* an answer came */
	uint64_t heal_ns;		/* when to look beyond the directory again */
	uint64_t widen_ns;		/* when to ask for a neighbor, if too few */
};

/* Makes the topic of a membership that has its topic_id: also for the backbone. */
void meshes_open_topic(struct node *n, struct membership *m, uint64_t now_ns);
/* ERR_EXISTS, ERR_LIMIT. */
int meshes_add(struct node *n, const char *mesh, uint64_t now_ns);
void meshes_fini(struct node *n);
struct membership *meshes_find(struct node *n, const struct peer_id *topic_id);
struct membership *meshes_named(struct node *n, const char *mesh);
/*
 * Whether gossip of this membership may go to or come from this peer: that of a mesh
 * never over a link with a node of another one.
 */
bool meshes_may_pass(
	const struct node *n, const struct membership *m, const struct peer_id *peer);
/* One input for a topic, and all that follows from it. */
void meshes_handle(struct node *n, struct membership *m, const struct gossip_in *in,
	uint64_t now_ns);
/* The same kind of input for every topic: LOST, OBSERVER. */
void meshes_tell_all(struct node *n, enum gossip_in_kind kind, const struct peer_id *peer,
	uint64_t now_ns);
/* A signed payload for a directory, from gossip or SYNC. */
void meshes_apply(struct node *n, struct membership *m, struct view payload,
	uint64_t now_ns);
/* Lets the directory's time pass; changes become events. */
void meshes_tick(struct node *n, struct membership *m, uint64_t now_ns);
/* Whether any topic has a use for a link with this peer. */
bool meshes_need(const struct node *n, const struct peer_id *peer);
bool meshes_have_neighbor(const struct node *n, const struct peer_id *peer);

#endif
