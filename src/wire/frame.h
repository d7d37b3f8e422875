/* SPDX-License-Identifier: MIT */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "base/buf.h"
#include "base/limits.h"

/*
 * frame = tag(u8) || length(LEB128) || payload (PROTOCOL.md 5). The tags are in
 * frame.def.
 */
enum frame_tag {
#define FRAME(name, tag, limit, text) FRAME_##name = tag,
#include "wire/frame.def"
#undef FRAME
};

struct frame {
	uint8_t tag;
	struct view payload; /* aliases the input */
};

const char *frame_name(uint8_t tag); /* "hello"; "unknown" for tags we do not know */
/* Payload bytes; FRAME_CONTROL_LEN_MAX for unknown tags. */
size_t frame_limit(uint8_t tag);

/*
 * Reads one whole frame from the front of `v` and consumes it. ERR_TRUNCATED when more
 * bytes are needed (nothing consumed), ERR_LIMIT when the announced length is above the
 * tag's limit, ERR_MALFORMED for a broken length.
 */
int frame_decode(struct view *v, struct frame *f);
void frame_encode(struct buf *b, uint8_t tag, const void *payload, size_t len);

struct frame_ping {
	uint64_t nonce, clock_ms;
};
struct frame_pong {
	uint64_t nonce, ping_clock_ms, clock_ms;
};
int frame_ping_decode(struct view payload, struct frame_ping *p);
void frame_ping_encode(struct buf *b, const struct frame_ping *p);
int frame_pong_decode(struct view payload, struct frame_pong *p);
void frame_pong_encode(struct buf *b, const struct frame_pong *p);

/* Trace context that every request payload begins with: trace id[16], span id[8], flags.
 */
#define TRACE_CONTEXT_LEN 25
struct trace_context {
	uint8_t trace_id[16], span_id[8], flags;
};
int trace_context_decode(struct view *payload, struct trace_context *c);
void trace_context_encode(struct buf *b, const struct trace_context *c);

#endif
