/* SPDX-License-Identifier: MIT */
#include "gossip/hyparview.h"

/* 60 s / 64 is about the second after which a new node's neighbors have settled. */
#define FIRST_SHUFFLE_DIVISOR 64
#define SHUFFLE_JITTER_PERCENT 20
/* Until intervals are this part of the set one (some 7 s), a mesh counts as forming. */
#define FORMED_DIVISOR 8
#define JOIN_WAIT_MAX SECONDS(30)

static bool
is_self(const struct gossip_ctx *x, const struct peer_id *peer)
{
	return id_equal(peer, &x->config->self);
}

static bool
is_forming(const struct hyparview *h, const struct gossip_ctx *x)
{
	return h->interval_ns <= x->config->shuffle_ns / FORMED_DIVISOR;
}

static void
arm_shuffle(struct hyparview *h, struct gossip_ctx *x)
{
	if (x->config->observer || h->interval_ns == 0)
		return;
	heap_arm(x->timers, &h->shuffle.entry,
		x->now_ns + rng_jitter(x->rng, h->interval_ns, SHUFFLE_JITTER_PERCENT));
}

static void
add_active(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *peer,
	const struct gossip_peer_data *data)
{
	views_add_active(&h->views, x, peer, data);
	if (!heap_armed(&h->shuffle.entry)) {
		h->interval_ns = x->config->shuffle_ns / FIRST_SHUFFLE_DIVISOR;
		arm_shuffle(h, x);
	}
}

/* A neighbor is gone: everyone may be asked again. */
static void
replace(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *gone)
{
	struct views_peer *p;

	views_new_round(&h->views);
	p = views_find(&h->views, gone);
	if (p)
		p->tried = VIEWS_ASKED_LOW;
	views_refill(&h->views, x);
}

static void
refuse(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *peer)
{
	views_send_nodes(&h->views, x, x->rng, peer);
	outbox_send_disconnect(x->out, peer, true);
	views_hang_up(&h->views, x, peer);
}

static void
on_join(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	struct gossip_msg forward = {.kind = GOSSIP_FORWARD_JOIN};
	struct peer_id active[GOSSIP_ACTIVE_VIEW_MAX];
	size_t count;

	if (x->config->observer) {
		refuse(h, x, from);
		return;
	}
	if (peerset_has(&h->views.active, from))
		views_learn(&h->views, x, from, &m->join.data);
	else
		add_active(h, x, from, &m->join.data);
	outbox_send_neighbor(x->out, from, GOSSIP_PRIORITY_HIGH, x->own_data);
	forward.forward_join.peer.id = *from;
	forward.forward_join.peer.data = m->join.data;
	if (m->join.data.bytes.len > GOSSIP_PEER_DATA_LEN_MAX)
		forward.forward_join.peer.data.present = false;
	forward.forward_join.ttl = (uint16_t)x->config->arwl;
	count = peerset_copy(&h->views.active, active, GOSSIP_ACTIVE_VIEW_MAX);
	for (size_t i = 0; i < count; i++) {
		if (!id_equal(&active[i], from))
			outbox_send(x->out, &active[i], &forward);
	}
}

static void
on_forward_join(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	const struct gossip_peer_info *peer = &m->forward_join.peer;
	struct peer_id except[2] = {*from, peer->id}, next;
	struct views *v = &h->views;
	struct gossip_msg forward;
	unsigned ttl = m->forward_join.ttl;

	if (x->config->observer || is_self(x, &peer->id) ||
		peerset_has(x->marked, &peer->id))
		return;
	if (ttl > x->config->arwl)
		ttl = x->config->arwl;
	if (peerset_has(&v->active, &peer->id)) {
		views_learn(v, x, &peer->id, &peer->data);
		outbox_send_neighbor(
			x->out, &peer->id, GOSSIP_PRIORITY_HIGH, x->own_data);
		return;
	}
	if (ttl == 0 || v->active.count <= 1) {
		if (views_is_pending(v, &peer->id))
			return;
		/* Its data has to be known first: whoever dials asks for it. */
		views_add_passive(v, x, &peer->id, &peer->data);
		views_request(v, x, &peer->id, GOSSIP_PRIORITY_HIGH);
		return;
	}
	if (ttl == x->config->prwl)
		views_add_passive(v, x, &peer->id, &peer->data);
	if (peerset_sample(&v->active, x->rng, except, 2, &next, 1)) {
		forward = *m;
		forward.forward_join.ttl = (uint16_t)(ttl - 1);
		outbox_send(x->out, &next, &forward);
	}
	views_refill(v, x);
}

