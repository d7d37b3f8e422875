/* SPDX-License-Identifier: MIT */
#ifndef NODE_SHOWN_H
#define NODE_SHOWN_H

#include <stddef.h>

/* What a node tells watchers and exporters, beside what it knows by itself. */
struct node;
struct span_set;
struct span_store;
struct timeline;
struct alerts;
struct cast_count;

/* Of the last runs of casts, what came; returns how many. */
size_t node_casts(const struct node *n, struct cast_count *to, size_t cap);
/* Finished spans, for who shows or exports them; lives as long as the node. */
struct span_store *node_spans(struct node *n);
/*
 * What watchers are shown besides: the owner's boot, again after each change, and what it
 * saw happen. Both outlive the node, or are taken back with NULL.
 */
void node_show_boot(struct node *n, const struct span_set *boot);
void node_show_timeline(struct node *n, const struct timeline *t);
void node_show_alerts(struct node *n, const struct alerts *a);

#endif
