/* SPDX-License-Identifier: MIT */
#include "gossip/outbox.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"

struct outbox {
	struct gossip_out *at;
	size_t count, cap;
	uint64_t dropped;
	struct buf scratch; /* one message is encoded at a time */
};

static struct gossip_out *
push(struct outbox *o, enum gossip_out_kind kind, const struct peer_id *peer)
{
	struct gossip_out *e;

	if (o->count == o->cap) {
		o->cap = o->cap ? 2 * o->cap : 16;
		o->at = mem_resize(o->at, o->cap, sizeof(*o->at));
	}
	e = &o->at[o->count++];
	*e = (struct gossip_out){.kind = kind};
	if (peer)
		e->peer = *peer;
	mem_made(MEM_OUTBOX_ENTRY);
	return e;
}

static void
put_bytes(struct gossip_out *e, const void *bytes, size_t len)
{
	e->bytes = mem_copy(bytes, len);
	e->bytes_len = len;
}

struct outbox *
outbox_new(void)
{
	struct outbox *o = mem_array(1, sizeof(*o));

	buf_init(&o->scratch, 2 * FRAME_LEN_MAX);
	return o;
}

void
outbox_free(struct outbox *o)
{
	if (!o)
		return;
	outbox_clear(o);
	buf_fini(&o->scratch);
	free(o->at);
	free(o);
}

size_t
outbox_count(const struct outbox *o)
{
	return o->count;
}

const struct gossip_out *
outbox_at(const struct outbox *o, size_t i)
{
	return i < o->count ? &o->at[i] : NULL;
}

void
outbox_clear(struct outbox *o)
{
	for (size_t i = 0; i < o->count; i++) {
		free(o->at[i].bytes);
		mem_destroyed(MEM_OUTBOX_ENTRY);
	}
	o->count = 0;
}

uint64_t
outbox_dropped(const struct outbox *o)
{
	return o->dropped;
}

static void
put_message(struct outbox *o, const struct peer_id *peer, const struct gossip_msg *m,
	enum outbox_haste haste)
{
	struct gossip_out *e;

	if (o->count >= GOSSIP_OUTBOX_MAX) {
		o->dropped++;
		return;
	}
	buf_clear(&o->scratch);
	gossip_msg_encode(&o->scratch, m);
	if (o->scratch.failed) {
		o->dropped++;
		return;
	}
	e = push(o, GOSSIP_OUT_SEND, peer);
	e->calm = haste == OUTBOX_CALM;
	e->bulk = haste == OUTBOX_BULK;
	put_bytes(e, o->scratch.data, o->scratch.len);
}

void
outbox_send(struct outbox *o, const struct peer_id *peer, const struct gossip_msg *m)
{
	put_message(o, peer, m, OUTBOX_SOON);
}

void
outbox_send_calm(struct outbox *o, const struct peer_id *peer, const struct gossip_msg *m)
{
	put_message(o, peer, m, OUTBOX_CALM);
}

void
outbox_send_payload(struct outbox *o, const struct peer_id *peer,
	const struct gossip_msg *m, enum outbox_haste haste)
{
	put_message(o, peer, m, haste);
}

void
outbox_hang_up(struct outbox *o, const struct peer_id *peer)
{
	push(o, GOSSIP_OUT_HANG_UP, peer);
}

void
outbox_timer(struct outbox *o, uint64_t timer, uint64_t due_ns)
{
	struct gossip_out *e = push(o, GOSSIP_OUT_TIMER, NULL);

	e->timer = timer;
	e->due_ns = due_ns;
}

void
outbox_neighbor(struct outbox *o, const struct peer_id *peer, enum neighbor_change change)
{
	push(o, GOSSIP_OUT_NEIGHBOR, peer)->change = change;
}

void
outbox_deliver(
	struct outbox *o, const struct peer_id *from, struct view content, uint16_t hops)
{
	struct gossip_out *e = push(o, GOSSIP_OUT_DELIVER, from);

	put_bytes(e, content.data, content.len);
	e->round = hops;
}

void
outbox_peer_data(struct outbox *o, const struct peer_id *peer, struct view data)
{
	put_bytes(push(o, GOSSIP_OUT_PEER_DATA, peer), data.data, data.len);
}

void
outbox_send_neighbor(struct outbox *o, const struct peer_id *peer,
	enum gossip_priority priority, struct view data)
{
	struct gossip_msg m = {.kind = GOSSIP_NEIGHBOR};

	m.neighbor.priority = priority;
	m.neighbor.data.present = data.len > 0;
	m.neighbor.data.bytes = data;
	outbox_send(o, peer, &m);
}

void
outbox_send_disconnect(struct outbox *o, const struct peer_id *peer, bool alive)
{
	struct gossip_msg m = {.kind = GOSSIP_DISCONNECT};

	m.disconnect.alive = alive;
	outbox_send(o, peer, &m);
}