static void
on_neighbor(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	struct views *v = &h->views;
	enum gossip_priority priority = m->neighbor.priority;
	bool reply = views_is_pending(v, from) || views_find_join(v, from);
	bool takes_slot = !peerset_full(&v->active);

	if (peerset_has(&v->active, from)) {
		struct views_peer *p = views_find(v, from);

		views_learn(v, x, from, &m->neighbor.data);
		if (p->answered)
			return;
		p->answered = true;
		outbox_send_neighbor(x->out, from, priority, x->own_data);
		return;
	}
	/*
	 * An answer that crossed with our Disconnect is no request. Taken for one it
	 * evicts somebody else, whose answer is under way as well: a storm of evictions
	 * that never ended in a simulation of 100 nodes. Should it be a request after
	 * all, what we send tells of others to ask.
	 */
	if (!reply && views_just_evicted(v, x, from)) {
		refuse(h, x, from);
		return;
	}
	/*
	 * Members evict for High. An observer neither evicts nor takes what it did not
	 * ask for.
	 */
	if (x->config->observer ? reply && takes_slot
				: priority == GOSSIP_PRIORITY_HIGH || takes_slot) {
		add_active(h, x, from, &m->neighbor.data);
		if (!reply)
			outbox_send_neighbor(x->out, from, priority, x->own_data);
		views_refill(v, x);
		return;
	}
	views_add_passive(v, x, from, &m->neighbor.data);
	views_heard(v, from);
	views_clear_pending(v, x, from);
	views_clear_join(v, x, from);
	refuse(h, x, from);
}

static size_t
learn_nodes(struct hyparview *h, struct gossip_ctx *x,
	const struct gossip_peer_info *nodes, size_t count)
{
	size_t news = 0;

	for (size_t i = 0; i < count; i++)
		news += views_add_passive(&h->views, x, &nodes[i].id, &nodes[i].data);
	return news;
}

static void
accept_shuffle(struct hyparview *h, struct gossip_ctx *x, const struct gossip_msg *m)
{
	struct gossip_msg reply = {.kind = GOSSIP_SHUFFLE_REPLY};
	struct peer_id except[GOSSIP_NODES_MAX + 1];
	const struct peer_id *origin = &m->shuffle.origin;
	size_t count = m->shuffle.count, news;
	size_t picks = x->config->shuffle_active + x->config->shuffle_passive;
	size_t max = count < picks ? count : picks;
	bool worth;

	for (size_t i = 0; i < count; i++)
		except[i] = m->shuffle.nodes[i].id;
	except[count] = *origin;
	news = learn_nodes(h, x, m->shuffle.nodes, count);
	views_heard(&h->views, origin);
	views_pick_nodes(&h->views, x, x->rng, except, count + 1, max / 2, max - max / 2,
		reply.shuffle_reply.nodes, &reply.shuffle_reply.count);
	/*
	 * A full list without news comes from somebody who knows about what we know. In a
	 * small mesh that has formed, news is for us alone: shuffles of others tell the
	 * origin.
	 */
	worth = count <= picks || peerset_has(&h->views.active, origin) ||
		(news > 0 && (is_forming(h, x) || peerset_full(&h->views.passive)));
	if (reply.shuffle_reply.count > 0 && worth) {
		outbox_send(x->out, origin, &reply);
		views_hang_up(&h->views, x, origin);
	}
	views_refill(&h->views, x);
}

static void
on_shuffle(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	struct peer_id except[2] = {m->shuffle.origin, *from}, next;
	struct gossip_msg forward;
	unsigned ttl = m->shuffle.ttl;

	if (x->config->observer || is_self(x, &m->shuffle.origin) ||
		peerset_has(x->marked, &m->shuffle.origin))
		return;
	if (ttl > x->config->shuffle_ttl)
		ttl = x->config->shuffle_ttl;
	if (ttl == 0 || h->views.active.count <= 1 ||
		!peerset_sample(&h->views.active, x->rng, except, 2, &next, 1)) {
		accept_shuffle(h, x, m);
		return;
	}
	forward = *m;
	forward.shuffle.ttl = (uint16_t)(ttl - 1);
	outbox_send(x->out, &next, &forward);
}

