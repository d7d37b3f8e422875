/* SPDX-License-Identifier: MIT */
#include "gossip/plumtree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/blake3.h"
#include "base/limits.h"
#include "base/mem.h"

/* How often the cache forgets; the times it goes by are 30 and 90 s. */
#define SWEEP_NS SECONDS(5)
/* How long one message guides: longer than a flood of 1,000 nodes over slow links. */
#define GUIDE_NS MILLISECONDS(800)

static struct plumtree_peer *
find(const struct plumtree *p, const struct peer_id *id)
{
	for (size_t i = 0; i < p->count; i++) {
		if (id_equal(&p->peers[i].id, id))
			return &p->peers[i];
	}
	return NULL;
}

static uint16_t
next_round(uint16_t round)
{
	return round < UINT16_MAX ? (uint16_t)(round + 1) : round;
}

static void
send_payload(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *to,
	const struct peer_id *id, struct view content, uint16_t round,
	enum outbox_haste haste)
{
	struct gossip_msg m = {.kind = GOSSIP_PAYLOAD};

	m.payload.id = *id;
	m.payload.content = content;
	m.payload.round = round;
	outbox_send_payload(x->out, to, &m, haste);
	p->stats.payloads_sent++;
}

static void
send_prune(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *to)
{
	struct gossip_msg m = {.kind = GOSSIP_PRUNE};

	outbox_send(x->out, to, &m);
	p->stats.prunes_sent++;
}

static void
send_graft(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *to,
	const struct peer_id *id, uint16_t round)
{
	struct gossip_msg m = {.kind = GOSSIP_GRAFT};

	m.graft.has_id = id != NULL;
	if (id)
		m.graft.id = *id;
	m.graft.round = round;
	outbox_send(x->out, to, &m);
	p->stats.grafts_sent++;
}

/* The lazy timer fires then, or earlier. */
static void
arm_lazy(struct plumtree *p, struct gossip_ctx *x, uint64_t due_ns)
{
	if (!heap_armed(&p->lazy.entry) || p->lazy.entry.due_ns > due_ns)
		heap_arm(x->timers, &p->lazy.entry, due_ns);
}

static void
queue_ihave(struct plumtree *p, struct gossip_ctx *x, struct plumtree_peer *to,
	const struct peer_id *id, uint16_t round)
{
	uint64_t calm_ns = x->patient ? x->config->lazy_calm_ns : 0;
	const struct lazy_item item = {.have = {*id, round}, .bulk = x->bulk,
		.ready_ns = calm_ns ? x->now_ns + lazy_patience(x) : 0};

	if (!lazy_put(&to->lazy, &item))
		p->stats.dropped_lazy++;
	else
		arm_lazy(p, x, x->now_ns + (calm_ns ? calm_ns : x->config->lazy_ns));
}

/* Payload to the eager, announcement to the lazy, nothing to `from` (may be NULL). */
static void
push(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *from,
	const struct peer_id *id, struct view content, uint16_t round)
{
	for (size_t i = 0; i < p->count; i++) {
		struct plumtree_peer *to = &p->peers[i];

		if (from && id_equal(&to->id, from))
			continue;
		if (to->eager && !(x->bulk && to->lazy.slow))
			send_payload(p, x, &to->id, id, content, round,
				x->bulk		  ? OUTBOX_BULK
				: from && x->calm ? OUTBOX_CALM
						  : OUTBOX_SOON);
		else if (!x->config->observer)
			queue_ihave(p, x, to, id, round);
	}
}

static void
record(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *id,
	struct view content, uint16_t round)
{
	msgcache_put(&p->cache, id, content, round, x->now_ns);
	if (x->bulk)
		msgcache_mark_bulk(&p->cache, id);
	if (!heap_armed(&p->sweep.entry))
		heap_arm(x->timers, &p->sweep.entry, x->now_ns + SWEEP_NS);
}

/*
 * The payload came over a path much longer than one we heard of: take the shorter as
 * eager (Plumtree 3.8). `round` is the one the payload is forwarded with.
 */
static void
optimize(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *from,
	const struct missing_entry *e, uint16_t round)
{
	const struct missing_source *best = NULL;
	struct plumtree_peer *sender = find(p, from), *better;

	for (size_t i = 0; i < e->count; i++) {
		if (!best || e->sources[i].round < best->round)
			best = &e->sources[i];
	}
	if (!best || best->round >= round ||
		(unsigned)(round - best->round) < x->config->optimization_hops)
		return;
	better = find(p, &best->peer);
	if (!better || better == sender)
		return;
	if (!better->eager) {
		better->eager = true;
		send_graft(p, x, &best->peer, NULL, best->round);
	}
	if (sender && sender->eager) {
		sender->eager = false;
		send_prune(p, x, from);
	}
}

