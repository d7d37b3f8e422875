/* SPDX-License-Identifier: MIT */
#include "tests/unit/gossip_rig.h"

#include <assert.h>
#include <string.h>

#include "base/blake3.h"

struct peer_id
rig_peer(unsigned number)
{
	struct peer_id id = {{0}};

	id.bytes[0] = (uint8_t)(number + 1);
	id.bytes[31] = (uint8_t)(number >> 8);
	return id;
}

static void
note_timers(struct rig *r, size_t from)
{
	for (size_t i = from; i < outbox_count(r->out); i++) {
		const struct gossip_out *o = outbox_at(r->out, i);

		if (o->kind != GOSSIP_OUT_TIMER)
			continue;
		assert(r->timer_count < RIG_TIMERS_MAX);
		r->timers[r->timer_count].timer = o->timer;
		r->timers[r->timer_count++].due_ns = o->due_ns;
	}
}

void
rig_init(struct rig *r, void (*change)(struct gossip_config *))
{
	*r = (struct rig){.now_ns = SECONDS(1000)};
	gossip_config_default(&r->config);
	r->config.self = rig_peer(0);
	if (change)
		change(&r->config);
	r->out = outbox_new();
	r->topic = topic_new(&r->config, r->now_ns, r->out);
	note_timers(r, 0);
}

void
rig_fini(struct rig *r)
{
	topic_free(r->topic);
	outbox_free(r->out);
}

static void
handle(struct rig *r, const struct gossip_in *in)
{
	outbox_clear(r->out);
	topic_handle(r->topic, in, r->now_ns, r->out);
	note_timers(r, 0);
}

void
rig_bytes(struct rig *r, enum gossip_in_kind kind, unsigned peer, const void *bytes,
	size_t len)
{
	handle(r, &(struct gossip_in){
			  .kind = kind, .peer = rig_peer(peer), .bytes = {bytes, len},
			  .calm = r->calm,
			  .brisk = r->brisk});
}

void
rig_in(struct rig *r, enum gossip_in_kind kind, unsigned peer)
{
	rig_bytes(r, kind, peer, NULL, 0);
}

void
rig_message(struct rig *r, unsigned from, const struct gossip_msg *m)
{
	struct buf b;

	buf_init(&b, 2 * FRAME_LEN_MAX);
	gossip_msg_encode(&b, m);
	assert(!b.failed);
	rig_bytes(r, GOSSIP_IN_MESSAGE, from, b.data, b.len);
	buf_fini(&b);
}

void
rig_simple(struct rig *r, unsigned from, enum gossip_msg_kind kind)
{
	struct gossip_msg m = {.kind = kind};

	rig_message(r, from, &m);
}

void
rig_neighbor(struct rig *r, unsigned from, enum gossip_priority priority)
{
	struct gossip_msg m = {.kind = GOSSIP_NEIGHBOR, .neighbor.priority = priority};

	rig_message(r, from, &m);
}

void
rig_disconnect(struct rig *r, unsigned from, bool alive)
{
	struct gossip_msg m = {.kind = GOSSIP_DISCONNECT, .disconnect.alive = alive};

	rig_message(r, from, &m);
}

void
rig_forward_join(struct rig *r, unsigned from, unsigned peer, uint16_t ttl)
{
	struct gossip_msg m = {.kind = GOSSIP_FORWARD_JOIN, .forward_join.ttl = ttl};

	m.forward_join.peer.id = rig_peer(peer);
	rig_message(r, from, &m);
}

void
rig_shuffle(struct rig *r, unsigned from, unsigned origin, const unsigned *nodes,
	size_t count, uint16_t ttl)
{
	struct gossip_msg m = {.kind = GOSSIP_SHUFFLE};

	m.shuffle.origin = rig_peer(origin);
	m.shuffle.ttl = ttl;
	m.shuffle.count = count;
	for (size_t i = 0; i < count; i++)
		m.shuffle.nodes[i].id = rig_peer(nodes[i]);
	rig_message(r, from, &m);
}

void
rig_nodes(struct rig *r, unsigned from, const unsigned *nodes, size_t count)
{
	struct gossip_msg m = {.kind = GOSSIP_SHUFFLE_REPLY};

	m.shuffle_reply.count = count;
	for (size_t i = 0; i < count; i++)
		m.shuffle_reply.nodes[i].id = rig_peer(nodes[i]);
	rig_message(r, from, &m);
}

struct peer_id
rig_payload(struct rig *r, unsigned from, const char *text, uint16_t round)
{
	struct gossip_msg m = {.kind = GOSSIP_PAYLOAD, .payload.round = round};

	blake3(m.payload.id.bytes, text, strlen(text));
	m.payload.content = (struct view){(const uint8_t *)text, strlen(text)};
	rig_message(r, from, &m);
	return m.payload.id;
}

