/* SPDX-License-Identifier: MIT */
#ifndef IO_LIFELINE_END_H
#define IO_LIFELINE_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "wire/lifeline.h"

/*
 * The child's end of the lifeline: fd 3, one end of a socket pair whose other end only
 * the parent holds. End of file means that the parent is gone, and then the child leaves
 * at once.
 */
struct lifeline_end;

#define LIFELINE_END_WHY_CAP 300

/*
 * Call first of all, before anything opens a descriptor. Refuses when the process has
 * others than 0, 1, 2 and `fd`: a stray copy of somebody's lifeline is how lifelines
 * fail. Then FD_CLOEXEC, O_NONBLOCK, and PR_SET_PDEATHSIG(SIGKILL) for a child whose loop
 * hangs, with the check that the parent has not gone before that was set. ERR_STATE a
 * stray descriptor; ERR_CLOSED the parent is gone; ERR_ARGUMENT not a socket; ERR_SYSTEM.
 * `why` is a text for a person.
 */
int lifeline_end_take(int fd, char why[static LIFELINE_END_WHY_CAP]);

/*
 * While a child boots, without a loop; fd as taken. Its boot so far: what a parent shows
 * of a step that hangs. False when it could not be said whole; say no more then.
 */
bool lifeline_end_tell_spans(int fd, const struct span_set *spans);
/* One that cannot boot: a FAILED record; the spans go before. */
void lifeline_end_fail(int fd, int status, const char *text);

struct lifeline_end_hooks {
	/*
	 * The parent asks what this node sees: answer with lifeline_end_view and this
	 * number. The peers are to be looked after: node_probe.
	 */
	void (*ask)(void *ctx, uint64_t ask, const struct peer_id *probes, size_t count);
	void (*quit)(void *ctx);	/* say goodbye and leave */
	/* An order for a fault: answer with lifeline_end_faults. */
	void (*fault)(void *ctx, const struct fault_order *o);
	/* Messages to a name: answer with lifeline_end_sent when that is over. */
	void (*send)(void *ctx, const struct letter_order *o);
	/* The parent is gone or broken: leave now, _exit is right. */
	void (*gone)(void *ctx);
	void *ctx;
};

/* fd as taken; owned from here. HEARTBEAT goes up every second by itself. Never NULL. */
struct lifeline_end *lifeline_end_open(uv_loop_t *loop, int fd,
	const struct lifeline_end_hooks *hooks);
/*
 * Writes what it can, closes; the memory goes with the loop's next turns. Accepts NULL.
 */
void lifeline_end_close(struct lifeline_end *e);

/*
 * Records up. They are queued when the socket is full; above LIFELINE_QUEUE_LEN_MAX new
 * ones are dropped and counted, so a parent that is stopped cannot make the child grow.
 */
void lifeline_end_ready(struct lifeline_end *e, const struct lifeline_ready *ready);
void lifeline_end_spans(struct lifeline_end *e, const struct span_set *spans);
void lifeline_end_view(struct lifeline_end *e, const struct lifeline_view *view);
void lifeline_end_sent(struct lifeline_end *e, const struct letter_report *r);
void lifeline_end_faults(struct lifeline_end *e, const struct fault_status *s);
void lifeline_end_stopping(struct lifeline_end *e, const char *reason);
/*
 * STALLED; the one call that another thread may make, until lifeline_end_close. Nothing
 * is said while something else is half said: it is said again soon.
 */
void lifeline_end_stalled(struct lifeline_end *e, uint32_t for_ms);
/* For the next heartbeat. */
void lifeline_end_lag(struct lifeline_end *e, uint32_t loop_lag_ms);
uint64_t lifeline_end_dropped(const struct lifeline_end *e);

#endif
