/* SPDX-License-Identifier: MIT */
#include "tests/sim/net_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/blake3.h"
#include "base/mem.h"
#include "wire/gossip_msg.h"

#define CONTENT_LEN 320 /* as large as a digest */
#define FNV_OFFSET UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static void
hash(struct net *n, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, p, sizeof(word));
		n->history = (n->history ^ word ^ n->history >> 29) * FNV_PRIME;
	}
	for (size_t i = 0; i < len; i++)
		n->history = (n->history ^ p[i]) * FNV_PRIME;
}

static void
hash_u64(struct net *n, uint64_t value)
{
	hash(n, &value, sizeof(value));
}

static struct net_link *
link_of(struct net *n, size_t a, size_t b)
{
	return a < b ? &n->links[a * n->config.nodes_max + b]
		     : &n->links[b * n->config.nodes_max + a];
}

/* From the seed and the pair alone, so that more nodes do not change it for those before.
 */
static uint64_t
latency(const struct net *n, size_t a, size_t b)
{
	uint64_t range = n->config.latency_max_ns - n->config.latency_min_ns + 1;
	uint64_t x = n->config.seed ^ (a < b ? a << 32 | b : (uint64_t)b << 32 | a);

	/* splitmix64: one call for each message has to be cheap. */
	for (int i = 0; i < 2; i++) {
		x += UINT64_C(0x9e3779b97f4a7c15);
		x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
		x ^= x >> 31;
	}
	return n->config.latency_min_ns + x % range;
}

static struct net_event *
schedule(struct net *n, enum net_event_kind kind, size_t node, size_t peer,
	uint64_t due_ns)
{
	struct net_event *e = mem_array(1, sizeof(*e));

	e->kind = kind;
	e->node = node;
	e->peer = peer;
	heap_arm(&n->events, &e->entry, due_ns);
	return e;
}

static bool *
ending(struct net *n, size_t node, size_t peer)
{
	return &link_of(n, node, peer)->ending[node > peer];
}

/* The connection is gone; `node` learns of it at `due_ns`. */
static void
end_side(struct net *n, size_t node, size_t peer, uint64_t due_ns)
{
	link_of(n, node, peer)->up = false;
	*ending(n, node, peer) = true;
	schedule(n, NET_LOST, node, peer, due_ns)->link = 1;
}

/* Ends the connection; `a` knows at `a_ns` and `b` at `b_ns`. */
static void
disconnect(struct net *n, size_t a, size_t b, uint64_t a_ns, uint64_t b_ns)
{
	end_side(n, a, b, a_ns);
	end_side(n, b, a, b_ns);
}

/* Forwarding off: what is left is what the sender itself hands to its neighbors. */
static bool
is_suppressed(const struct net *n, const struct gossip_msg *m)
{
	if (n->config.forwarding)
		return false;
	return (m->kind == GOSSIP_PAYLOAD && m->payload.round > 0) ||
	       m->kind == GOSSIP_GRAFT;
}

static void
send_message(struct net *n, size_t from, const struct gossip_out *o)
{
	size_t to = net_find(n, &o->peer);
	struct gossip_msg m;
	struct net_link *l;
	struct net_event *e;

	assert(to != SIZE_MAX && to != from);
	assert(o->bytes_len <= n->config.gossip.message_len_max);
	assert(gossip_msg_decode(&m, (struct view){o->bytes, o->bytes_len}) == 0);
	n->stats.messages++;
	if (is_suppressed(n, &m))
		return;
	l = link_of(n, from, to);
	if (*ending(n, from, to)) {
		n->stats.lost_messages++;
		return;
	}
	if (!l->up) {
		if (!n->members[to].alive) {
			if (n->config.crash_notices)
				schedule(n, NET_LOST, from, to,
					n->now_ns + latency(n, from, to));
			return;
		}
		l->number = ++n->last_link;
		l->up = true;
		l->told = false;
		n->stats.connections++;
	}
	e = schedule(n, NET_MESSAGE, to, from, n->now_ns + latency(n, from, to));
	e->link = l->number;
	e->bytes = mem_copy(o->bytes, o->bytes_len);
	e->len = o->bytes_len;
	e->payload = m.kind == GOSSIP_PAYLOAD;
	n->stats.payloads += e->payload;
}

static void
deliver(struct net *n, size_t node, const struct gossip_out *o)
{
	uint8_t expected[CONTENT_LEN];
	struct net_delivery *d;
	uint64_t number;

	assert(o->bytes_len == CONTENT_LEN);
	memcpy(&number, o->bytes, sizeof(number));
	assert(number < n->broadcast_count);
	d = &n->members[node].deliveries[number];
	memset(expected, (int)(number & 255), sizeof(expected));
	memcpy(expected, &number, sizeof(number));
	if (memcmp(expected, o->bytes, sizeof(expected)))
		d->corrupt = true;
	if (d->count++ > 0)
		return;
	d->hops = o->round;
	d->at_ns = n->now_ns;
	n->stats.deliveries++;
	if (o->round > n->stats.hops_max)
		n->stats.hops_max = o->round;
}

