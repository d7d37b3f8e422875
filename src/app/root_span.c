/* SPDX-License-Identifier: MIT */
#include "app/root_span.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/wall.h"
#include "io/loop.h"
#include "trace/traceparent.h"

bool
root_span_above(struct trace_context *c, const struct telemetry_say *say)
{
	const char *text = getenv(TRACEPARENT_ENV);

	if (text == NULL || text[0] == '\0')
		return false;
	if (traceparent_parse(c, text) == ERR_OK)
		return true;
	say->call(say->ctx, TRACEPARENT_ENV
		": not of the form 00-<32 hex digits>-<16 hex digits>-<2 hex digits>; a "
		"new trace begins");
	return false;
}

void
root_span_begin(
	struct root_span *r, enum trace_span kind, const struct telemetry_say *say)
{
	uint64_t now_ns = loop_now_ns();
	char text[TRACEPARENT_CAP];
	struct trace_context c;
	uint8_t seed[32];

	randombytes_buf(seed, sizeof seed);
	r->tracer = tracer_new(seed, now_ns, wall_us());
	randombytes_buf(seed, sizeof seed);
	r->spans = span_store_new(seed, now_ns, wall_us());
	r->flags = TRACEPARENT_SAMPLED;
	if (root_span_above(&c, say)) {
		tracer_adopt(r->tracer, &c);
		r->flags = c.flags;
	}
	r->span = tracer_begin(r->tracer, kind, -1, now_ns);
	c = tracer_context(r->tracer, r->span, r->flags);
	(void)setenv(TRACEPARENT_ENV, traceparent_format(text, &c), 1);
}

void
root_span_end(struct root_span *r, const char *why, struct telemetry *t)
{
	if (r->tracer == NULL || !tracer_is_open(r->tracer, r->span))
		return;
	tracer_end(r->tracer, r->span, why, loop_now_ns());
	if (r->flags & TRACEPARENT_SAMPLED)
		telemetry_set(t, tracer_spans(r->tracer));
}

void
root_span_fini(struct root_span *r)
{
	tracer_free(r->tracer);
	span_store_free(r->spans);
	r->tracer = NULL;
	r->spans = NULL;
}
