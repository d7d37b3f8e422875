/* SPDX-License-Identifier: MIT */
#ifndef NODE_FAULTING_H
#define NODE_FAULTING_H

#include "node/faults.h"
#include "node/node.h"

/*
 * Faults on a node (node/faults.h), for src/io and src/app. Who calls node_fault has seen
 * to it that the order came from one who may give it. Effects are for the driver, once
 * what is to be sent was sent.
 */
void node_fault(struct node *n, const struct fault_order *o, enum fault_origin by,
	uint64_t now_ns, struct fault_status *answer);
void node_faults(const struct node *n, struct fault_status *to, uint64_t now_ns);
bool node_next_effect(struct node *n, struct fault_effect *e);
void node_writes_refused(struct node *n, uint64_t count); /* by a full disk */

/*
 * Where the node's packets meet its faults. All of it is one comparison while there is no
 * fault on links.
 */
/* False: it was dropped, or waits. */
bool faulting_recv(struct node *n, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn, uint64_t now_ns);
size_t faulting_send(
	struct node *n, uint8_t *to, size_t cap, struct path *path, uint64_t now_ns);
bool faulting_hears(struct node *n, const struct address *remote, uint64_t now_ns);
/* A peer may have got another address. */
void faulting_moved(struct node *n);
uint64_t faulting_deadline(const struct node *n);
void faulting_tick(struct node *n, uint64_t now_ns);

#endif
