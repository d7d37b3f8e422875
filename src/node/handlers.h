/* SPDX-License-Identifier: MIT */
#ifndef NODE_HANDLERS_H
#define NODE_HANDLERS_H

#include "node/links.h"

struct node;

/* What follows from what links bring. */
void handlers_link(struct node *n, const struct link_event *ev, uint64_t now_ns);

#endif
