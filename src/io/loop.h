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
 * SIGTERM, SIGINT and SIGHUP as one callback. They do not keep the loop alive. SIGPIPE is
 * ignored for the whole process: a reader that goes away is an error of one write, not
 * our end.
 */
struct loop_signals {
	uv_signal_t handles[3];
	void (*call)(void *ctx, int signum);
	void *ctx;
};

int loop_signals_begin(struct loop_signals *s, uv_loop_t *loop,
	void (*call)(void *ctx, int signum), void *ctx); /* ERR_SYSTEM */
/* The handles are closed by the loop: run it once more before the struct goes away. */
void loop_signals_end(struct loop_signals *s);

/* Runs until every handle is closed, then closes the loop. ERR_BUSY: a handle was left
 * open. */
int loop_drain(uv_loop_t *loop);

#endif
