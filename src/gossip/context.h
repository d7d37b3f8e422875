/* SPDX-License-Identifier: MIT */
#ifndef GOSSIP_CONTEXT_H
#define GOSSIP_CONTEXT_H

#include "base/heap.h"
#include "base/rng.h"
#include "gossip/gossip.h"
#include "gossip/outbox.h"
#include "gossip/peerset.h"

/*
 * What one step of a topic may use: its settings, its randomness, its timers, the time,
 * and the place for effects. Made anew by topic.c for each input; nobody keeps it.
 */
struct gossip_ctx {
	const struct gossip_config *config;
	struct rng *rng;
	struct heap *timers;
	struct outbox *out;
	const struct peerset *marked; /* observers among our peers: they enter no view */
	struct view own_data;	      /* our AddrInfo; len 0 while unknown */
	uint64_t now_ns;
	bool calm;    /* what is handled came as calm */
	bool bulk;    /* or as bulk */
	bool patient; /* it is announced late */
};

/* Embedded in whatever waits; topic.c hands a due one to its owner by kind. */
struct gossip_timer {
	struct heap_entry entry; /* first: the heap gives this address back */
	enum gossip_timer_kind {
		GOSSIP_TIMER_PENDING, /* a Neighbor request without an answer */
		GOSSIP_TIMER_JOIN,    /* a Join without an answer */
		GOSSIP_TIMER_SHUFFLE,
		GOSSIP_TIMER_LAZY,  /* queued IHaves leave */
		GOSSIP_TIMER_GRAFT, /* an announced message did not come */
		GOSSIP_TIMER_SWEEP, /* the message cache forgets */
		GOSSIP_TIMER_KINDS
	} kind;
};

/* The owner, whose first member is the timer. */
#define GOSSIP_TIMER_OWNER(t, type) ((type *)(void *)(t))

#endif
