/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/sim/plain_state.h"

/* Records of the stand-in endpoint: what goes over a connection that is up. */

void
plain_push(struct endpoint *e, const struct quic_event *ev)
{
	struct plain_event *it = mem_new(MEM_QUIC_EVENT, sizeof(*it) + ev->bytes.len);

	it->ev = *ev;
	if (ev->bytes.len > 0)
		memcpy(it->bytes, ev->bytes.data, ev->bytes.len);
	it->ev.bytes.data = it->bytes;
	STAILQ_INSERT_TAIL(&e->events, it, link);
}

bool
endpoint_next_event(struct endpoint *e, struct quic_event *ev)
{
	struct plain_event *it = STAILQ_FIRST(&e->events);

	mem_free(MEM_QUIC_EVENT, e->current);
	e->current = it;
	if (it == NULL)
		return false;
	STAILQ_REMOVE_HEAD(&e->events, link);
	*ev = it->ev;
	return true;
}

struct quic_event
plain_event_of(const struct plain_conn *c, enum quic_event_kind kind)
{
	struct quic_event ev = {.kind = kind,
		.conn = c->number,
		.peer = c->peer,
		.alpn = ALPN_MESHTUI,
		.dialed = c->dialed,
		.path = c->path};

	return ev;
}

int
plain_put(struct endpoint *e, uint64_t conn, enum plain_record kind, uint8_t tag,
	int64_t stream, struct view head, struct view body)
{
	struct plain_conn *c = plain_find(e, conn);
	uint8_t first[PLAIN_RECORD_HEAD] = {(uint8_t)kind, tag};
	uint32_t len = (uint32_t)(head.len + body.len);

	if (c == NULL)
		return ERR_UNKNOWN;
	if (c->state != PLAIN_UP)
		return ERR_STATE;
	if (c->out.len + len + sizeof(first) > QUIC_STREAM_SEND_LEN_MAX)
		return ERR_LIMIT;
	memcpy(first + 2, &stream, 8);
	memcpy(first + 10, &len, 4);
	buf_put(&c->out, first, sizeof(first));
	buf_put(&c->out, head.data, head.len);
	buf_put(&c->out, body.data, body.len);
	plain_dirty(c);
	return ERR_OK;
}

static void
take(struct plain_conn *c, const uint8_t *head, struct view body)
{
	static const enum quic_event_kind kinds[] = {
		[PLAIN_CONTROL] = QUIC_CONTROL,
		[PLAIN_GOSSIP] = QUIC_GOSSIP,
		[PLAIN_GOSSIP_END] = QUIC_GOSSIP_END,
		[PLAIN_REQUEST] = QUIC_REQUEST,
		[PLAIN_RESPONSE] = QUIC_RESPONSE,
		[PLAIN_END] = QUIC_STREAM_END,
	};
	struct quic_event ev = plain_event_of(c, kinds[head[0]]);

	ev.tag = head[1];
	ev.clean = head[1] != 0;
	memcpy(&ev.stream, head + 2, 8);
	if (head[0] == PLAIN_GOSSIP || head[0] == PLAIN_GOSSIP_END) {
		memcpy(&ev.topic, body.data, sizeof(ev.topic));
		body.data += sizeof(ev.topic);
		body.len -= sizeof(ev.topic);
	}
	ev.bytes = body;
	plain_push(c->endpoint, &ev);
}

void
plain_records(struct plain_conn *c)
{
	size_t at = 0;

	while (c->in.len - at >= PLAIN_RECORD_HEAD) {
		const uint8_t *head = c->in.data + at;
		uint32_t len;

		memcpy(&len, head + 10, 4);
		if (c->in.len - at - PLAIN_RECORD_HEAD < len)
			break;
		take(c, head, (struct view){head + PLAIN_RECORD_HEAD, len});
		at += PLAIN_RECORD_HEAD + len;
	}
	buf_drop(&c->in, at);
}

