/* SPDX-License-Identifier: MIT */
/*
 * A topic driven by strangers: the bytes choose who says what, when time passes, which
 * connections end. Whatever comes, every table stays within its bound, views and requests
 * never overlap, and whoever waits is answered by a timer.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/blake3.h"
#include "base/limits.h"
#include "gossip/gossip.h"
#include "wire/gossip_msg.h"

#define PEERS 40
#define TIMERS_MAX 64
#define VIEW_CAP 64

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct drive {
	struct view input;
	struct topic *topic;
	struct outbox *out;
	uint64_t now_ns;
	struct {
		uint64_t timer, due_ns;
	} timers[TIMERS_MAX];
	size_t timer_count;
};

static uint8_t
take(struct drive *d)
{
	if (d->input.len == 0)
		return 0;
	d->input.len--;
	return *d->input.data++;
}

static struct view
take_bytes(struct drive *d, size_t len)
{
	struct view v = {d->input.data, len < d->input.len ? len : d->input.len};

	d->input.data += v.len;
	d->input.len -= v.len;
	return v;
}

/* Peer 0 is ourselves. */
static struct peer_id
take_peer(struct drive *d)
{
	return (struct peer_id){{(uint8_t)(take(d) % PEERS)}};
}

static void
note_effects(struct drive *d)
{
	for (size_t i = 0; i < outbox_count(d->out); i++) {
		const struct gossip_out *o = outbox_at(d->out, i);
		struct gossip_msg m;

		if (o->kind == GOSSIP_OUT_SEND) {
			assert(o->bytes_len <= GOSSIP_MESSAGE_LEN);
			assert(gossip_msg_decode(
				       &m, (struct view){o->bytes, o->bytes_len}) == 0);
			assert(!id_is_zero(&o->peer));
		} else if (o->kind == GOSSIP_OUT_TIMER) {
			/* A topic asks for few at a time; see OUTSTANDING_MAX. */
			assert(d->timer_count < TIMERS_MAX);
			d->timers[d->timer_count].timer = o->timer;
			d->timers[d->timer_count++].due_ns = o->due_ns;
		}
	}
	outbox_clear(d->out);
}

static void
handle(struct drive *d, const struct gossip_in *in)
{
	topic_handle(d->topic, in, d->now_ns, d->out);
	note_effects(d);
}

static void
advance(struct drive *d, uint64_t for_ns)
{
	uint64_t until_ns = d->now_ns + for_ns;

	for (;;) {
		struct gossip_in in = {.kind = GOSSIP_IN_TIMER};
		size_t first = d->timer_count;

		for (size_t i = 0; i < d->timer_count; i++) {
			if (d->timers[i].due_ns <= until_ns &&
				(first == d->timer_count ||
					d->timers[i].due_ns < d->timers[first].due_ns))
				first = i;
		}
		if (first == d->timer_count)
			break;
		in.timer = d->timers[first].timer;
		if (d->timers[first].due_ns > d->now_ns)
			d->now_ns = d->timers[first].due_ns;
		d->timers[first] = d->timers[--d->timer_count];
		handle(d, &in);
	}
	d->now_ns = until_ns;
}

static void
take_nodes(struct drive *d, struct gossip_peer_info *nodes, size_t *count)
{
	*count = take(d) % 12;
	for (size_t i = 0; i < *count; i++) {
		uint8_t shape = take(d);

		nodes[i].id = take_peer(d);
		nodes[i].data.present = shape & 1;
		nodes[i].data.bytes =
			shape & 1 ? take_bytes(d, shape >> 1) : (struct view){0};
	}
}

static void
take_payload(struct drive *d, struct gossip_msg *m)
{
	uint8_t shape = take(d);

	m->payload.content = take_bytes(d, shape & 7);
	blake3(m->payload.id.bytes, m->payload.content.data, m->payload.content.len);
	m->payload.id.bytes[0] ^= shape >> 7;
	m->payload.neighbors_only = shape & 8;
	m->payload.round = m->payload.neighbors_only ? 0 : (uint16_t)(take(d) * 257);
}

/* A well-formed message of any kind; broken ones come as raw bytes. */
static void
take_message(struct drive *d, struct gossip_msg *m)
{
	m->kind = take(d) % GOSSIP_MSG_KINDS;
	switch (m->kind) {
	case GOSSIP_FORWARD_JOIN:
		m->forward_join.peer.id = take_peer(d);
		m->forward_join.ttl = take(d);
		break;
	case GOSSIP_SHUFFLE:
		m->shuffle.origin = take_peer(d);
		m->shuffle.ttl = take(d);
		take_nodes(d, m->shuffle.nodes, &m->shuffle.count);
		break;
	case GOSSIP_SHUFFLE_REPLY:
		take_nodes(d, m->shuffle_reply.nodes, &m->shuffle_reply.count);
		break;
	case GOSSIP_NEIGHBOR:
		m->neighbor.priority = take(d) & 1;
		break;
	case GOSSIP_DISCONNECT:
		m->disconnect.alive = take(d) & 1;
		break;
	case GOSSIP_PAYLOAD:
		take_payload(d, m);
		break;
	case GOSSIP_GRAFT:
		m->graft.has_id = take(d) & 1;
		blake3(m->graft.id.bytes, d->input.data, 0);
		break;
	case GOSSIP_IHAVE:
		m->ihave.count = take(d) % 8;
		for (size_t i = 0; i < m->ihave.count; i++) {
			m->ihave.items[i].id.bytes[0] = take(d);
			m->ihave.items[i].round = take(d);
		}
		break;
	default:
		break;
	}
}

