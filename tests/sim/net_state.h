/* SPDX-License-Identifier: MIT */
#ifndef SIM_NET_STATE_H
#define SIM_NET_STATE_H

#include "base/heap.h"
#include "base/idmap.h"
#include "base/rng.h"
#include "tests/sim/net.h"

/* The inside of a network: net.c runs it, net_read.c only looks. */
#define NET_MET_MAX 64

enum net_event_kind { NET_MESSAGE, NET_TIMER, NET_LOST, NET_LEFT, NET_HANG_UP, NET_HEAL };

struct net_event {
	struct heap_entry entry; /* first */
	enum net_event_kind kind;
	size_t node, peer;
	uint32_t link; /* a message: its connection; a loss: 1 if there was one */
	uint64_t timer;
	bool payload;
	uint8_t *bytes;
	size_t len;
};

struct net_member {
	struct peer_id id;
	struct topic *topic;
	bool alive, observer;
	size_t met[NET_MET_MAX];
	size_t met_count;
	struct net_delivery *deliveries;
};

struct net_link {
	uint32_t number; /* of the present or last connection; 0 never */
	bool up;
	bool told;	/* the observer of the two has said what it is */
	bool ending[2]; /* lower, higher number: lost, but this side does not know yet */
};

struct net_broadcast {
	size_t sender;
	uint64_t at_ns;
};

struct net {
	struct net_config config;
	struct rng rng;
	struct heap events;
	struct net_member *members;
	size_t count;
	struct net_link *links; /* nodes_max squared; [low][high] */
	struct idmap *by_id;
	struct net_broadcast *broadcasts;
	size_t broadcast_count;
	struct outbox *out;
	struct net_stats stats;
	uint64_t now_ns, history;
	uint32_t last_link;
};

#endif
