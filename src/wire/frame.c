/* SPDX-License-Identifier: MIT */
#include "wire/frame.h"

#include <string.h>

#include "base/err.h"
#include "wire/postcard.h"

static const struct {
	const char *name;
	size_t limit;
} tags[UINT8_MAX + 1] = {
#define FRAME(name, tag, limit, text) [tag] = {text, limit},
#include "wire/frame.def"
#undef FRAME
};

const char *
frame_name(uint8_t tag)
{
	return tags[tag].name ? tags[tag].name : "unknown";
}

size_t
frame_limit(uint8_t tag)
{
	return tags[tag].name ? tags[tag].limit : FRAME_CONTROL_LEN_MAX;
}

int
frame_decode(struct view *v, struct frame *f)
{
	struct view w = *v, payload;
	uint8_t tag = 0;
	int err = postcard_u8(&w, &tag);

	if (!err)
		err = postcard_bytes(&w, frame_limit(tag), &payload);
	if (err)
		return err;
	f->tag = tag;
	f->payload = payload;
	*v = w;
	return ERR_OK;
}

void
frame_encode(struct buf *b, uint8_t tag, const void *payload, size_t len)
{
	/*
	 * A receiver would end the connection over it, so it fails here, where it was
	 * made.
	 */
	if (len > frame_limit(tag)) {
		b->failed = ERR_LIMIT;
		return;
	}
	buf_put_u8(b, tag);
	postcard_put_bytes(b, payload, len);
}

int
frame_ping_decode(struct view payload, struct frame_ping *p)
{
	int err = varint_u64(&payload, &p->nonce);

	return err ? err : varint_u64(&payload, &p->clock_ms);
}

void
frame_ping_encode(struct buf *b, const struct frame_ping *p)
{
	varint_put(b, p->nonce);
	varint_put(b, p->clock_ms);
}

int
frame_pong_decode(struct view payload, struct frame_pong *p)
{
	int err = varint_u64(&payload, &p->nonce);

	if (!err)
		err = varint_u64(&payload, &p->ping_clock_ms);
	return err ? err : varint_u64(&payload, &p->clock_ms);
}

void
frame_pong_encode(struct buf *b, const struct frame_pong *p)
{
	varint_put(b, p->nonce);
	varint_put(b, p->ping_clock_ms);
	varint_put(b, p->clock_ms);
}

int
trace_context_decode(struct view *payload, struct trace_context *c)
{
	if (payload->len < TRACE_CONTEXT_LEN)
		return ERR_TRUNCATED;
	memcpy(c->trace_id, payload->data, sizeof c->trace_id);
	memcpy(c->span_id, payload->data + 16, sizeof c->span_id);
	c->flags = payload->data[24];
	payload->data += TRACE_CONTEXT_LEN;
	payload->len -= TRACE_CONTEXT_LEN;
	return ERR_OK;
}

void
trace_context_encode(struct buf *b, const struct trace_context *c)
{
	buf_put(b, c->trace_id, sizeof c->trace_id);
	buf_put(b, c->span_id, sizeof c->span_id);
	buf_put_u8(b, c->flags);
}
