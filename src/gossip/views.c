/* SPDX-License-Identifier: MIT */
#include "gossip/views.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

/* Bytes of one PeerInfo besides its data: id, option, length. */
#define NODE_OVERHEAD (32 + 1 + 2)
/* Bytes of a Shuffle besides its nodes: kind, origin, count, ttl. */
#define NODES_OVERHEAD (2 + 32 + 2 + 3)
/* PROTOCOL.md 4: three at once while we have no neighbor at all. */
#define EMPTY_REQUESTS 3
/*
 * Requests in one round, for each place of the active view. A refusal brings nodes that
 * were not asked yet, so without a bound a node in a mesh of full ones would ask for
 * ever.
 */
#define ROUND_ASKS 3

void
views_init(struct views *v, size_t active_max, size_t passive_max)
{
	*v = (struct views){0};
	peerset_init(&v->active, active_max);
	peerset_init(&v->passive, passive_max);
	v->peers = idmap_new();
	v->asks_left = ROUND_ASKS * active_max;
	for (size_t i = 0; i < GOSSIP_PENDING_MAX; i++)
		v->pending[i].timer.kind = GOSSIP_TIMER_PENDING;
	for (size_t i = 0; i < GOSSIP_JOINS_MAX; i++)
		v->joins[i].timer.kind = GOSSIP_TIMER_JOIN;
}

void
views_fini(struct views *v, struct heap *timers)
{
	struct idmap_item *it;

	for (size_t i = 0; i < GOSSIP_PENDING_MAX; i++)
		heap_cancel(timers, &v->pending[i].timer.entry);
	for (size_t i = 0; i < GOSSIP_JOINS_MAX; i++)
		heap_cancel(timers, &v->joins[i].timer.entry);
	while ((it = idmap_first(v->peers))) {
		struct peer_id id = *idmap_id(it);

		mem_free(MEM_PEER, idmap_remove(v->peers, &id));
	}
	idmap_free(v->peers);
	peerset_fini(&v->active);
	peerset_fini(&v->passive);
}

static struct views_pending *
find_pending(const struct views *v, const struct peer_id *peer)
{
	for (size_t i = 0; i < GOSSIP_PENDING_MAX && v->pending_count > 0; i++) {
		const struct views_pending *p = &v->pending[i];

		if (p->used && id_equal(&p->peer, peer))
			return (struct views_pending *)p;
	}
	return NULL;
}

struct views_join *
views_find_join(struct views *v, const struct peer_id *peer)
{
	for (size_t i = 0; i < GOSSIP_JOINS_MAX && v->join_count > 0; i++) {
		struct views_join *j = &v->joins[i];

		if (j->used && id_equal(&j->peer, peer))
			return j;
	}
	return NULL;
}

bool
views_needs(const struct views *v, const struct peer_id *peer)
{
	return peerset_has(&v->active, peer) || find_pending(v, peer) ||
	       views_find_join((struct views *)v, peer);
}

bool
views_just_evicted(
	const struct views *v, const struct gossip_ctx *x, const struct peer_id *peer)
{
	const struct views_peer *p = views_find(v, peer);

	return p && p->evicted_ns != 0 &&
	       x->now_ns < p->evicted_ns + x->config->neighbor_timeout_ns;
}

struct views_peer *
views_find(const struct views *v, const struct peer_id *peer)
{
	return idmap_find(v->peers, peer);
}

/* Called after a peer entered a set. */
static struct views_peer *
know(struct views *v, const struct peer_id *peer)
{
	struct views_peer *p = idmap_find(v->peers, peer);

	if (!p) {
		p = mem_new(MEM_PEER, sizeof(*p));
		idmap_put(v->peers, peer, p);
	}
	return p;
}

/* Called after a peer left a set. */
static void
forget(struct views *v, const struct peer_id *peer)
{
	if (!views_needs(v, peer) && !peerset_has(&v->passive, peer))
		mem_free(MEM_PEER, idmap_remove(v->peers, peer));
}

void
views_learn(struct views *v, struct gossip_ctx *x, const struct peer_id *peer,
	const struct gossip_peer_data *data)
{
	struct views_peer *p = views_find(v, peer);

	if (!p || !data || !data->present || data->bytes.len == 0 ||
		data->bytes.len > sizeof(p->data))
		return;
	if (p->data_len == data->bytes.len &&
		!memcmp(p->data, data->bytes.data, p->data_len))
		return;
	memcpy(p->data, data->bytes.data, data->bytes.len);
	p->data_len = data->bytes.len;
	outbox_peer_data(x->out, peer, data->bytes);
}

void
views_heard(struct views *v, const struct peer_id *peer)
{
	if (peerset_has(&v->passive, peer))
		know(v, peer)->alive = true;
}

void
views_hang_up(const struct views *v, struct gossip_ctx *x, const struct peer_id *peer)
{
	if (!views_needs(v, peer))
		outbox_hang_up(x->out, peer);
}