static void
on_shuffle_reply(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	(void)from;
	learn_nodes(h, x, m->shuffle_reply.nodes, m->shuffle_reply.count);
	views_refill(&h->views, x);
}

static void
on_disconnect(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	struct views *v = &h->views;
	bool alive = m->disconnect.alive;
	bool refused = views_clear_pending(v, x, from);

	refused = views_clear_join(v, x, from) || refused;
	if (views_remove_active(v, x, from, NEIGHBOR_LEFT, alive)) {
		if (!alive)
			views_remove_passive(v, from);
		views_hang_up(v, x, from);
		replace(h, x, from);
		return;
	}
	if (!alive)
		views_remove_passive(v, from);
	if (refused)
		outbox_neighbor(x->out, from, NEIGHBOR_REFUSED);
	views_hang_up(v, x, from);
	views_refill(v, x);
}

void
hyparview_message(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	static void (*const handlers[GOSSIP_MSG_KINDS])(struct hyparview *,
		struct gossip_ctx *, const struct peer_id *,
		const struct gossip_msg *) = {
		[GOSSIP_JOIN] = on_join,
		[GOSSIP_FORWARD_JOIN] = on_forward_join,
		[GOSSIP_SHUFFLE] = on_shuffle,
		[GOSSIP_SHUFFLE_REPLY] = on_shuffle_reply,
		[GOSSIP_NEIGHBOR] = on_neighbor,
		[GOSSIP_DISCONNECT] = on_disconnect,
	};

	views_heard(&h->views, from);
	if (handlers[m->kind])
		handlers[m->kind](h, x, from, m);
}

void
hyparview_init(struct hyparview *h, const struct gossip_config *c)
{
	size_t active_max = c->active_max;

	if (c->observer && active_max > GOSSIP_OBSERVED_MAX)
		active_max = GOSSIP_OBSERVED_MAX;
	*h = (struct hyparview){.shuffle = {.kind = GOSSIP_TIMER_SHUFFLE}};
	views_init(&h->views, active_max, c->passive_max);
}

void
hyparview_fini(struct hyparview *h, struct heap *timers)
{
	heap_cancel(timers, &h->shuffle.entry);
	views_fini(&h->views, timers);
}

void
hyparview_join(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *contact)
{
	struct views *v = &h->views;
	struct views_join *j;

	if (is_self(x, contact) || peerset_has(x->marked, contact) ||
		peerset_has(&v->active, contact))
		return;
	if (x->config->observer) {
		/* An earlier contact is what we fall back on. */
		views_add_passive(v, x, contact, NULL);
		if (peerset_full(&v->active))
			return;
	}
	j = views_find_join(v, contact);
	if (j)
		outbox_send_disconnect(x->out, contact, true);
	else
		j = views_add_join(v, contact);
	if (!j) {
		outbox_neighbor(x->out, contact, NEIGHBOR_TIMEOUT);
		return;
	}
	j->tries = 1;
	views_send_join(x, contact);
	heap_arm(x->timers, &j->timer.entry, x->now_ns + x->config->join_timeout_ns);
}

static void
join_timed_out(struct hyparview *h, struct gossip_ctx *x, struct views_join *j)
{
	struct peer_id contact = j->peer;
	uint64_t wait_ns;

	/* Once somebody answered, one more try is enough for those that did not. */
	if (j->tries >= GOSSIP_JOIN_TRIES ||
		(h->views.active.count > 0 && j->tries >= 2)) {
		views_clear_join(&h->views, x, &contact);
		outbox_send_disconnect(x->out, &contact, true);
		outbox_neighbor(x->out, &contact, NEIGHBOR_TIMEOUT);
		views_hang_up(&h->views, x, &contact);
		return;
	}
	outbox_send_disconnect(x->out, &contact, true);
	views_send_join(x, &contact);
	wait_ns = x->config->join_timeout_ns << j->tries;
	j->tries++;
	heap_arm(x->timers, &j->timer.entry,
		x->now_ns + (wait_ns < JOIN_WAIT_MAX ? wait_ns : JOIN_WAIT_MAX));
}

static void
request_timed_out(struct hyparview *h, struct gossip_ctx *x, struct views_pending *p)
{
	struct peer_id peer = p->peer;

	views_clear_pending(&h->views, x, &peer);
	views_remove_passive(&h->views, &peer);
	/* Should it have taken us in, it is not to be left with half a link. */
	outbox_send_disconnect(x->out, &peer, true);
	outbox_neighbor(x->out, &peer, NEIGHBOR_TIMEOUT);
	views_hang_up(&h->views, x, &peer);
	views_refill(&h->views, x);
}

