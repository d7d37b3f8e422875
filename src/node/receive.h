/* SPDX-License-Identifier: MIT */
#ifndef NODE_RECEIVE_H
#define NODE_RECEIVE_H

#include "base/idmap.h"
#include "node/serve.h"
#include "wire/delivery.h"

/*
 * Messages for us (SEND, PROTOCOL.md 7): acknowledged with our name, delivered once, told
 * as an event. A sender that did not hear our ACK asks again with the same id, and is
 * told the same; so many ids are remembered (MESSAGES_SEEN_MAX), the oldest goes first.
 * Whether messages of one sending come in their order is counted, not enforced: the
 * sender waits for each ACK.
 */
/*
 * Of one sender so many are told one by one in a second, and the others of that second as
 * one event, "40 more messages": a timeline is for more than the traffic.
 */
#define RECEIVE_TOLD_MAX 10
#define RECEIVE_RUNS 64	/* senders for which that is kept; all others are one */

struct receive_run {
	struct peer_id from;
	uint64_t told, untold;
};

struct receive {
	struct receive_run runs[RECEIVE_RUNS];	/* of the present second */
	size_t run_count;
	struct receive_run others;	/* whose `from` is zero */
	uint64_t second;
	struct idmap *seen;	/* of (sender, message id) */
	struct idmap *order;	/* of (sender, sending): the last number */
	uint64_t delivered, bytes, duplicates, disordered, refused;
};
void receive_init(struct receive *r);
void receive_fini(struct receive *r);
/* When the second is over of which something is still to be told. */
uint64_t receive_deadline(const struct node *n);
void receive_tick(struct node *n, uint64_t now_ns);
/* A message of `from` as an event, or as one of many in an event of its second. */
void receive_tell(struct node *n, const struct peer_id *from, const char *kind,
	struct view body, uint64_t now_ns);
/* The handler of FRAME_SEND. */
void receive_serve(
	struct node *n, struct serving *s, struct view body, uint64_t now_ns);

#endif
