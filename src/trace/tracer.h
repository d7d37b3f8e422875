/* SPDX-License-Identifier: MIT */
#ifndef TRACE_TRACER_H
#define TRACE_TRACER_H

#include "wire/frame.h"
#include "wire/span.h"

/*
 * Makes spans: durations from the monotonic clock, one wall-clock anchor. Names and
 * attributes are those of names.def; an attribute that its span does not list is a bug
 * and asserted.
 */
enum trace_span {
#define SPAN(id, name, attrs) TRACE_##id,
#include "trace/names.def"
#undef SPAN
	TRACE_SPANS
};

enum trace_attr {
#define ATTR(id, key, unit) TRACE_ATTR_##id,
#include "trace/names.def"
#undef ATTR
	TRACE_ATTRS
};

const char *tracer_span_name(enum trace_span s);
const char *tracer_attr_key(enum trace_attr a);
const char *tracer_attr_unit(enum trace_attr a);
bool tracer_allows(enum trace_span s, enum trace_attr a);

struct tracer;

/* A new trace that begins now. Never NULL; tracer_free accepts NULL. */
struct tracer *tracer_new(
	const uint8_t seed[static 32], uint64_t now_ns, uint64_t wall_us);
void tracer_free(struct tracer *t);

/*
 * Before the first span: the trace is that of `c`, and spans without a parent hang below
 * its span, which is somebody else's.
 */
void tracer_adopt(struct tracer *t, const struct trace_context *c);
/* What children of a span get: flags are the caller's to say. span: not -1. */
struct trace_context tracer_context(const struct tracer *t, int span, uint8_t flags);

/*
 * A span by its number, or -1 when there is no room: then it is counted as lost, and the
 * calls below take -1 and do nothing. parent -1: none.
 */
int tracer_begin(struct tracer *t, enum trace_span s, int parent, uint64_t now_ns);
/* What it was is known only now: loaded, or minted. */
void tracer_rename(struct tracer *t, int span, enum trace_span s);
void tracer_set(struct tracer *t, int span, enum trace_attr a, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* why: NULL when it went well. A span ends once. */
void tracer_end(struct tracer *t, int span, const char *why, uint64_t now_ns);
bool tracer_is_open(const struct tracer *t, int span);

/* Valid until the next call; owned by the tracer. */
const struct span_set *tracer_spans(const struct tracer *t);

#endif
