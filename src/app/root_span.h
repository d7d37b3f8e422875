/* SPDX-License-Identifier: MIT */
#ifndef APP_ROOT_SPAN_H
#define APP_ROOT_SPAN_H

#include "app/telemetry.h"
#include "trace/tracer.h"

/*
 * The span of a whole process that starts others: a run, a console. It hangs below what
 * TRACEPARENT says, and children find it in their TRACEPARENT, so that one trace has a
 * run and the boots of its nodes.
 */
struct root_span {
	struct tracer *tracer;
	struct span_store *spans;	/* for those below it, from its beginning on */
	int span;
	uint8_t flags;
};

/*
 * What TRACEPARENT says. False when it is not set, or malformed, which is said; then a
 * new trace begins, and it is sampled.
 */
bool root_span_above(struct trace_context *c, const struct telemetry_say *say);

/* Changes the environment: before any thread is there. */
void root_span_begin(
	struct root_span *r, enum trace_span kind, const struct telemetry_say *say);
/* Ends it and gives it to `t`, which may be NULL. why: NULL when it went well. */
void root_span_end(struct root_span *r, const char *why, struct telemetry *t);
void root_span_fini(struct root_span *r);	/* accepts a zeroed one */

#endif
