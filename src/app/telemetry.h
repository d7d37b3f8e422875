/* SPDX-License-Identifier: MIT */
#ifndef APP_TELEMETRY_H
#define APP_TELEMETRY_H

#include <uv.h>

#include "control/answer.h"
#include "trace/span_store.h"

/*
 * What this process exports, to whom the environment says: spans, and what is queued,
 * posted again and dropped of them. NULL stands for "nothing is exported": then no thread
 * runs and no library is loaded, and every call here does nothing.
 */
struct telemetry;

/* For a person: a variable that cannot be used, the first failure. Once each. */
struct telemetry_say {
	void (*call)(void *ctx, const char *text);
	void *ctx;
};

struct telemetry *telemetry_open(uv_loop_t *loop, const struct telemetry_say *say);
/* Who we are: attributes of the resource. NULL: not known. Copied. */
void telemetry_self(struct telemetry *t, const char *service, const char *instance,
	const char *mesh, const char *type);

/*
 * Those spans of a set that are finished and were not taken before; the set of one
 * process, which only grows.
 */
void telemetry_set(struct telemetry *t, const struct span_set *s);
/* What is new in the store. Cheap when there is nothing. */
void telemetry_store(struct telemetry *t, const struct span_store *s);
/*
 * The metrics of this meter, now and every METER_WINDOW; it outlives the telemetry. NULL:
 * it measures nothing.
 */
void telemetry_meter(struct telemetry *t, const struct meter *m);
/* What was taken is posted at once. */
void telemetry_flush(struct telemetry *t);

/* Filled with what is exported; zeros when nothing is. */
void telemetry_exports(const struct telemetry *t, struct control_exports *to);

/*
 * Posts what is left and turns the loop for it, at most OTLP_CLOSE_MAX, then gives up.
 * The handles are closed by the loop's next turns.
 */
void telemetry_close(struct telemetry *t);

/*
 * Exports the spans of a process that has no loop, and waits for it as above: a boot that
 * failed.
 */
void telemetry_once(const struct telemetry_say *say, const struct span_set *s,
	const char *mesh, const char *type);

#endif
