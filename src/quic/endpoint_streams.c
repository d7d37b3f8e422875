/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "quic/conn.h"
#include "wire/frame.h"

/* The sending half of endpoint.h. */

/* A connection that can carry what goes on `alpn`; NULL and *err when there is none. */
static struct conn *
conn_for(struct endpoint *e, uint64_t number, bool native_only, int *err)
{
	struct conn *c = conn_find(e, number);

	if (c == NULL || c->close_wanted)
		*err = ERR_UNKNOWN;
	else if (!c->up || (native_only && c->alpn != ALPN_MESHTUI))
		*err = ERR_STATE;
	else
		return c;
	return NULL;
}

static int
put_frame(struct stream *s, uint8_t tag, const void *payload, size_t len)
{
	struct endpoint *e = s->conn->endpoint;
	struct buf b;
	int err;

	buf_init(&b, FRAME_LEN_MAX + 16);
	frame_encode(&b, tag, payload, len);
	err = b.failed ? ERR_ARGUMENT : stream_put(s, b.data, b.len);
	buf_fini(&b);
	if (err == ERR_OK)
		e->stats.frames_sent[traffic_of_frame(tag)]++;
	return err;
}

int
endpoint_control(
	struct endpoint *e, uint64_t conn, uint8_t tag, const void *payload, size_t len)
{
	static const uint8_t first = STREAM_FIRST_BYTE_CONTROL;
	int err;
	struct conn *c = conn_for(e, conn, true, &err);

	if (c == NULL)
		return err;
	if (c->control_out == NULL) {
		err = stream_open(c, STREAM_CONTROL, false, &c->control_out);
		if (err == ERR_OK)
			err = stream_put(c->control_out, &first, 1);
		if (err)
			return err;
	}
	return put_frame(c->control_out, tag, payload, len);
}

/* The header goes with the first message: a receiver waits for it before it reads on. */
static int
open_gossip(struct conn *c, const struct peer_id *topic, struct stream **s)
{
	uint8_t head[1 + 4 + sizeof topic->bytes] = { STREAM_FIRST_BYTE_GOSSIP, 0, 0, 0,
		32 };
	size_t skip = c->alpn == ALPN_GOSSIP ? 1 : 0;
	int err = stream_open(c, STREAM_GOSSIP, false, s);

	if (err)
		return err;
	(*s)->topic = *topic;
	(*s)->has_topic = true;
	memcpy(head + 5, topic->bytes, sizeof topic->bytes);
	return stream_put(*s, head + skip, sizeof head - skip);
}

/* What may wait knows since when; the rest leaves at once. */
static int
put_gossip(struct endpoint *e, uint64_t conn, const struct peer_id *topic,
	const void *body, size_t len, uint64_t calm_ns)
{
	uint8_t message[4 + GOSSIP_MESSAGE_LEN];
	int err;
	struct conn *c = conn_for(e, conn, false, &err);
	struct stream *s;

	if (c == NULL)
		return err;
	if (len >= GOSSIP_MESSAGE_LEN)	/* receivers take <=, writers keep to < */
		return ERR_ARGUMENT;
	s = stream_find_gossip(c, topic);
	if (s == NULL && (err = open_gossip(c, topic, &s)) != ERR_OK)
		return err;
	message[0] = message[1] = 0;
	message[2] = (uint8_t)(len >> 8);
	message[3] = (uint8_t)len;
	if (len > 0)
		memcpy(message + 4, body, len);
	err = calm_ns ? stream_put_calm(s, message, 4 + len, calm_ns)
		      : stream_put(s, message, 4 + len);
	if (err == ERR_OK)
		e->stats.frames_sent[traffic_of_gossip((struct view){ body, len })]++;
	return err;
}

int
endpoint_gossip(struct endpoint *e, uint64_t conn, const struct peer_id *topic,
	const void *body, size_t len)
{
	return put_gossip(e, conn, topic, body, len, 0);
}

int
endpoint_gossip_calm(struct endpoint *e, uint64_t conn, const struct peer_id *topic,
	const void *body, size_t len, uint64_t now_ns)
{
	return put_gossip(e, conn, topic, body, len, now_ns);
}