void
rig_ihave(struct rig *r, unsigned from, const struct peer_id *id, uint16_t round)
{
	struct gossip_msg m = {.kind = GOSSIP_IHAVE, .ihave.count = 1};

	m.ihave.items[0] = (struct gossip_ihave){*id, round};
	rig_message(r, from, &m);
}

void
rig_advance(struct rig *r, uint64_t for_ns)
{
	uint64_t until_ns = r->now_ns + for_ns;

	outbox_clear(r->out);
	for (;;) {
		size_t first = r->timer_count, before = outbox_count(r->out);
		struct gossip_in in = {.kind = GOSSIP_IN_TIMER};

		for (size_t i = 0; i < r->timer_count; i++) {
			if (r->timers[i].due_ns <= until_ns &&
				(first == r->timer_count ||
					r->timers[i].due_ns < r->timers[first].due_ns))
				first = i;
		}
		if (first == r->timer_count)
			break;
		in.timer = r->timers[first].timer;
		if (r->timers[first].due_ns > r->now_ns)
			r->now_ns = r->timers[first].due_ns;
		r->timers[first] = r->timers[--r->timer_count];
		topic_handle(r->topic, &in, r->now_ns, r->out);
		note_timers(r, before);
	}
	r->now_ns = until_ns;
}

static size_t
count_sent(const struct rig *r, const struct peer_id *to, enum gossip_msg_kind kind,
	struct gossip_msg *first)
{
	size_t count = 0;

	for (size_t i = 0; i < outbox_count(r->out); i++) {
		const struct gossip_out *o = outbox_at(r->out, i);
		struct gossip_msg m;

		if (o->kind != GOSSIP_OUT_SEND || (to && !id_equal(&o->peer, to)))
			continue;
		if (gossip_msg_decode(&m, (struct view){o->bytes, o->bytes_len}) < 0 ||
			m.kind != kind)
			continue;
		if (count++ == 0 && first)
			*first = m;
	}
	return count;
}

size_t
rig_sent(
	const struct rig *r, unsigned to, enum gossip_msg_kind kind, struct gossip_msg *m)
{
	struct peer_id id = rig_peer(to);

	return count_sent(r, &id, kind, m);
}

size_t
rig_sent_any(const struct rig *r, enum gossip_msg_kind kind)
{
	return count_sent(r, NULL, kind, NULL);
}

size_t
rig_count(const struct rig *r, enum gossip_out_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < outbox_count(r->out); i++)
		count += outbox_at(r->out, i)->kind == kind;
	return count;
}

bool
rig_changed(const struct rig *r, unsigned peer, enum neighbor_change change)
{
	struct peer_id id = rig_peer(peer);

	for (size_t i = 0; i < outbox_count(r->out); i++) {
		const struct gossip_out *o = outbox_at(r->out, i);

		if (o->kind == GOSSIP_OUT_NEIGHBOR && id_equal(&o->peer, &id) &&
			o->change == change)
			return true;
	}
	return false;
}

bool
rig_hung_up(const struct rig *r, unsigned peer)
{
	struct peer_id id = rig_peer(peer);

	for (size_t i = 0; i < outbox_count(r->out); i++) {
		const struct gossip_out *o = outbox_at(r->out, i);

		if (o->kind == GOSSIP_OUT_HANG_UP && id_equal(&o->peer, &id))
			return true;
	}
	return false;
}

static bool
is_in(const struct rig *r, size_t (*view)(const struct topic *, struct peer_id *, size_t),
	unsigned peer)
{
	struct peer_id ids[GOSSIP_PASSIVE_VIEW_MAX], id = rig_peer(peer);
	size_t count = view(r->topic, ids, GOSSIP_PASSIVE_VIEW_MAX);

	for (size_t i = 0; i < count; i++) {
		if (id_equal(&ids[i], &id))
			return true;
	}
	return false;
}

bool
rig_is_active(const struct rig *r, unsigned peer)
{
	return is_in(r, topic_active, peer);
}

bool
rig_is_passive(const struct rig *r, unsigned peer)
{
	return is_in(r, topic_passive, peer);
}

bool
rig_is_pending(const struct rig *r, unsigned peer)
{
	return is_in(r, topic_pending, peer);
}

bool
rig_is_eager(const struct rig *r, unsigned peer)
{
	return is_in(r, topic_eager, peer);
}

void
rig_fill(struct rig *r, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		rig_simple(r, first + i, GOSSIP_JOIN);
}
