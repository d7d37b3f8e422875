/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "quic/conn.h"
#include "quic/events.h"
#include "quic/stream_parse.h"
#include "wire/frame.h"

/*
 * Each reads one item from the front of the view: 0 when it did, ERR_TRUNCATED when more
 * bytes are needed (nothing consumed), else the stream is broken.
 */
typedef int parse_fn(struct stream *s, struct view *v);

static int
parse_first_byte(struct stream *s, struct view *v)
{
	struct conn *c = s->conn;

	if (v->len == 0)
		return ERR_TRUNCATED;
	if (v->data[0] == STREAM_FIRST_BYTE_CONTROL && c->control_in == NULL) {
		s->kind = STREAM_CONTROL;
		c->control_in = s;
		heap_cancel(&c->endpoint->stream_timers, &s->timer);
	} else if (v->data[0] == STREAM_FIRST_BYTE_CONTROL) {
		conn_want_close(c, CLOSE_PROTOCOL, "second control stream");
		return ERR_MALFORMED;
	} else if (v->data[0] == STREAM_FIRST_BYTE_GOSSIP) {
		s->kind = STREAM_GOSSIP;
	} else {
		return ERR_UNKNOWN;
	}
	v->data++;
	v->len--;
	return ERR_OK;
}

static void
push_frame(struct stream *s, enum quic_event_kind kind, const struct frame *f)
{
	struct quic_event ev = conn_event(s->conn, kind);

	ev.stream = s->id;
	ev.tag = f->tag;
	ev.bytes = f->payload;
	events_push(s->conn->endpoint, &ev);
}

static int
parse_control(struct stream *s, struct view *v)
{
	struct frame f;
	int err = v->len == 0 ? ERR_TRUNCATED : frame_decode(v, &f);

	if (err == ERR_OK && f.payload.len > FRAME_CONTROL_LEN_MAX)
		err = ERR_LIMIT;
	if (err == ERR_OK)
		push_frame(s, QUIC_CONTROL, &f);
	return err;
}

static int
parse_request(struct stream *s, struct view *v)
{
	struct frame f;
	int err;

	if (s->requested)
		return v->len == 0 ? ERR_TRUNCATED : ERR_MALFORMED;
	err = v->len == 0 ? ERR_TRUNCATED : frame_decode(v, &f);
	if (err == ERR_OK) {
		s->requested = s->told = true;
		push_frame(s, QUIC_REQUEST, &f);
	}
	return err;
}

static int
parse_response(struct stream *s, struct view *v)
{
	struct frame f;
	int err = v->len == 0 ? ERR_TRUNCATED : frame_decode(v, &f);

	if (err == ERR_OK) {
		stream_progress(s);
		push_frame(s, QUIC_RESPONSE, &f);
	}
	return err;
}

/* length u32 big endian || body; the first body is the topic (PROTOCOL.md 3). */
static int
parse_gossip(struct stream *s, struct view *v)
{
	struct conn *c = s->conn;
	struct quic_event ev;
	uint32_t len;

	if (v->len < 4)
		return ERR_TRUNCATED;
	len = (uint32_t)v->data[0] << 24 | (uint32_t)v->data[1] << 16 |
		(uint32_t)v->data[2] << 8 | v->data[3];
	if (len > GOSSIP_MESSAGE_LEN)
		return ERR_LIMIT;
	if (!s->has_topic && len != sizeof s->topic.bytes)
		return ERR_MALFORMED;
	if (v->len - 4 < len)
		return ERR_TRUNCATED;
	if (s->has_topic) {
		ev = conn_event(c, QUIC_GOSSIP);
		ev.stream = s->id;
		ev.topic = s->topic;
		ev.bytes = (struct view){ v->data + 4, len };
		events_push(c->endpoint, &ev);
	} else {
		memcpy(s->topic.bytes, v->data + 4, sizeof s->topic.bytes);
		s->has_topic = s->told = true;
		heap_cancel(&c->endpoint->stream_timers, &s->timer);
	}
	v->data += 4 + len;
	v->len -= 4 + len;
	return ERR_OK;
}

static parse_fn *const parsers[STREAM_KINDS] = {
	[STREAM_NEW] = parse_first_byte,
	[STREAM_CONTROL] = parse_control,
	[STREAM_GOSSIP] = parse_gossip,
	[STREAM_REQUEST] = parse_request,
	[STREAM_RESPONSE] = parse_response,
};

static void
broken(struct stream *s)
{
	s->conn->endpoint->stats.streams_broken++;
	if (s->kind == STREAM_CONTROL)
		conn_want_close(s->conn, CLOSE_PROTOCOL, "broken control stream");
	else
		stream_abort(s, CLOSE_PROTOCOL);
}

/* Consumes all whole items; false when the stream is broken. */
static bool
parse_items(struct stream *s, struct view *v)
{
	int err;

	do {
		err = parsers[s->kind] ? parsers[s->kind](s, v) : ERR_CLOSED;
	} while (err == ERR_OK);
	if (err == ERR_TRUNCATED)
		return true;
	if (s->kind != STREAM_DEAD)
		broken(s);
	return false;
}

/* Parses in place as far as it goes; the beginning of a frame is kept. False: broken. */
static bool
parse_bytes(struct stream *s, const uint8_t *data, size_t len, size_t *consumed)
{
	struct view v;
	size_t take;

	while (len > 0) {
		if (s->in.len == 0) {
			v = (struct view){ data, len };
			if (!parse_items(s, &v))
				return false;
			*consumed += len - v.len;
			buf_put(&s->in, v.data, v.len);
			return !s->in.failed;
		}
		take = s->in.max - s->in.len < len ? s->in.max - s->in.len : len;
		buf_put(&s->in, data, take);
		data += take;
		len -= take;
		v = (struct view){ s->in.data, s->in.len };
		if (!parse_items(s, &v))
			return false;
		take = s->in.len - v.len;
		*consumed += take;
		buf_drop(&s->in, take);
		if (take == 0 && s->in.len == s->in.max)
			return false;
	}
	return true;
}

static void
finished(struct stream *s)
{
	if (s->kind == STREAM_CONTROL) {
		conn_want_close(s->conn, CLOSE_PROTOCOL, "control stream ended");
	} else if (s->in.len > 0 || s->kind == STREAM_NEW ||
		(s->kind == STREAM_REQUEST && !s->requested)) {
		broken(s);
	} else if (s->kind == STREAM_REQUEST) {
		stream_progress(s);	/* now the answer has its time */
	} else {
		stream_tell_end(s, true);
	}
}

void
stream_parse(struct stream *s, const uint8_t *data, size_t len, bool fin)
{
	size_t consumed = 0;

	if (fin)
		stream_over(s);
	s->uncredited_len += len;
	if (s->kind == STREAM_DEAD || !parse_bytes(s, data, len, &consumed)) {
		if (s->kind != STREAM_DEAD && !s->conn->close_wanted)
			broken(s);
		buf_fini(&s->in);
		stream_credit_all(s);
		return;
	}
	stream_credit(s, consumed);
	if (s->in.len == 0)
		buf_fini(&s->in);	/* an idle stream holds no memory */
	if (fin)
		finished(s);
}
