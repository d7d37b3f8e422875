/* SPDX-License-Identifier: MIT */
#include "app/node_export.h"

#include "io/loop.h"
#include "trace/traceparent.h"

static const struct telemetry_say say = { node_boot_say, NULL };

struct telemetry *
node_export_open(uv_loop_t *loop, const struct node_boot *b, const struct options *o)
{
	struct telemetry *t = telemetry_open(loop, &say);
	char hex[ID_HEX_CAP];

	telemetry_self(t, o->type, id_hex(hex, &b->id), o->meshes[0], o->type);
	node_export_boot(t, b);
	telemetry_flush(t);
	if (b->node != NULL)
		telemetry_meter(t, node_meter(b->node));
	return t;
}

void
node_export_boot(struct telemetry *t, const struct node_boot *b)
{
	if (b->trace_flags & TRACEPARENT_SAMPLED)
		telemetry_set(t, tracer_spans(b->tracer));
}

void
node_export_leaving(struct telemetry *t, struct node_boot *b, const char *reason)
{
	b->stopping =
		tracer_begin(b->tracer, TRACE_NODE_STOPPING, b->root, loop_now_ns());
	tracer_set(b->tracer, b->stopping, TRACE_ATTR_REASON, "%.100s", reason);
	/* Goodbyes take 200 ms, and a collector that is near has it all in that time. */
	telemetry_flush(t);
}

void
node_export_close(struct telemetry *t, struct node_boot *b)
{
	if (tracer_is_open(b->tracer, b->stopping))
		tracer_end(b->tracer, b->stopping, NULL, loop_now_ns());
	node_export_boot(t, b);
	telemetry_close(t);
}

void
node_export_failed(const struct node_boot *b, const struct options *o)
{
	if (b->trace_flags & TRACEPARENT_SAMPLED)
		telemetry_once(&say, tracer_spans(b->tracer), o->meshes[0], o->type);
}
