/* SPDX-License-Identifier: MIT */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdint.h>
#include <uv.h>

/* The clocks, for src/io and src/app; every layer below takes time as a parameter. */
uint64_t loop_now_ns(void);  /* CLOCK_MONOTONIC */
uint64_t loop_wall_ms(void); /* CLOCK_REALTIME */
/* Milliseconds from now until `due_ns`, rounded up, 0 when it is past. For
 * uv_timer_start. */
uint64_t loop_ms_until(uint64_t due_ns, uint64_t now_ns);
/*
 * The same for a timer that its own callback starts anew, at least 1: with 0 libuv 1.44
 * calls it again at once and never looks at a descriptor meanwhile.
 */
uint64_t loop_ms_again(uint64_t due_ns, uint64_t now_ns);

/* ERR_SYSTEM, with a text for a person; then the loop must not be touched. */
#define LOOP_WHY_CAP 160
#define LOOP_DESCRIPTORS_MIN 16 /* what a node with a few clients has open */
int loop_begin(uv_loop_t *loop, char why[static LOOP_WHY_CAP]);

/*
 * SIGTERM, SIGINT and SIGHUP as one callback. They do not keep the loop alive. A SIGHUP
 * that is ignored when this begins (nohup) stays ignored.
 */
struct loop_signals {
	uv_signal_t handles[3];
	size_t count; /* of handles in use */
	void (*call)(void *ctx, int signum);
	void *ctx;
};

#define LOOP_NO_SIGNALS \
	"cannot watch for signals; raise the limit of descriptors (ulimit -n)"
/* ERR_SYSTEM: no descriptors are left; loop_signals_end has to be called then, too. */
int loop_signals_begin(struct loop_signals *s, uv_loop_t *loop,
	void (*call)(void *ctx, int signum), void *ctx);
/* The handles are closed by the loop: run it once more before the struct goes away. */
void loop_signals_end(struct loop_signals *s);

/* Runs until every handle is closed, then closes the loop. ERR_BUSY: a handle was left
 * open. */
int loop_drain(uv_loop_t *loop);

#endif