static void
meet(struct net *n, size_t node, size_t peer)
{
	struct net_member *m = &n->members[node];

	for (size_t i = 0; i < m->met_count; i++) {
		if (m->met[i] == peer)
			return;
	}
	if (m->met_count < NET_MET_MAX)
		m->met[m->met_count++] = peer;
}

static void
drain(struct net *n, size_t node)
{
	for (size_t i = 0; i < outbox_count(n->out); i++) {
		const struct gossip_out *o = outbox_at(n->out, i);

		hash_u64(n, o->kind);
		hash(n, o->bytes, o->bytes_len);
		if (o->kind == GOSSIP_OUT_SEND)
			send_message(n, node, o);
		else if (o->kind == GOSSIP_OUT_TIMER)
			schedule(n, NET_TIMER, node, 0, o->due_ns)->timer = o->timer;
		else if (o->kind == GOSSIP_OUT_HANG_UP)
			schedule(n, NET_HANG_UP, node, net_find(n, &o->peer),
				n->now_ns + n->config.hang_up_ns);
		else if (o->kind == GOSSIP_OUT_DELIVER)
			deliver(n, node, o);
		else if (o->kind == GOSSIP_OUT_NEIGHBOR && o->change == NEIGHBOR_UP)
			meet(n, node, net_find(n, &o->peer));
	}
	outbox_clear(n->out);
}

static void
handle(struct net *n, size_t node, const struct gossip_in *in)
{
	struct net_member *m = &n->members[node];

	if (!m->alive)
		return;
	hash_u64(n, n->now_ns);
	hash_u64(n, node);
	hash_u64(n, in->kind);
	hash(n, &in->peer, sizeof(in->peer));
	topic_handle(m->topic, in, n->now_ns, n->out);
	drain(n, node);
}

static void
on_lost(struct net *n, size_t node, size_t peer)
{
	struct gossip_in in = {.kind = GOSSIP_IN_LOST, .peer = n->members[peer].id};

	*ending(n, node, peer) = false;
	handle(n, node, &in);
}

static void
on_message(struct net *n, const struct net_event *e)
{
	struct gossip_in in = {.kind = GOSSIP_IN_MESSAGE,
		.peer = n->members[e->peer].id,
		.bytes = {e->bytes, e->len}};
	struct gossip_in observer = {
		.kind = GOSSIP_IN_OBSERVER, .peer = n->members[e->peer].id};
	struct net_link *l = link_of(n, e->node, e->peer);

	if (!l->up || l->number != e->link) {
		n->stats.lost_messages++;
		return;
	}
	/* A newer connection took the place of the old one: that is how this side learns.
	 */
	if (*ending(n, e->node, e->peer) && n->config.silent_takeover)
		*ending(n, e->node, e->peer) = false;
	else if (*ending(n, e->node, e->peer))
		on_lost(n, e->node, e->peer);
	/* What its HELLO said, which comes before everything else. */
	if (n->members[e->peer].observer && !l->told) {
		l->told = true;
		handle(n, e->node, &observer);
	}
	if (e->payload)
		n->stats.payloads_received++;
	handle(n, e->node, &in);
}

static void
on_hang_up(struct net *n, const struct net_event *e)
{
	struct net_link *l = link_of(n, e->node, e->peer);

	if (!n->members[e->node].alive || !l->up ||
		topic_needs(n->members[e->node].topic, &n->members[e->peer].id))
		return;
	disconnect(
		n, e->node, e->peer, n->now_ns, n->now_ns + latency(n, e->node, e->peer));
}

static void
on_heal(struct net *n, const struct net_event *e)
{
	struct net_member *m = &n->members[e->node];

	if (!m->alive)
		return;
	if (topic_active(m->topic, NULL, 0) == 0 && m->met_count > 0)
		net_join(n, e->node, m->met[rng_below(&n->rng, m->met_count)]);
	if (e->node != 0 && n->members[0].alive && !net_reaches(n, e->node, 0))
		net_join(n, e->node, 0);
	schedule(n, NET_HEAL, e->node, 0,
		n->now_ns + rng_jitter(&n->rng, n->config.heal_ns, 20));
}

static void
happen(struct net *n, const struct net_event *e)
{
	struct gossip_in in = {.timer = e->timer};

	n->stats.events++;
	switch (e->kind) {
	case NET_MESSAGE:
		on_message(n, e);
		break;
	case NET_TIMER:
		in.kind = GOSSIP_IN_TIMER;
		handle(n, e->node, &in);
		break;
	case NET_LOST:
		/* Told already, or a dial that another one overtook. */
		if (e->link ? *ending(n, e->node, e->peer)
			    : !link_of(n, e->node, e->peer)->up)
			on_lost(n, e->node, e->peer);
		break;
	case NET_LEFT:
		if (link_of(n, e->node, e->peer)->up)
			end_side(n, e->node, e->peer, n->now_ns);
		break;
	case NET_HANG_UP:
		on_hang_up(n, e);
		break;
	case NET_HEAL:
		on_heal(n, e);
		break;
	}
}