/* Whether this message is the one whose duplicates prune now; it may become it. */
static bool
is_guide(struct plumtree *p, const struct peer_id *id, uint64_t now_ns)
{
	if (p->guide_ns == 0 || now_ns > p->guide_ns + GUIDE_NS ||
		id_compare(id, &p->guide) < 0) {
		p->guide = *id;
		p->guide_ns = now_ns;
	}
	return id_equal(id, &p->guide);
}

static void
on_payload(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	const struct peer_id *id = &m->payload.id;
	struct view content = m->payload.content;
	struct plumtree_peer *sender;
	struct missing_entry *e;
	struct peer_id hash;
	uint16_t round = next_round(m->payload.round);
	bool guide;

	blake3(hash.bytes, content.data, content.len);
	if (!id_equal(&hash, id)) {
		p->stats.bad_hash++;
		return;
	}
	guide = !m->payload.neighbors_only && !x->calm && is_guide(p, id, x->now_ns);
	if (msgcache_seen(&p->cache, id)) {
		p->stats.duplicates++;
		if (!guide)
			return;
		sender = find(p, from);
		if (sender) {
			sender->eager = false;
			lazy_forget(&sender->lazy, id);
		}
		send_prune(p, x, from);
		return;
	}
	e = missing_find(&p->missing, id);
	/* Late already, or far: whoever is behind us has waited for it long enough. */
	x->patient = x->patient && e == NULL;
	x->calm = x->patient && x->calm && round <= GOSSIP_CALM_HOPS;
	if (m->payload.neighbors_only) {
		msgcache_note(&p->cache, id, x->now_ns);
		if (!heap_armed(&p->sweep.entry))
			heap_arm(x->timers, &p->sweep.entry, x->now_ns + SWEEP_NS);
		round = 1;
	} else if (x->config->observer) {
		record(p, x, id, (struct view){content.data, 0}, round);
	} else {
		record(p, x, id, content, round);
		push(p, x, from, id, content, round);
	}
	if (e) {
		if (guide)
			optimize(p, x, from, e, round);
		missing_remove(&p->missing, x->timers, e);
	}
	p->stats.delivered++;
	outbox_deliver(x->out, from, content, round);
}

static void
on_prune(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	struct plumtree_peer *peer = find(p, from);

	(void)x;
	(void)m;
	if (peer)
		peer->eager = false;
}

static void
on_graft(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	struct plumtree_peer *peer = find(p, from);
	struct view content;
	uint16_t round;
	bool bulk;

	if (peer)
		peer->eager = true;
	if (x->config->observer || !m->graft.has_id ||
		!msgcache_find(&p->cache, &m->graft.id, &content, &round))
		return;
	bulk = msgcache_is_bulk(&p->cache, &m->graft.id);
	if (bulk && peer && peer->lazy.slow)
		p->stats.dropped_slow++;
	else
		send_payload(p, x, from, &m->graft.id, content, round,
			bulk ? OUTBOX_BULK : OUTBOX_SOON);
}

static void
on_ihave(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	struct plumtree_peer *peer = find(p, from);

	if (!peer)
		return;
	for (size_t i = 0; i < m->ihave.count; i++) {
		const struct gossip_ihave *h = &m->ihave.items[i];

		lazy_forget(&peer->lazy, &h->id);
		if (!msgcache_seen(&p->cache, &h->id))
			missing_add(&p->missing, x, &h->id, from, h->round);
	}
}

void
plumtree_message(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *from,
	const struct gossip_msg *m)
{
	static void (*const handlers[GOSSIP_MSG_KINDS])(struct plumtree *,
		struct gossip_ctx *, const struct peer_id *,
		const struct gossip_msg *) = {
		[GOSSIP_PAYLOAD] = on_payload,
		[GOSSIP_PRUNE] = on_prune,
		[GOSSIP_GRAFT] = on_graft,
		[GOSSIP_IHAVE] = on_ihave,
	};

	if (handlers[m->kind])
		handlers[m->kind](p, x, from, m);
}

void
plumtree_init(struct plumtree *p, const struct gossip_config *c, size_t peers_max)
{
	*p = (struct plumtree){.cap = peers_max,
		.lazy = {.kind = GOSSIP_TIMER_LAZY},
		.sweep = {.kind = GOSSIP_TIMER_SWEEP}};
	p->peers = mem_array(peers_max, sizeof(*p->peers));
	msgcache_init(&p->cache, c->seen_ns, c->cache_ns, GOSSIP_SEEN_MAX,
		GOSSIP_CACHE_BYTES_MAX);
	missing_init(&p->missing);
}

