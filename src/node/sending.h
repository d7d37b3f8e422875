/* SPDX-License-Identifier: MIT */
#ifndef NODE_SENDING_H
#define NODE_SENDING_H

#include <sys/queue.h>

#include "node/resolve.h"

/*
 * Sending to a name. A sending is one or many messages to one destination, strictly in
 * order: the next one leaves when the one before was acknowledged, or given up. It keeps
 * to the node that it found until that one fails.
 *
 * No message is delivered twice: it has an id (wire/delivery.h), and once it may have
 * reached a node it is repeated to that node alone. Another node is taken only when no
 * connection to the first could be made at all.
 */
struct sending_spec {
	char destination[NAME_LEN_MAX + 1];
	char kind[LABEL_LEN_MAX + 1];
	struct view body;	/* copied */
	uint64_t count;		/* messages, 1 to SENDING_COUNT_MAX */
	uint64_t every_ns;	/* between two; 0: as fast as they are acknowledged */
	uint64_t cookie;
};

/* *number is that of its reports. ERR_ARGUMENT, ERR_LIMIT: `why` says what is wrong. */
int sending_begin(struct node *n, const struct sending_spec *spec, uint64_t now_ns,
	uint64_t *number, char why[static DELIVERY_WHY_CAP]);
/* Ends it; it is over with what was acknowledged so far. Unknown: no-op. */
void sending_stop(struct node *n, uint64_t number, uint64_t now_ns);

/* Reports of those that are over, in order. False when there is none. */
bool sending_next(struct node *n, struct sending_report *r);

/* For the node. */
struct sending;
struct sending_all {
	TAILQ_HEAD(sending_queue, sending) all;
	TAILQ_HEAD(, sending) over;	/* reports that nobody has fetched */
	size_t count, over_count;
	uint64_t last_number, acked, failed, retries;
};
void sending_init(struct sending_all *a);
void sending_fini(struct sending_all *a);
uint64_t sending_deadline(const struct node *n);
void sending_tick(struct node *n, uint64_t now_ns);

#endif