void
net_config_default(struct net_config *c, uint64_t seed)
{
	*c = (struct net_config){.seed = seed,
		.nodes_max = 256,
		.broadcasts_max = 256,
		.latency_min_ns = MILLISECONDS(10),
		.latency_max_ns = MILLISECONDS(50),
		.hang_up_ns = MILLISECONDS(200),
		.heal_ns = SECONDS(5),
		.crash_notices = true,
		.forwarding = true};
	gossip_config_default(&c->gossip);
}

struct net *
net_new(const struct net_config *c)
{
	struct net *n = mem_array(1, sizeof(*n));

	n->config = *c;
	n->history = FNV_OFFSET;
	rng_init_u64(&n->rng, c->seed);
	heap_init(&n->events);
	n->members = mem_array(c->nodes_max, sizeof(*n->members));
	n->links = mem_array(c->nodes_max * c->nodes_max, sizeof(*n->links));
	n->broadcasts = mem_array(c->broadcasts_max, sizeof(*n->broadcasts));
	n->by_id = idmap_new();
	n->out = outbox_new();
	return n;
}

void
net_free(struct net *n)
{
	struct heap_entry *entry;

	while ((entry = heap_next_due(&n->events, NEVER))) {
		struct net_event *e = (struct net_event *)(void *)entry;

		free(e->bytes);
		free(e);
	}
	heap_fini(&n->events);
	for (size_t i = 0; i < n->count; i++) {
		topic_free(n->members[i].topic);
		free(n->members[i].deliveries);
	}
	outbox_free(n->out);
	idmap_free(n->by_id);
	free(n->members);
	free(n->links);
	free(n->broadcasts);
	free(n);
}

size_t
net_add(struct net *n, bool observer)
{
	struct gossip_config c = n->config.gossip;
	size_t number = n->count++;
	struct net_member *m = &n->members[number];
	uint64_t key[2] = {n->config.seed, number};

	assert(number < n->config.nodes_max);
	blake3(m->id.bytes, key, sizeof(key));
	c.self = m->id;
	c.observer = observer;
	c.active_max -= number * 61 % 100 < n->config.smaller_percent;
	blake3(c.seed, m->id.bytes, sizeof(m->id.bytes));
	m->alive = true;
	m->observer = observer;
	m->deliveries = mem_array(n->config.broadcasts_max, sizeof(*m->deliveries));
	idmap_put(n->by_id, &m->id, m);
	m->topic = topic_new(&c, n->now_ns, n->out);
	drain(n, number);
	if (n->config.heal_ns > 0)
		schedule(n, NET_HEAL, number, 0, n->now_ns + n->config.heal_ns);
	return number;
}

void
net_join(struct net *n, size_t node, size_t contact)
{
	struct gossip_in in = {.kind = GOSSIP_IN_JOIN, .peer = n->members[contact].id};

	meet(n, node, contact);
	handle(n, node, &in);
}

size_t
net_broadcast(struct net *n, size_t node)
{
	uint64_t number = n->broadcast_count++;
	uint8_t content[CONTENT_LEN];
	struct gossip_in in = {
		.kind = GOSSIP_IN_BROADCAST, .bytes = {content, sizeof(content)}};

	assert(number < n->config.broadcasts_max);
	memset(content, (int)(number & 255), sizeof(content));
	memcpy(content, &number, sizeof(number));
	n->broadcasts[number] = (struct net_broadcast){node, n->now_ns};
	handle(n, node, &in);
	return number;
}

void
net_crash(struct net *n, size_t node)
{
	n->members[node].alive = false;
	for (size_t i = 0; i < n->count; i++) {
		if (i == node || !link_of(n, i, node)->up || !n->config.crash_notices)
			continue;
		end_side(n, i, node, n->now_ns + latency(n, i, node));
	}
}

void
net_leave(struct net *n, size_t node)
{
	struct gossip_in in = {.kind = GOSSIP_IN_QUIT};

	handle(n, node, &in);
	n->members[node].alive = false;
	/* Its last words are under way; the connections end after them. */
	for (size_t i = 0; i < n->count; i++) {
		if (i != node && link_of(n, i, node)->up)
			schedule(n, NET_LEFT, i, node,
				n->now_ns + latency(n, i, node) + 1);
	}
}

bool
net_cut(struct net *n, size_t a, size_t b)
{
	if (a == b || !link_of(n, a, b)->up)
		return false;
	disconnect(n, a, b, n->now_ns + rng_below(&n->rng, latency(n, a, b)),
		n->now_ns + rng_below(&n->rng, latency(n, a, b)));
	return true;
}

bool
net_step(struct net *n, uint64_t until_ns)
{
	struct heap_entry *entry = heap_next_due(&n->events, until_ns);
	struct net_event *e = (struct net_event *)(void *)entry;

	if (!entry) {
		n->now_ns = until_ns;
		return false;
	}
	n->now_ns = entry->due_ns;
	happen(n, e);
	free(e->bytes);
	free(e);
	return true;
}

void
net_run(struct net *n, uint64_t for_ns)
{
	uint64_t until_ns = n->now_ns + for_ns;

	while (net_step(n, until_ns))
		;
}

void
net_reset_hops(struct net *n)
{
	n->stats.hops_max = 0;
}
