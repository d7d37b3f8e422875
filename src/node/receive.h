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
struct receive {
	struct idmap *seen;	/* of (sender, message id) */
	struct idmap *order;	/* of (sender, sending): the last number */
	uint64_t delivered, bytes, duplicates, disordered, refused;
};
void receive_init(struct receive *r);
void receive_fini(struct receive *r);
/* The handler of FRAME_SEND. */
void receive_serve(
	struct node *n, struct serving *s, struct view body, uint64_t now_ns);

#endif
