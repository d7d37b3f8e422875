/* SPDX-License-Identifier: MIT */
#ifndef IO_DISCOVERY_H
#define IO_DISCOVERY_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * Finds the nodes of this machine by their control sockets. Each socket that appears is
 * asked for its status without ever waiting (1 s, then again at the next look); the
 * connection is kept, so that the end of a process is noticed at once and costs nothing
 * while nothing happens.
 */
struct discovery;

struct discovery_hooks {
	/* A socket answered for the first time: one line of JSON, not terminated. */
	void (*found)(void *ctx, const char *path, const char *answer, size_t len);
	/* One that was found is gone. */
	void (*lost)(void *ctx, const char *path);
	void *ctx;
};

/* `skip`: the path of our own socket, or NULL. The directory exists. Never NULL. */
struct discovery *discovery_new(uv_loop_t *loop, const char *runtime_dir,
	const char *skip, const struct discovery_hooks *hooks);
/* No more calls; the memory goes with the loop's next turns. Accepts NULL. */
void discovery_close(struct discovery *d);

size_t discovery_count(const struct discovery *d); /* found and not lost */

#endif