void
views_remove_passive(struct views *v, const struct peer_id *peer)
{
	struct views_peer *p;

	if (!peerset_remove(&v->passive, peer))
		return;
	forget(v, peer);
	p = views_find(v, peer);
	if (p) {
		p->alive = false;
		p->tried = VIEWS_NOT_ASKED;
	}
}

bool
views_add_passive(struct views *v, struct gossip_ctx *x, const struct peer_id *peer,
	const struct gossip_peer_data *data)
{
	struct peer_id old;
	bool new;

	if (id_equal(peer, &x->config->self) || peerset_has(x->marked, peer))
		return false;
	new = !peerset_has(&v->active, peer) && !peerset_has(&v->passive, peer);
	if (new) {
		if (peerset_full(&v->passive) &&
			peerset_sample(&v->passive, x->rng, NULL, 0, &old, 1))
			views_remove_passive(v, &old);
		if (!peerset_add(&v->passive, peer))
			return false;
		know(v, peer);
	}
	views_learn(v, x, peer, data);
	return new;
}

bool
views_remove_active(struct views *v, struct gossip_ctx *x, const struct peer_id *peer,
	enum neighbor_change change, bool to_passive)
{
	struct peer_id id = *peer;
	struct views_peer *p;

	if (!peerset_remove(&v->active, &id))
		return false;
	if (to_passive) {
		views_add_passive(v, x, &id, NULL);
		views_heard(v, &id);
		/* Whoever just parted from us is not the one to ask next. */
		p = views_find(v, &id);
		if (p)
			p->tried = VIEWS_ASKED_LOW;
	}
	forget(v, &id);
	outbox_neighbor(x->out, &id, change);
	return true;
}

static void
evict(struct views *v, struct gossip_ctx *x)
{
	struct peer_id old;
	struct views_peer *p;

	if (!peerset_sample(&v->active, x->rng, NULL, 0, &old, 1))
		return;
	v->evictions++;
	outbox_send_disconnect(x->out, &old, true);
	views_remove_active(v, x, &old, NEIGHBOR_EVICTED, true);
	p = views_find(v, &old);
	if (p)
		p->evicted_ns = x->now_ns;
	views_hang_up(v, x, &old);
}

void
views_add_active(struct views *v, struct gossip_ctx *x, const struct peer_id *peer,
	const struct gossip_peer_data *data)
{
	struct views_peer *p;

	assert(!peerset_has(&v->active, peer));
	if (peerset_full(&v->active))
		evict(v, x);
	peerset_add(&v->active, peer);
	p = know(v, peer);
	peerset_remove(&v->passive, peer);
	p->alive = p->answered = false;
	p->tried = VIEWS_NOT_ASKED;
	views_clear_pending(v, x, peer);
	views_clear_join(v, x, peer);
	views_learn(v, x, peer, data);
	outbox_neighbor(x->out, peer, NEIGHBOR_UP);
}

void
views_send_join(struct gossip_ctx *x, const struct peer_id *to)
{
	struct gossip_msg m = {.kind = GOSSIP_JOIN};

	m.join.data.present = x->own_data.len > 0;
	m.join.data.bytes = x->own_data;
	outbox_send(x->out, to, &m);
}

void
views_request(struct views *v, struct gossip_ctx *x, const struct peer_id *peer,
	enum gossip_priority priority)
{
	uint64_t wait_ns = x->config->neighbor_timeout_ns;

	for (size_t i = 0; i < GOSSIP_PENDING_MAX; i++) {
		struct views_pending *p = &v->pending[i];

		if (p->used)
			continue;
		p->used = true;
		p->peer = *peer;
		v->pending_count++;
		know(v, peer)->tried = priority == GOSSIP_PRIORITY_HIGH ? VIEWS_ASKED_HIGH
									: VIEWS_ASKED_LOW;
		if (x->config->observer) {
			/* An observer takes no slot, so it asks as a newcomer does. */
			wait_ns = x->config->join_timeout_ns;
			views_send_join(x, peer);
		} else {
			outbox_send_neighbor(x->out, peer, priority, x->own_data);
		}
		heap_arm(x->timers, &p->timer.entry, x->now_ns + wait_ns);
		return;
	}
}

bool
views_is_pending(const struct views *v, const struct peer_id *peer)
{
	return find_pending(v, peer) != NULL;
}

bool
views_clear_pending(struct views *v, struct gossip_ctx *x, const struct peer_id *peer)
{
	struct views_pending *p = find_pending(v, peer);
	struct peer_id id = *peer;

	if (!p)
		return false;
	heap_cancel(x->timers, &p->timer.entry);
	p->used = false;
	v->pending_count--;
	forget(v, &id);
	return true;
}

struct views_join *
views_add_join(struct views *v, const struct peer_id *peer)
{
	for (size_t i = 0; i < GOSSIP_JOINS_MAX; i++) {
		struct views_join *j = &v->joins[i];

		if (j->used)
			continue;
		j->used = true;
		j->peer = *peer;
		j->tries = 0;
		v->join_count++;
		know(v, peer);
		return j;
	}
	return NULL;
}

