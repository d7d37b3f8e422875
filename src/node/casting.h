/* SPDX-License-Identifier: MIT */
#ifndef NODE_CASTING_H
#define NODE_CASTING_H

#include <sys/queue.h>

#include "base/id.h"
#include "base/limits.h"
#include "wire/delivery.h"

/*
 * Casting: application messages to one's whole mesh (wire/cast.h), many of them, and what
 * keeps them from being in the way. What waits for a neighbor on the gossip stream has a
 * bound that follows from how fast it takes things; a neighbor above it is slow, and its
 * bulk is announced later instead of queued (GOSSIP_IN_SLOW). Who casts waits much
 * earlier, at a quarter of that, which makes of a burst what all can take, also relays;
 * but for a neighbor that is much slower than another a twentieth of the time at most.
 */
struct node;
struct membership;
struct link;

struct casting_spec {
	char kind[LABEL_LEN_MAX + 1];
	struct view body;	/* copied; at most CAST_BODY_LEN_MAX */
	uint64_t run;		/* what receivers count it under */
	uint64_t count;		/* 1 to CAST_COUNT_MAX */
	uint64_t every_ns;	/* between two; 0: as fast as neighbors take them */
};

struct casting_report {
	uint64_t number;
	uint64_t count, sent;
	uint64_t waits;		/* turns in which neighbors were slow */
	uint64_t took_ns;
};

/* ERR_ARGUMENT, ERR_LIMIT, ERR_STATE (in no mesh) with a reason in `why`. */
int casting_begin(struct node *n, const struct casting_spec *spec, uint64_t now_ns,
	uint64_t *number, char why[static DELIVERY_WHY_CAP]);
/* Ends it; its report has what was sent so far. Unknown: no-op. */
void casting_stop(struct node *n, uint64_t number, uint64_t now_ns);
bool casting_next(struct node *n, struct casting_report *r);

/* How much a link takes: from the offsets of its gossip stream. */
struct casting_pace {
	uint64_t acked, at_ns;	/* as last looked at; at_ns 0: never */
	uint64_t rate;		/* bytes a second that were acknowledged */
	bool slow;
	/* How long others were kept waiting for it; falls by a twentieth of the time. */
	uint64_t waited_ns, waited_at_ns;
	uint64_t full_ns;	/* since when they do now; 0: they do not */
};

/* For the node. */
struct casting_slow {
	struct membership *m;
	struct peer_id peer;
};
struct casting;
struct casting_all {
	TAILQ_HEAD(, casting) all;
	size_t count;
	uint64_t last_number, sent;
	uint64_t unsent;	/* bulk for a neighbor without room or without a link */
	struct casting_slow slow[CAST_SLOW_MAX];
	size_t slow_count;
	uint64_t look_ns;	/* when to see who is no longer slow; NEVER */
};
void casting_init(struct casting_all *a);
void casting_fini(struct casting_all *a);
uint64_t casting_deadline(const struct node *n);
void casting_tick(struct node *n, uint64_t now_ns);
/* A bulk body for a neighbor. True: it is slow from now on, and the topic is to know. */
bool casting_send(struct node *n, struct membership *m, const struct peer_id *peer,
	struct view body, uint64_t now_ns);

#endif
