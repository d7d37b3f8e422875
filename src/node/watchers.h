/* SPDX-License-Identifier: MIT */
#ifndef NODE_WATCHERS_H
#define NODE_WATCHERS_H

#include <sys/queue.h>

#include "mesh/timeline.h"
#include "node/serve.h"
#include "wire/span.h"

/*
 * Who watches this node (WATCH, PROTOCOL.md 5, tag 14), the serving half: a cursor for
 * each watcher and topic into what the node keeps anyway, so a watcher costs no queue.
 * One that reads slowly finds the oldest gone, and the next item says how many. Frames go
 * out at most every WATCHER_EVERY, and every WATCHER_BEAT when there is nothing to say.
 */
struct watcher;
struct messages;

struct watchers {
	TAILQ_HEAD(, watcher) all;
	size_t count;
	const struct span_set *boot;	/* the owner's; NULL: none */
	uint64_t boot_changes;
	const struct timeline *timeline;	/* the owner's; NULL: none */
	struct messages *messages;	/* NULL while nobody watches them */
	uint64_t lost;			/* records that watchers missed, ever */
};

void watchers_init(struct watchers *w);
void watchers_fini(struct node *n);
/* The handler of WATCH: keeps the question until either side ends it. */
void watchers_serve(struct node *n, struct serving *s, struct view body, uint64_t now_ns);
/* Tells those who may be told now. */
void watchers_turn(struct node *n, uint64_t now_ns);
uint64_t watchers_deadline(const struct node *n);

#endif
