/* SPDX-License-Identifier: MIT */
#ifndef TRACE_OTLP_H
#define TRACE_OTLP_H

#include "base/buf.h"
#include "trace/otlp_config.h"
#include "wire/span.h"

/*
 * Spans and metrics as OTLP has them (opentelemetry-proto 1.x, otlp.proto here), and what
 * a collector answers. Texts are UTF-8 already: tracer_set saw to it.
 */

/* Of whom the telemetry is. Texts are the caller's; NULL or "": left out. */
struct otlp_resource {
	const char *service_name, *service_version, *instance_id, *mesh, *type;
	const struct otlp_pairs *more;	/* those that are named above are passed over */
};

/*
 * One finished span, packed. wall_us: begin_us 0 by the wall clock. flags: of W3C trace
 * context.
 */
void otlp_put_span(struct buf *to, const uint8_t trace[static SPAN_TRACE_LEN],
	uint64_t wall_us, const struct span *s, uint8_t flags);

/* The body of a request: packed spans, or packed metrics. ERR_LIMIT is to->failed. */
void otlp_put_request(struct buf *to, enum otlp_signal s, const struct otlp_resource *r,
	const struct view *items, size_t count);

/* What a collector says about a request that it took. ERR_MALFORMED: it is no OTLP. */
struct otlp_answer {
	uint64_t rejected;	/* items that it did not take */
	char message[200];	/* for a person, printable; "" for none */
};
int otlp_read_answer(struct view v, struct otlp_answer *a);
/* The message of a google.rpc.Status, the body of an error; "" when it is none. */
void otlp_read_status(struct view v, char *to, size_t cap);

#endif
