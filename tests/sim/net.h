/* SPDX-License-Identifier: MIT */
#ifndef SIM_NET_H
#define SIM_NET_H

#include "base/limits.h"
#include "gossip/gossip.h"

/*
 * A network of topics in virtual time: one latency for each unordered pair, constant over
 * a run; events ordered by time, then insertion; connections that are made by the first
 * message, close when nobody needs them, and can be lost. The same seed gives the same
 * history.
 */
struct net;

struct net_config {
	uint64_t seed;
	size_t nodes_max, broadcasts_max;
	uint64_t latency_min_ns, latency_max_ns;
	uint64_t hang_up_ns; /* how long an unneeded link is kept */
	/*
	 * How often a node without neighbors joins somebody it met, and one that misses
	 * node 0 (as its directory would say) joins that, its configured seed.
	 */
	uint64_t heal_ns;
	bool crash_notices; /* peers of a dead node learn of it one latency later */
	bool forwarding;    /* false: payloads past the first hop are lost, and Grafts */
	bool silent_takeover; /* a loss is not told where a newer connection is first */
	struct gossip_config gossip; /* self and seed are set for each node */
	unsigned smaller_percent; /* of nodes have room for one neighbor less */
};
void net_config_default(struct net_config *c, uint64_t seed);

struct net *net_new(const struct net_config *c);
void net_free(struct net *n);

/* A new node; nodes are numbered from 0. */
size_t net_add(struct net *n, bool observer);
void net_join(struct net *n, size_t node, size_t contact);
size_t net_broadcast(
	struct net *n, size_t node); /* the number of the broadcast, from 0 */
void net_crash(struct net *n, size_t node);
void net_leave(struct net *n, size_t node);
bool net_cut(struct net *n, size_t a, size_t b); /* the connection is lost; false: none */
void net_run(struct net *n, uint64_t for_ns);
/* One event, if one is due by then; false: none, and it is `until_ns`. */
bool net_step(struct net *n, uint64_t until_ns);

uint64_t net_now(const struct net *n);
size_t net_count(const struct net *n); /* nodes, also dead ones */
bool net_alive(const struct net *n, size_t node);
bool net_is_observer(const struct net *n, size_t node);
const struct peer_id *net_id(const struct net *n, size_t node);
size_t net_find(const struct net *n, const struct peer_id *id); /* SIZE_MAX: nobody */
/* Whether a way over active views leads from one to the other. */
bool net_reaches(const struct net *n, size_t from, size_t to);
const struct topic *net_topic(const struct net *n, size_t node);

size_t net_broadcasts(const struct net *n);
size_t net_broadcast_sender(const struct net *n, size_t broadcast);
struct net_delivery {
	unsigned count; /* how often; 1 is right */
	uint16_t hops;	/* of the first */
	uint64_t at_ns; /* of the first */
	bool corrupt;	/* one had another content */
};
const struct net_delivery *net_delivery(
	const struct net *n, size_t node, size_t broadcast);
uint64_t net_broadcast_ns(const struct net *n, size_t broadcast);

struct net_stats {
	uint64_t events, messages, payloads, connections, lost_messages;
	uint64_t payloads_received, deliveries; /* deliveries: the first of each */
	unsigned hops_max;			/* since net_reset_hops */
};
void net_stats(const struct net *n, struct net_stats *s);
void net_reset_hops(struct net *n);
/* A hash over everything that happened, in order. */
uint64_t net_history(const struct net *n);

#endif
