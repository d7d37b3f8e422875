/* SPDX-License-Identifier: MIT */
#ifndef NODE_COMMAND_H
#define NODE_COMMAND_H

#include "node/faults.h"
#include "node/serve.h"

/*
 * COMMAND (PROTOCOL.md 5, tag 15): an order of wire/fault.h from one node to another. It
 * is obeyed only when who asks, by the key that its connection was made with, is in the
 * operators of the node that is asked. Whoever else asks is told so, counted, and is an
 * event once.
 *
 *	COMMAND = trace context, order
 *	RESULT  = result u8, text, fault status
 */

/* Whether its orders are obeyed here. */
bool command_is_operator(const struct node *n, const struct peer_id *peer);
/* For the table of serve.c. */
void command_serve(struct node *n, struct serving *s, struct view body, uint64_t now_ns);
#define COMMAND_LEN_MAX (8u * 1024)

/*
 * Orders `o` at a peer; `at` is where to find it, or NULL when the node knows. The answer
 * comes by requests_next, with `cookie`. Errors of requests_ask.
 */
int command_ask(struct node *n, const struct peer_id *peer, const struct address *at,
	const struct fault_order *o, uint64_t cookie, uint64_t now_ns, uint64_t *number);
/* Reads a frame of the answer. ERR_MALFORMED; s->result says what came of the order. */
int command_result(struct view bytes, struct fault_status *s);

#endif