static void
send_message(struct drive *d)
{
	struct gossip_in in = {.kind = GOSSIP_IN_MESSAGE};
	static const struct gossip_msg none;
	struct gossip_msg m = none;
	struct buf b;

	in.peer = take_peer(d);
	take_message(d, &m);
	buf_init(&b, 2 * FRAME_LEN_MAX);
	gossip_msg_encode(&b, &m);
	in.bytes = (struct view){b.data, b.len};
	handle(d, &in);
	buf_fini(&b);
}

static void
step(struct drive *d)
{
	static const enum gossip_in_kind kinds[] = {GOSSIP_IN_JOIN, GOSSIP_IN_LOST,
		GOSSIP_IN_OBSERVER, GOSSIP_IN_DATA, GOSSIP_IN_BROADCAST,
		GOSSIP_IN_MESSAGE};
	uint8_t what = take(d);
	struct gossip_in in = {0};

	if (what < 128) {
		send_message(d);
	} else if (what < 176) {
		/* Up to a second, rarely up to four minutes. */
		advance(d, what < 170 ? MILLISECONDS(4) * take(d) : SECONDS(1) * take(d));
	} else if (what == 255) {
		in.kind = GOSSIP_IN_QUIT;
		handle(d, &in);
	} else {
		in.kind = kinds[what % (sizeof(kinds) / sizeof(*kinds))];
		in.peer = take_peer(d);
		if (in.kind != GOSSIP_IN_JOIN && in.kind != GOSSIP_IN_LOST)
			in.bytes = take_bytes(d, take(d) % 64);
		handle(d, &in);
	}
}

static bool
has(const struct peer_id *ids, size_t count, const struct peer_id *id)
{
	for (size_t i = 0; i < count; i++) {
		if (id_equal(&ids[i], id))
			return true;
	}
	return false;
}

static void
check(const struct drive *d, size_t active_max)
{
	struct peer_id active[VIEW_CAP], passive[VIEW_CAP], pending[VIEW_CAP],
		eager[VIEW_CAP], observers[VIEW_CAP];
	size_t actives = topic_active(d->topic, active, VIEW_CAP);
	size_t passives = topic_passive(d->topic, passive, VIEW_CAP);
	size_t pendings = topic_pending(d->topic, pending, VIEW_CAP);
	size_t eagers = topic_eager(d->topic, eager, VIEW_CAP);
	size_t observer_count = topic_observers(d->topic, observers, VIEW_CAP);
	struct topic_stats s;

	topic_stats(d->topic, &s);
	assert(actives <= active_max && passives <= GOSSIP_PASSIVE_VIEW);
	assert(pendings <= VIEW_CAP && observer_count <= GOSSIP_OBSERVERS_MAX);
	assert(s.joining <= GOSSIP_JOINS_MAX && s.missing <= GOSSIP_MISSING_MAX);
	assert(s.seen <= GOSSIP_SEEN_MAX && s.cached <= s.seen);
	assert(s.peer_data <= actives + passives + pendings + s.joining);
	for (size_t i = 0; i < actives; i++) {
		assert(!id_is_zero(&active[i]));
		assert(!has(passive, passives, &active[i]));
		assert(!has(pending, pendings, &active[i]));
		assert(!has(observers, observer_count, &active[i]));
	}
	for (size_t i = 0; i < passives; i++) {
		assert(!id_is_zero(&passive[i]));
		assert(!has(observers, observer_count, &passive[i]));
	}
	for (size_t i = 0; i < eagers; i++)
		assert(topic_is_neighbor(d->topic, &eager[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct drive d = {.input = {bytes, len}, .now_ns = SECONDS(10)};
	struct gossip_config c;
	struct topic_stats s;

	gossip_config_default(&c);
	c.observer = take(&d) & 1;
	d.out = outbox_new();
	d.topic = topic_new(&c, d.now_ns, d.out);
	note_effects(&d);
	for (int i = 0; i < 4000 && d.input.len > 0; i++) {
		step(&d);
		check(&d, c.observer ? GOSSIP_OBSERVED_MAX : GOSSIP_ACTIVE_VIEW);
	}
	/* Left alone, it stops waiting: nothing is pending without a timer. */
	advance(&d, SECONDS(300));
	topic_stats(d.topic, &s);
	assert(s.missing == 0 && s.lazy_queued == 0 && s.joining == 0 && s.seen == 0);
	topic_free(d.topic);
	outbox_free(d.out);
	return 0;
}
