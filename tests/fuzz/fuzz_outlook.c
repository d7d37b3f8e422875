/* SPDX-License-Identifier: MIT */
/* A frame of WATCH, as a console reads it: whatever it holds, rows stay bounded. */
#include <assert.h>

#include "base/limits.h"
#include "mesh/outlook.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
on_span(void *ctx, const struct outlook *o, const struct watched_span *s)
{
	(void)ctx;
	(void)o;
	assert(s->span.attr_count <= SPAN_ATTRS_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct peer_id node = { { 1 } };
	const struct outlook_sink sink = { .span = on_span };
	struct view frame = { bytes, len };
	struct watched_ask ask;
	struct outlook o;

	outlook_init(&o, &node, "mesh1.broker.010000");
	outlook_clock(&o, frame, 1, 2);
	outlook_take(&o, frame, SECONDS(1), &sink);
	assert(o.link_count <= LINKS_MAX && o.object_count <= OUTLOOK_OBJECTS_MAX);
	assert(o.messages.count <= OUTLOOK_MESSAGES_MAX && o.boot.count <= SPANS_MAX);
	outlook_fini(&o);
	/* The question, as a node reads it. */
	(void)watched_ask_read(&frame, &ask);
	return 0;
}
