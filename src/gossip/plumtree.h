/* SPDX-License-Identifier: MIT */
#ifndef GOSSIP_PLUMTREE_H
#define GOSSIP_PLUMTREE_H

#include "gossip/lazy.h"
#include "gossip/missing.h"
#include "gossip/msgcache.h"
#include "wire/gossip_msg.h"

/*
 * Plumtree (Leitao, Pereira, Rodrigues, SRDS 2007) by the event table of PROTOCOL.md 4:
 * payloads go to eager neighbors, announcements (IHave) to lazy ones; duplicates prune,
 * silence grafts. Neighbors come and go by plumtree_up and plumtree_down and by nothing
 * else: a message from somebody else is read, but changes no set.
 *
 * Where it goes beyond the table: of messages that are under way at the same time only
 * one, the guide, shapes the tree. Each flood leaves a tree of its own, and pruned by all
 * of them the links that stay are what those trees share, which connects nobody: the next
 * round begins with missing messages and grafts. The guide is the smallest id that came
 * by since GUIDE_NS, so nodes agree without a word. By `make sim-report`, 20 nodes that
 * all send at once: rounds take half the time and RMR is a third.
 *
 * What is calm is relayed with delays on each hop, so it comes by one way a second later
 * than by another, and not by the quickest first. So it shapes no tree, and its
 * announcements wait longer than that: else each late one would be grafted. What was
 * announced before it came is calm no more: holes of the tree that lie in a row cost that
 * wait once, and not each.
 */
struct plumtree_peer {
	struct peer_id id;
	bool eager;
	struct lazy lazy; /* announcements that wait for the lazy timer */
};

struct plumtree_stats {
	uint64_t delivered, duplicates, broadcasts, bad_hash;
	uint64_t grafts_sent, prunes_sent, ihaves_sent, payloads_sent, dropped_lazy;
	uint64_t dropped_slow; /* bulk that a slow peer asked for */
};

struct plumtree {
	struct plumtree_peer *peers;
	size_t count, cap;
	struct msgcache cache;
	struct missing missing;
	struct gossip_timer lazy, sweep;
	struct peer_id guide; /* the message whose tree is kept */
	uint64_t guide_ns;    /* since when; 0: none yet */
	struct plumtree_stats stats;
};

void plumtree_init(struct plumtree *p, const struct gossip_config *c, size_t peers_max);
void plumtree_fini(struct plumtree *p, struct heap *timers);

void plumtree_up(
	struct plumtree *p, const struct peer_id *peer); /* eager; no-op when known */
void plumtree_down(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *peer);
/* The content fits a message (the caller asked); one that was seen is not sent. */
void plumtree_broadcast(struct plumtree *p, struct gossip_ctx *x, struct view content);
/* Takes the Gossip kinds of messages. */
void plumtree_message(struct plumtree *p, struct gossip_ctx *x,
	const struct peer_id *from, const struct gossip_msg *m);
/* Bulk goes to it only as an announcement, and to that when it is no more slow. */
void plumtree_slow(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *peer,
	bool slow);
void plumtree_timer(struct plumtree *p, struct gossip_ctx *x, struct gossip_timer *t);

/* Forgets peers and messages; nothing waits any more. */
void plumtree_quit(struct plumtree *p, struct gossip_ctx *x);

size_t plumtree_eager(const struct plumtree *p, struct peer_id *to, size_t cap);
size_t plumtree_queued(const struct plumtree *p); /* IHaves that wait, all peers */

#endif