void
plumtree_fini(struct plumtree *p, struct heap *timers)
{
	heap_cancel(timers, &p->lazy.entry);
	heap_cancel(timers, &p->sweep.entry);
	missing_fini(&p->missing, timers);
	msgcache_fini(&p->cache);
	for (size_t i = 0; i < p->count; i++)
		lazy_fini(&p->peers[i].lazy);
	free(p->peers);
	*p = (struct plumtree){0};
}

void
plumtree_quit(struct plumtree *p, struct gossip_ctx *x)
{
	heap_cancel(x->timers, &p->lazy.entry);
	heap_cancel(x->timers, &p->sweep.entry);
	while (p->count > 0)
		plumtree_down(p, x, &p->peers[p->count - 1].id);
	msgcache_expire(&p->cache, NEVER);
}

void
plumtree_up(struct plumtree *p, const struct peer_id *peer)
{
	if (find(p, peer))
		return;
	assert(p->count < p->cap);
	p->peers[p->count++] = (struct plumtree_peer){.id = *peer, .eager = true};
}

void
plumtree_down(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *peer)
{
	struct plumtree_peer *gone = find(p, peer);
	size_t i;

	if (!gone)
		return;
	i = (size_t)(gone - p->peers);
	lazy_fini(&gone->lazy);
	p->count--;
	memmove(gone, gone + 1, (p->count - i) * sizeof(*gone));
	missing_remove_peer(&p->missing, x->timers, peer);
}

void
plumtree_broadcast(struct plumtree *p, struct gossip_ctx *x, struct view content)
{
	struct peer_id id;

	blake3(id.bytes, content.data, content.len);
	if (msgcache_seen(&p->cache, &id))
		return;
	p->stats.broadcasts++;
	if (!x->calm)
		(void)is_guide(p, &id, x->now_ns);
	record(p, x, &id, content, 0);
	push(p, x, NULL, &id, content, 0);
}

void
plumtree_slow(struct plumtree *p, struct gossip_ctx *x, const struct peer_id *peer,
	bool slow)
{
	struct plumtree_peer *it = find(p, peer);

	if (!it || it->lazy.slow == slow)
		return;
	it->lazy.slow = slow;
	if (!slow && it->lazy.count > 0)
		arm_lazy(p, x, x->now_ns + x->config->lazy_ns);
}

static void
dispatch(struct plumtree *p, struct gossip_ctx *x)
{
	for (size_t i = 0; i < p->count; i++) {
		uint64_t due_ns = lazy_announce(&p->peers[i].lazy, x,
			&p->peers[i].id, &p->stats.ihaves_sent);

		if (due_ns != 0)
			arm_lazy(p, x, due_ns);
	}
}

static void
graft(struct plumtree *p, struct gossip_ctx *x, struct missing_entry *e)
{
	struct missing_source source;
	struct plumtree_peer *peer;

	if (!missing_pop(e, &source)) {
		missing_remove(&p->missing, x->timers, e);
		return;
	}
	peer = find(p, &source.peer);
	assert(peer);
	peer->eager = true;
	send_graft(p, x, &source.peer, &e->id, source.round);
	heap_arm(x->timers, &e->timer.entry, x->now_ns + x->config->graft_next_ns);
}

void
plumtree_timer(struct plumtree *p, struct gossip_ctx *x, struct gossip_timer *t)
{
	if (t->kind == GOSSIP_TIMER_LAZY) {
		dispatch(p, x);
	} else if (t->kind == GOSSIP_TIMER_GRAFT) {
		graft(p, x, GOSSIP_TIMER_OWNER(t, struct missing_entry));
	} else if (t->kind == GOSSIP_TIMER_SWEEP) {
		msgcache_expire(&p->cache, x->now_ns);
		if (p->cache.seen_count > 0)
			heap_arm(x->timers, &p->sweep.entry, x->now_ns + SWEEP_NS);
	}
}

size_t
plumtree_eager(const struct plumtree *p, struct peer_id *to, size_t cap)
{
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++) {
		if (!p->peers[i].eager)
			continue;
		if (count < cap)
			to[count] = p->peers[i].id;
		count++;
	}
	return count;
}

size_t
plumtree_queued(const struct plumtree *p)
{
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		count += p->peers[i].lazy.count;
	return count;
}
