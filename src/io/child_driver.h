/* SPDX-License-Identifier: MIT */
#ifndef IO_CHILD_DRIVER_H
#define IO_CHILD_DRIVER_H

#include <uv.h>

#include "supervisor/supervisor.h"

/*
 * Carries out a supervisor's orders and tells it what happened. Children are this very
 * program
 * (/proc/self/exe), started by posix_spawn with a lifeline as fd 3, no other descriptor
 * but 0, 1 and 2, their own process group (a Ctrl-C is for the parent alone) and their
 * output appended to node.log in their data directory.
 */
struct child_driver;

struct child_driver_hooks {
	/*
	 * Something about this child changed: it was spawned, a record came, its lifeline
	 * closed, it ended. The row is in the supervisor. Called outside of any
	 * supervisor function.
	 */
	void (*changed)(void *ctx, unsigned child);
	void *ctx;
};

/*
 * The supervisor stays the caller's and outlives the driver; hooks are copied. Never
 * NULL.
 */
struct child_driver *child_driver_open(uv_loop_t *loop, struct supervisor *s,
	const struct child_driver_hooks *hooks);

/*
 * Children started from now on have their control sockets there and not where ours is,
 * so that nobody finds them by looking around. The path is copied.
 */
void child_driver_apart(struct child_driver *d, const char *runtime_dir);

/*
 * Fetches orders and re-arms the timer. To be called after any call of supervisor_start,
 * _stop, _stop_all or _ask that did not come from within the hook (there it happens by
 * itself).
 */
void child_driver_run(struct child_driver *d);

/*
 * Children that still run get SIGKILL and are collected before this returns; no more
 * hooks. The memory goes with the loop's next turns (loop_drain). Accepts NULL.
 */
void child_driver_close(struct child_driver *d);

#endif
