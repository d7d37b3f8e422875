/* SPDX-License-Identifier: MIT */
#ifndef NODE_COUNTS_H
#define NODE_COUNTS_H

#include "mesh/facts.h"

struct node;

/* All of mesh/counts.def, gathered from where each is counted. */
void counts_fill(const struct node *n, uint64_t to[static NODE_COUNTS]);

#endif