int
endpoint_gossip_offsets(const struct endpoint *e, uint64_t conn,
	const struct peer_id *topic, uint64_t *end, uint64_t *acked)
{
	const struct conn *c = conn_find(e, conn);
	const struct stream *s = c ? stream_find_gossip(c, topic) : NULL;

	if (s == NULL)
		return ERR_UNKNOWN;
	*end = s->out.end;
	*acked = s->out.acked;
	return ERR_OK;
}

int
endpoint_gossip_finish(struct endpoint *e, uint64_t conn, const struct peer_id *topic)
{
	int err;
	struct conn *c = conn_for(e, conn, false, &err);
	struct stream *s = c ? stream_find_gossip(c, topic) : NULL;

	if (c == NULL)
		return err;
	if (s == NULL)
		return ERR_UNKNOWN;
	stream_put_fin(s);
	return ERR_OK;
}

int
endpoint_request(struct endpoint *e, uint64_t conn, uint8_t tag, const void *payload,
	size_t len, int64_t *stream)
{
	int err;
	struct conn *c = conn_for(e, conn, true, &err);
	struct stream *s;

	if (c == NULL)
		return err;
	if (len > frame_limit(tag))
		return ERR_ARGUMENT;
	if (c->queued_len + len + 16 > QUIC_CONN_SEND_LEN_MAX)
		return ERR_LIMIT;
	err = stream_open(c, STREAM_RESPONSE, true, &s);
	if (err)
		return err;
	err = put_frame(s, tag, payload, len);
	if (err) {
		stream_abort(s, CLOSE_LIMIT);
		return err;
	}
	stream_put_fin(s);
	stream_progress_soon(s);
	s->told = true;
	*stream = s->id;
	return ERR_OK;
}

static struct stream *
request_stream(struct conn *c, int64_t id)
{
	struct stream *s = stream_find(c, id);

	return s && (s->kind == STREAM_REQUEST || s->kind == STREAM_RESPONSE) ? s : NULL;
}

int
endpoint_respond(struct endpoint *e, uint64_t conn, int64_t stream, uint8_t tag,
	const void *payload, size_t len, bool last)
{
	int err;
	struct conn *c = conn_for(e, conn, true, &err);
	struct stream *s = c ? request_stream(c, stream) : NULL;

	if (c == NULL)
		return err;
	if (s == NULL || s->kind != STREAM_REQUEST || s->fin)
		return ERR_UNKNOWN;
	/* Many that ask and do not read must not fill the memory: one alone cannot. */
	if (e->queued_len + len > e->config.answers_len_max)
		return ERR_LIMIT;
	err = put_frame(s, tag, payload, len);
	if (err)
		return err;
	stream_progress_soon(s);
	if (last)
		stream_put_fin(s);
	return ERR_OK;
}

int
endpoint_reset_stream(struct endpoint *e, uint64_t conn, int64_t stream)
{
	int err;
	struct conn *c = conn_for(e, conn, true, &err);
	struct stream *s = c ? request_stream(c, stream) : NULL;

	if (c == NULL)
		return err;
	if (s == NULL)
		return ERR_UNKNOWN;
	stream_abort(s, CLOSE_GOING_AWAY);
	return ERR_OK;
}

int
endpoint_stream_deadline(
	struct endpoint *e, uint64_t conn, int64_t stream, uint64_t due_ns)
{
	int err;
	struct conn *c = conn_for(e, conn, true, &err);
	struct stream *s = c ? request_stream(c, stream) : NULL;

	if (c == NULL)
		return err;
	if (s == NULL)
		return ERR_UNKNOWN;
	s->deadline_wanted = false;
	heap_arm(&e->stream_timers, &s->timer, due_ns);
	return ERR_OK;
}

size_t
endpoint_stream_queued(const struct endpoint *e, uint64_t conn, int64_t stream)
{
	struct conn *c = conn_find(e, conn);
	struct stream *s = c ? request_stream(c, stream) : NULL;

	return s ? (size_t)(s->out.end - s->out.acked) : 0;
}
