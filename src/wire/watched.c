/* SPDX-License-Identifier: MIT */
#include "wire/watched.h"

#include <string.h>

#include "base/err.h"
#include "wire/postcard.h"

#define DIALED 1u
#define OVERLAY 2u
#define OBSERVER 4u

void
watched_ask_put(struct buf *b, const struct watched_ask *a)
{
	varint_put(b, a->topics);
	varint_put(b, a->since_spans);
	varint_put(b, a->since_events);
}

int
watched_ask_read(struct view *v, struct watched_ask *a)
{
	int err = varint_u32(v, &a->topics);

	if (!err)
		err = varint_u64(v, &a->since_spans);
	return err ? err : varint_u64(v, &a->since_events);
}

void
watched_head_put(struct buf *b, uint64_t wall_us)
{
	varint_put(b, wall_us);
}

int
watched_head_read(struct view *v, uint64_t *wall_us)
{
	return varint_u64(v, wall_us);
}

void
watched_item_put(
	struct buf *b, enum watched_topic topic, uint64_t lost, const struct buf *body)
{
	buf_put_u8(b, (uint8_t)topic);
	varint_put(b, lost);
	postcard_put_bytes(b, body->data, body->len);
}

int
watched_item_read(struct view *v, struct watched_item *i)
{
	int err = postcard_u8(v, &i->topic);

	if (!err)
		err = varint_u64(v, &i->lost);
	return err ? err : postcard_bytes(v, WATCH_FRAME_LEN_MAX, &i->body);
}

int
watched_span_read(struct view v, struct watched_span *s)
{
	int err;

	*s = (struct watched_span){ .seq = 0 };
	if ((err = varint_u64(&v, &s->seq)) || (err = varint_u64(&v, &s->wall_us)) ||
		(err = postcard_fixed(&v, s->trace, sizeof s->trace)))
		return err;
	return span_read(&v, &s->span);
}

void
watched_event_put(struct buf *b, const struct watched_event *e)
{
	varint_put(b, e->seq);
	varint_put(b, e->wall_us);
	postcard_put_text(b, e->kind);
	postcard_put_id(b, &e->id);
	postcard_put_text(b, e->source);
	postcard_put_text(b, e->node);
	postcard_put_text(b, e->mesh);
	postcard_put_text(b, e->text);
}

int
watched_event_read(struct view v, struct watched_event *e)
{
	int err;

	*e = (struct watched_event){ .seq = 0 };
	if ((err = varint_u64(&v, &e->seq)) || (err = varint_u64(&v, &e->wall_us)) ||
		(err = postcard_text(&v, e->kind, sizeof e->kind)) ||
		(err = postcard_id(&v, &e->id)) ||
		(err = postcard_text(&v, e->source, sizeof e->source)) ||
		(err = postcard_text(&v, e->node, sizeof e->node)) ||
		(err = postcard_text(&v, e->mesh, sizeof e->mesh)))
		return err;
	return postcard_text(&v, e->text, sizeof e->text);
}

void
watched_part_put(struct buf *b, const struct watched_part *p)
{
	varint_put(b, p->first);
	varint_put(b, p->total);
}

int
watched_part_read(struct view *v, struct watched_part *p)
{
	int err = varint_u32(v, &p->first);

	return err ? err : varint_u32(v, &p->total);
}

void
watched_link_put(struct buf *b, const struct watched_link *k)
{
	const uint64_t figures[] = { k->rtt_ns, k->cwnd_bytes, k->age_ms, k->bytes_sent,
		k->bytes_received, k->packets_sent, k->packets_received,
		k->packets_lost };

	postcard_put_id(b, &k->peer);
	postcard_put_text(b, k->name);
	buf_put_u8(b, (k->dialed ? DIALED : 0) | (k->overlay ? OVERLAY : 0) |
		(k->observer ? OBSERVER : 0));
	postcard_put_address(b, &k->remote);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		varint_put(b, figures[i]);
}

int
watched_link_read(struct view *v, struct watched_link *k)
{
	uint64_t *const figures[] = { &k->rtt_ns, &k->cwnd_bytes, &k->age_ms,
		&k->bytes_sent, &k->bytes_received, &k->packets_sent,
		&k->packets_received, &k->packets_lost };
	uint8_t flags = 0;
	int err;

	if ((err = postcard_id(v, &k->peer)) ||
		(err = postcard_text(v, k->name, sizeof k->name)) ||
		(err = postcard_u8(v, &flags)) ||
		(err = postcard_address(v, &k->remote)))
		return err;
	k->dialed = flags & DIALED;
	k->overlay = flags & OVERLAY;
	k->observer = flags & OBSERVER;
	for (size_t i = 0; i < sizeof figures / sizeof *figures && !err; i++)
		err = varint_u64(v, figures[i]);
	return err;
}

void
watched_object_put(struct buf *b, const struct watched_object *o)
{
	postcard_put_text(b, o->name);
	postcard_put_bool(b, o->count);
	varint_put(b, o->made);
	varint_put(b, o->destroyed);
}

int
watched_object_read(struct view *v, struct watched_object *o)
{
	int err;

	if ((err = postcard_text(v, o->name, sizeof o->name)) ||
		(err = postcard_bool(v, &o->count)) || (err = varint_u64(v, &o->made)))
		return err;
	return varint_u64(v, &o->destroyed);
}

void
watched_message_put(struct buf *b, const struct watched_message *m)
{
	varint_put(b, m->seq);
	varint_put(b, m->wall_us);
	postcard_put_bool(b, m->sent);
	postcard_put_text(b, m->kind);
	postcard_put_id(b, &m->peer);
	varint_put(b, m->bytes);
	postcard_put_text(b, m->summary);
}

int
watched_message_read(struct view v, struct watched_message *m)
{
	int err;

	if ((err = varint_u64(&v, &m->seq)) || (err = varint_u64(&v, &m->wall_us)) ||
		(err = postcard_bool(&v, &m->sent)) ||
		(err = postcard_text(&v, m->kind, sizeof m->kind)) ||
		(err = postcard_id(&v, &m->peer)) || (err = varint_u32(&v, &m->bytes)))
		return err;
	return postcard_text(&v, m->summary, sizeof m->summary);
}
