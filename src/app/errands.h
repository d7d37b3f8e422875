/* SPDX-License-Identifier: MIT */
#ifndef APP_ERRANDS_H
#define APP_ERRANDS_H

#include "io/control_socket.h"
#include "io/lifeline_end.h"
#include "node/node.h"

/*
 * Requests over the control socket that a node answers later, because it has to ask
 * others first: resolve, send and echo (control/letters.h).
 */
struct errands;

/* Never NULL. The node outlives it; call errands_close before the socket is closed. */
struct errands *errands_open(struct node *node, struct control_socket *control);
void errands_close(struct errands *e);	/* accepts NULL */
/* An order of a parent; how it went goes up the lifeline when it is over. */
void errands_send(struct errands *e, const struct letter_order *o,
	struct lifeline_end *lifeline);
/* After each turn of the node: what is over is answered. Accepts NULL. */
void errands_turned(struct errands *e);

#endif
