/* SPDX-License-Identifier: MIT */
#ifndef APP_NAMED_SEEDS_H
#define APP_NAMED_SEEDS_H

#include "app/options.h"
#include "io/seed_names.h"
#include "node/node.h"

/* The seeds whose host is a name: looked up, they become seeds of the node. */
struct named_seeds {
	struct seed_names *names;
	struct node *node;
	void (*say)(void *ctx, const char *text);	/* what a person should know */
	void *ctx;
};

/* The struct outlives the loop. */
void named_seeds_begin(struct named_seeds *s, uv_loop_t *loop, struct node *node,
	const struct options *o, void (*say)(void *ctx, const char *text), void *ctx);
void named_seeds_end(struct named_seeds *s);
/* A person named this node as a seed, with an address or a name. */
bool named_seeds_has(const struct options *o, const struct peer_id *id);

#endif
