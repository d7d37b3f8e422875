/* SPDX-License-Identifier: MIT */
#ifndef IO_SEED_NAMES_H
#define IO_SEED_NAMES_H

#include <stdbool.h>
#include <uv.h>

#include "base/limits.h"
#include "identity/name.h"

/*
 * Seeds whose host is a name. Names are looked up by getaddrinfo(3) in a thread of our
 * own: libuv joins the threads of its pool when the process ends, and a resolver that
 * waits for a dead server would hold that up.
 *
 * A name that can't be looked up is tried again after 1, 2, 4, 8, 16, 30 s and so on for
 * ever. All are looked up anew every 30 s while the node has no neighbor, because the
 * host behind a name may have moved; of several addresses the next one has its turn then.
 */
struct seed_names;

struct seed_names_hooks {
	void (*found)(void *ctx, const struct seed *s);
	/* Once for each name and reason, until it is found. */
	void (*failed)(void *ctx, const struct seed_named *s, const char *why);
	bool (*is_alone)(void *ctx);
	void *ctx;
};

/*
 * Copies the names (at most SEEDS_MAX) and begins at once. `ipv4`, `ipv6`: what the
 * node's sockets can reach. NULL when count is 0.
 */
struct seed_names *seed_names_new(uv_loop_t *loop, const struct seed_named *names,
	size_t count, bool ipv4, bool ipv6, const struct seed_names_hooks *hooks);
/* Freed by the loop, which has to run once more. Accepts NULL. Waits for no lookup. */
void seed_names_close(struct seed_names *s);

#endif