bool
views_clear_join(struct views *v, struct gossip_ctx *x, const struct peer_id *peer)
{
	struct views_join *j = views_find_join(v, peer);
	struct peer_id id = *peer;

	if (!j)
		return false;
	heap_cancel(x->timers, &j->timer.entry);
	j->used = false;
	v->join_count--;
	forget(v, &id);
	return true;
}

void
views_new_round(struct views *v)
{
	v->asks_left = ROUND_ASKS * v->active.cap;
	for (size_t i = 0; i < v->passive.count; i++) {
		struct views_peer *p = views_find(v, &v->passive.ids[i]);

		if (p)
			p->tried = VIEWS_NOT_ASKED;
	}
}

bool
views_is_poor(const struct views *v)
{
	return v->active.count < (v->active.cap + 1) / 2;
}

/* A random passive peer that was asked less than `asked` in this round. */
static bool
candidate(const struct views *v, struct gossip_ctx *x, enum views_asked asked,
	struct peer_id *to)
{
	struct peer_id except[GOSSIP_PASSIVE_VIEW_MAX];
	size_t count = 0;

	for (size_t i = 0; i < v->passive.count; i++) {
		const struct peer_id *id = &v->passive.ids[i];

		if (views_find(v, id)->tried >= asked || views_needs(v, id))
			except[count++] = *id;
	}
	return peerset_sample(&v->passive, x->rng, except, count, to, 1) > 0;
}

void
views_refill(struct views *v, struct gossip_ctx *x)
{
	struct peer_id next;

	while (v->active.count + v->pending_count < v->active.cap &&
		v->pending_count < GOSSIP_PENDING_MAX) {
		bool empty = v->active.count == 0;

		if (empty && v->pending_count >= EMPTY_REQUESTS)
			return;
		if (!empty && v->asks_left == 0)
			break;
		if (!candidate(v, x, empty ? VIEWS_ASKED_HIGH : VIEWS_ASKED_LOW, &next))
			break;
		if (!empty)
			v->asks_left--;
		views_request(
			v, x, &next, empty ? GOSSIP_PRIORITY_HIGH : GOSSIP_PRIORITY_LOW);
	}
	if (views_is_poor(v) && v->pending_count == 0 &&
		candidate(v, x, VIEWS_ASKED_HIGH, &next))
		views_request(v, x, &next, GOSSIP_PRIORITY_HIGH);
}

static size_t
append_nodes(const struct views *v, const struct peer_id *ids, size_t id_count,
	size_t *room, struct gossip_peer_info *nodes, size_t *count)
{
	size_t done = 0;

	for (; done < id_count && *count < GOSSIP_NODES_MAX; done++) {
		const struct views_peer *p = views_find(v, &ids[done]);
		size_t len = p ? p->data_len : 0;

		if (NODE_OVERHEAD + len > *room)
			break;
		*room -= NODE_OVERHEAD + len;
		nodes[(*count)++] = (struct gossip_peer_info){.id = ids[done],
			.data = {.present = len > 0, .bytes = {p ? p->data : NULL, len}}};
	}
	return done;
}

void
views_pick_nodes(const struct views *v, struct gossip_ctx *x, struct rng *rng,
	const struct peer_id *except, size_t except_count, size_t active, size_t passive,
	struct gossip_peer_info *nodes, size_t *count)
{
	struct peer_id from_active[GOSSIP_NODES_MAX], from_passive[GOSSIP_NODES_MAX];
	size_t max = active + passive, actives, passives, used = NODES_OVERHEAD, room;

	if (max > GOSSIP_NODES_MAX)
		max = GOSSIP_NODES_MAX;
	for (size_t i = 0; i < *count; i++)
		used += NODE_OVERHEAD + nodes[i].data.bytes.len;
	room = x->config->message_len_max > used ? x->config->message_len_max - used : 0;
	actives = peerset_sample(&v->active, rng, except, except_count, from_active, max);
	passives =
		peerset_sample(&v->passive, rng, except, except_count, from_passive, max);
	rng_shuffle(rng, from_active, actives, sizeof(*from_active));
	rng_shuffle(rng, from_passive, passives, sizeof(*from_passive));
	if (actives < active)
		passive += active - actives;
	if (passives > passive)
		passives = passive;
	if (actives > max - passives)
		actives = max - passives;
	append_nodes(v, from_active, actives, &room, nodes, count);
	append_nodes(v, from_passive, passives, &room, nodes, count);
}

void
views_send_nodes(const struct views *v, struct gossip_ctx *x, struct rng *rng,
	const struct peer_id *to)
{
	struct gossip_msg m = {.kind = GOSSIP_SHUFFLE_REPLY};

	views_pick_nodes(v, x, rng, to, 1, x->config->shuffle_active,
		x->config->shuffle_passive, m.shuffle_reply.nodes,
		&m.shuffle_reply.count);
	if (m.shuffle_reply.count > 0)
		outbox_send(x->out, to, &m);
}
