/* SPDX-License-Identifier: MIT */
#ifndef NODE_MEASURE_H
#define NODE_MEASURE_H

#include "trace/meter.h"

struct node;

/* A meter whose queues are the drops of mesh/counts.def. */
struct meter *measure_new(uint64_t now_ns);

/*
 * Once METER_MARK_EVERY: brings the meter up to date with what the node has counted and
 * sets a mark; else nothing. Measured to take 12 us with five links, so it is done on
 * turns that happen anyway and costs no wake-up. measure_now does it in any case, but for
 * the mark and the round trips: before somebody is told.
 */
void measure(struct node *n, uint64_t now_ns);
void measure_now(struct node *n);

#endif
