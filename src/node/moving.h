/* SPDX-License-Identifier: MIT */
#ifndef NODE_MOVING_H
#define NODE_MOVING_H

#include "node/node.h"

/*
 * A node moves to another port of the same addresses, under live connections (RFC 9000
 * 9). Those that it dialed migrate. Those that it accepted cannot, because only a client
 * may migrate: they are closed while the old port still works, and dialed from the new
 * one. Peers learn the new addresses by HELLOs and a digest at once.
 */
struct moving;

/* Before the port changes; what follows from it is sent over the old one. */
struct moving *moving_begin(struct node *n, uint64_t now_ns);
/*
 * After it: what the sockets are bound to now, as in node_config. Frees `m`. The same
 * addresses as before are fine: the port could not be changed.
 */
void moving_end(struct moving *m, struct node *n, const struct address bound[2],
	uint64_t now_ns);

#endif