/*
 * Refusals are not forever while the mesh forms, nor for a node with less than half a
 * view.
 */
static void
ask_again(struct hyparview *h, struct gossip_ctx *x)
{
	struct views *v = &h->views;

	if (is_forming(h, x) || views_is_poor(v))
		views_new_round(v);
	else if (v->asks_left < v->active.cap)
		v->asks_left = v->active.cap;
	views_refill(v, x);
}

static void
send_shuffle(struct hyparview *h, struct gossip_ctx *x)
{
	struct gossip_msg m = {.kind = GOSSIP_SHUFFLE};
	struct peer_id to;

	if (!peerset_sample(&h->views.active, x->rng, NULL, 0, &to, 1))
		return;
	m.shuffle.origin = x->config->self;
	m.shuffle.ttl = (uint16_t)x->config->shuffle_ttl;
	m.shuffle.count = 1;
	m.shuffle.nodes[0].id = x->config->self;
	m.shuffle.nodes[0].data.present = x->own_data.len > 0;
	m.shuffle.nodes[0].data.bytes = x->own_data;
	views_pick_nodes(&h->views, x, x->rng, &to, 1, x->config->shuffle_active,
		x->config->shuffle_passive, m.shuffle.nodes, &m.shuffle.count);
	outbox_send(x->out, &to, &m);
	h->interval_ns = h->interval_ns * 2 < x->config->shuffle_ns
				 ? h->interval_ns * 2
				 : x->config->shuffle_ns;
	arm_shuffle(h, x);
	ask_again(h, x);
}

void
hyparview_timer(struct hyparview *h, struct gossip_ctx *x, struct gossip_timer *t)
{
	if (t->kind == GOSSIP_TIMER_PENDING)
		request_timed_out(h, x, GOSSIP_TIMER_OWNER(t, struct views_pending));
	else if (t->kind == GOSSIP_TIMER_JOIN)
		join_timed_out(h, x, GOSSIP_TIMER_OWNER(t, struct views_join));
	else if (t->kind == GOSSIP_TIMER_SHUFFLE)
		send_shuffle(h, x);
}

void
hyparview_lost(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *peer)
{
	struct views *v = &h->views;
	struct views_peer *p = views_find(v, peer);
	bool pending = views_clear_pending(v, x, peer);

	if (views_remove_active(v, x, peer, NEIGHBOR_LOST, false)) {
		replace(h, x, peer);
		return;
	}
	p = views_find(v, peer);
	if (p && p->alive && !pending)
		p->alive = false;
	else if (!x->config->observer)
		views_remove_passive(v, peer);
	views_refill(v, x);
}

void
hyparview_expel(struct hyparview *h, struct gossip_ctx *x, const struct peer_id *peer)
{
	views_clear_pending(&h->views, x, peer);
	views_clear_join(&h->views, x, peer);
	views_remove_passive(&h->views, peer);
	if (views_remove_active(&h->views, x, peer, NEIGHBOR_LEFT, false))
		replace(h, x, peer);
}

void
hyparview_quit(struct hyparview *h, struct gossip_ctx *x)
{
	struct views *v = &h->views;
	struct peer_id peer;

	heap_cancel(x->timers, &h->shuffle.entry);
	for (size_t i = 0; i < GOSSIP_PENDING_MAX; i++) {
		if (!v->pending[i].used)
			continue;
		peer = v->pending[i].peer;
		outbox_send_disconnect(x->out, &peer, false);
		views_clear_pending(v, x, &peer);
		views_hang_up(v, x, &peer);
	}
	for (size_t i = 0; i < GOSSIP_JOINS_MAX; i++) {
		if (!v->joins[i].used)
			continue;
		peer = v->joins[i].peer;
		outbox_send_disconnect(x->out, &peer, false);
		views_clear_join(v, x, &peer);
		views_hang_up(v, x, &peer);
	}
	while (v->active.count > 0) {
		peer = v->active.ids[0];
		views_send_nodes(v, x, x->rng, &peer);
		outbox_send_disconnect(x->out, &peer, false);
		views_remove_active(v, x, &peer, NEIGHBOR_QUIT, false);
		views_hang_up(v, x, &peer);
	}
}