int
endpoint_control(
	struct endpoint *e, uint64_t conn, uint8_t tag, const void *payload, size_t len)
{
	return plain_put(e, conn, PLAIN_CONTROL, tag, 0, (struct view){NULL, 0},
		(struct view){payload, len});
}

int
endpoint_gossip(struct endpoint *e, uint64_t conn, const struct peer_id *topic,
	const void *body, size_t len)
{
	return plain_put(e, conn, PLAIN_GOSSIP, 0, 0,
		(struct view){topic->bytes, sizeof(topic->bytes)},
		(struct view){body, len});
}

int
endpoint_gossip_calm(struct endpoint *e, uint64_t conn, const struct peer_id *topic,
	const void *body, size_t len, uint64_t now_ns)
{
	struct plain_conn *c = plain_find(e, conn);
	bool alone = c != NULL && !c->dirty;
	int err = endpoint_gossip(e, conn, topic, body, len);

	if (err || !alone)
		return err;
	c->dirty = false;
	TAILQ_REMOVE(&e->dirty, c, dirty_link);
	if (c->ack_ns > endpoint_moment(now_ns))
		c->ack_ns = endpoint_moment(now_ns);
	plain_arm(c);
	return ERR_OK;
}

uint64_t
endpoint_moment(uint64_t now_ns)
{
	return (now_ns / QUIC_MOMENTS + 1) * QUIC_MOMENTS;
}

int
endpoint_gossip_finish(struct endpoint *e, uint64_t conn, const struct peer_id *topic)
{
	return plain_put(e, conn, PLAIN_GOSSIP_END, 1, 0,
		(struct view){topic->bytes, sizeof(topic->bytes)},
		(struct view){NULL, 0});
}

int
endpoint_request(struct endpoint *e, uint64_t conn, uint8_t tag, const void *payload,
	size_t len, int64_t *stream)
{
	struct plain_conn *c = plain_find(e, conn);

	if (c == NULL)
		return ERR_UNKNOWN;
	*stream = 4 * c->next_stream++ + !c->dialed;
	return plain_put(e, conn, PLAIN_REQUEST, tag, *stream, (struct view){NULL, 0},
		(struct view){payload, len});
}

int
endpoint_respond(struct endpoint *e, uint64_t conn, int64_t stream, uint8_t tag,
	const void *payload, size_t len, bool last)
{
	struct view none = {NULL, 0};
	int err = plain_put(e, conn, PLAIN_RESPONSE, tag, stream, none,
		(struct view){payload, len});

	return err || !last ? err : plain_put(e, conn, PLAIN_END, 1, stream, none, none);
}

int
endpoint_reset_stream(struct endpoint *e, uint64_t conn, int64_t stream)
{
	struct view none = {NULL, 0};

	return plain_put(e, conn, PLAIN_END, 0, stream, none, none);
}

/* Nothing is left open here: a record is whole or was not sent. */
int
endpoint_stream_deadline(
	struct endpoint *e, uint64_t conn, int64_t stream, uint64_t due_ns)
{
	(void)stream;
	(void)due_ns;
	return plain_find(e, conn) != NULL ? ERR_OK : ERR_UNKNOWN;
}

/* One queue for all: what waits in it is not acknowledged. */
int
endpoint_gossip_offsets(const struct endpoint *e, uint64_t conn,
	const struct peer_id *topic, uint64_t *end, uint64_t *acked)
{
	const struct plain_conn *c = plain_find(e, conn);

	(void)topic;
	if (c == NULL)
		return ERR_UNKNOWN;
	*acked = c->out_base;
	*end = c->out_base + c->out.len;
	return ERR_OK;
}

size_t
endpoint_stream_queued(const struct endpoint *e, uint64_t conn, int64_t stream)
{
	const struct plain_conn *c = plain_find(e, conn);

	(void)stream;
	return c != NULL ? c->out.len : 0;
}
