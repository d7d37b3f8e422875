/* SPDX-License-Identifier: MIT */
/* One topic: decodes, hands each input to its protocol, and keeps the timers. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gossip/hyparview.h"
#include "gossip/observers.h"
#include "gossip/plumtree.h"

/* Timers that the layer above holds for us; more would only be woken for nothing. */
#define OUTSTANDING_MAX 8

struct outstanding {
	uint64_t timer, due_ns;
};

struct topic {
	struct gossip_config config;
	struct rng rng;
	struct heap timers;
	struct outstanding outstanding[OUTSTANDING_MAX];
	size_t outstanding_count;
	uint64_t last_timer;
	struct hyparview hyparview;
	struct plumtree plumtree;
	struct observers observers;
	uint8_t own_data[GOSSIP_PEER_DATA_LEN_MAX];
	size_t own_data_len;
	uint64_t malformed;
	bool quit;
};

static struct gossip_ctx
context(struct topic *t, uint64_t now_ns, struct outbox *out)
{
	return (struct gossip_ctx){.config = &t->config,
		.rng = &t->rng,
		.timers = &t->timers,
		.out = out,
		.marked = &t->observers.marked,
		.own_data = {t->own_data, t->own_data_len},
		.now_ns = now_ns};
}

/* Plumtree follows the active view: the changes from entry `from` of the outbox on. */
static void
follow(struct topic *t, struct gossip_ctx *x, size_t from)
{
	for (size_t i = from; i < outbox_count(x->out); i++) {
		const struct gossip_out *e = outbox_at(x->out, i);
		struct peer_id peer = e->peer;

		if (e->kind != GOSSIP_OUT_NEIGHBOR)
			continue;
		if (e->change == NEIGHBOR_UP)
			plumtree_up(&t->plumtree, &peer);
		else if (!peerset_has(&t->hyparview.views.active, &peer) &&
			 !peerset_has(&t->observers.attached, &peer))
			plumtree_down(&t->plumtree, x, &peer);
	}
}

static void
follow_observer(struct topic *t, struct gossip_ctx *x, const struct peer_id *peer,
	enum observers_change change)
{
	if (change == OBSERVERS_ATTACHED)
		plumtree_up(&t->plumtree, peer);
	else if (change == OBSERVERS_DETACHED)
		plumtree_down(&t->plumtree, x, peer);
}

/* One timer of the layer above is enough if it comes no later than our first. */
static void
arm(struct topic *t, struct outbox *out)
{
	uint64_t due_ns = heap_deadline(&t->timers);
	size_t last = 0;

	if (due_ns == NEVER)
		return;
	for (size_t i = 0; i < t->outstanding_count; i++) {
		if (t->outstanding[i].due_ns <= due_ns)
			return;
		if (t->outstanding[i].due_ns > t->outstanding[last].due_ns)
			last = i;
	}
	if (t->outstanding_count < OUTSTANDING_MAX)
		last = t->outstanding_count++;
	t->outstanding[last] = (struct outstanding){++t->last_timer, due_ns};
	outbox_timer(out, t->last_timer, due_ns);
}

/*
 * Who sends us broadcasts takes us for a neighbor. Where we see it otherwise (we lost it
 * and it never noticed, or it has not read our Disconnect yet), it is told, so that no
 * link stays half.
 */
static void
end_half_link(struct topic *t, struct gossip_ctx *x, const struct peer_id *from)
{
	if (topic_needs(t, from) || peerset_has(&t->observers.marked, from))
		return;
	outbox_send_disconnect(x->out, from, true);
	outbox_hang_up(x->out, from);
}

static void
on_message(struct topic *t, struct gossip_ctx *x, const struct gossip_in *in)
{
	struct gossip_msg m;
	const struct peer_id *from = &in->peer;

	if (id_equal(from, &t->config.self))
		return;
	if (in->bytes.len > t->config.message_len_max ||
		gossip_msg_decode(&m, in->bytes) < 0) {
		t->malformed++;
		return;
	}
	if (m.kind >= GOSSIP_PAYLOAD) {
		plumtree_message(&t->plumtree, x, from, &m);
		end_half_link(t, x, from);
	} else if (peerset_has(&t->observers.marked, from))
		follow_observer(t, x, from,
			observers_message(
				&t->observers, x, &t->hyparview.views, from, &m));
	else
		hyparview_message(&t->hyparview, x, from, &m);
}

static void
on_timer(struct topic *t, struct gossip_ctx *x, const struct gossip_in *in)
{
	struct heap_entry *e;

	for (size_t i = 0; i < t->outstanding_count; i++) {
		if (t->outstanding[i].timer == in->timer) {
			t->outstanding[i] = t->outstanding[--t->outstanding_count];
			break;
		}
	}
	while ((e = heap_next_due(&t->timers, x->now_ns))) {
		struct gossip_timer *timer = (struct gossip_timer *)(void *)e;
		size_t before = outbox_count(x->out);

		if (timer->kind <= GOSSIP_TIMER_SHUFFLE)
			hyparview_timer(&t->hyparview, x, timer);
		else
			plumtree_timer(&t->plumtree, x, timer);
		follow(t, x, before);
	}
}

static void
on_join(struct topic *t, struct gossip_ctx *x, const struct gossip_in *in)
{
	hyparview_join(&t->hyparview, x, &in->peer);
}

static void
on_lost(struct topic *t, struct gossip_ctx *x, const struct gossip_in *in)
{
	follow_observer(t, x, &in->peer, observers_lost(&t->observers, &in->peer));
	hyparview_lost(&t->hyparview, x, &in->peer);
}

static void
on_broadcast(struct topic *t, struct gossip_ctx *x, const struct gossip_in *in)
{
	/* Asking is the caller's duty; a content that fits no message would be lost
	 * silently. */
	assert(topic_can_broadcast(t, in->bytes.len));
	plumtree_broadcast(&t->plumtree, x, in->bytes);
}

static void
on_observer(struct topic *t, struct gossip_ctx *x, const struct gossip_in *in)
{
	if (id_equal(&in->peer, &t->config.self))
		return;
	if (observers_mark(&t->observers, &in->peer))
		hyparview_expel(&t->hyparview, x, &in->peer);
}

static void
on_data(struct topic *t, struct gossip_ctx *x, const struct gossip_in *in)
{
	size_t len = in->bytes.len;

	(void)x;
	assert(len <= sizeof(t->own_data));
	if (len > 0)
		memcpy(t->own_data, in->bytes.data, len);
	t->own_data_len = len;
}

static void
on_quit(struct topic *t, struct gossip_ctx *x, const struct gossip_in *in)
{
	(void)in;
	observers_quit(&t->observers, x);
	hyparview_quit(&t->hyparview, x);
	plumtree_quit(&t->plumtree, x);
	t->quit = true;
}

static void
on_slow(struct topic *t, struct gossip_ctx *x, const struct gossip_in *in)
{
	plumtree_slow(&t->plumtree, x, &in->peer, in->slow);
}

void
topic_handle(
	struct topic *t, const struct gossip_in *in, uint64_t now_ns, struct outbox *out)
{
	static void (*const handlers[])(
		struct topic *, struct gossip_ctx *, const struct gossip_in *) = {
		[GOSSIP_IN_MESSAGE] = on_message,
		[GOSSIP_IN_TIMER] = on_timer,
		[GOSSIP_IN_JOIN] = on_join,
		[GOSSIP_IN_LOST] = on_lost,
		[GOSSIP_IN_BROADCAST] = on_broadcast,
		[GOSSIP_IN_OBSERVER] = on_observer,
		[GOSSIP_IN_DATA] = on_data,
		[GOSSIP_IN_QUIT] = on_quit,
		[GOSSIP_IN_SLOW] = on_slow,
	};
	struct gossip_ctx x = context(t, now_ns, out);
	size_t before = outbox_count(out);

	x.calm = in->calm;
	x.bulk = in->bulk;
	x.patient = in->calm || in->brisk;
	if (t->quit)
		return;
	handlers[in->kind](t, &x, in);
	/* Timers did this one by one: a Graft may follow a loss within one input. */
	if (in->kind != GOSSIP_IN_TIMER)
		follow(t, &x, before);
	if (!t->quit)
		arm(t, out);
}

void
gossip_config_default(struct gossip_config *c)
{
	*c = (struct gossip_config){
		.message_len_max = GOSSIP_MESSAGE_LEN,
		.active_max = GOSSIP_ACTIVE_VIEW,
		.passive_max = GOSSIP_PASSIVE_VIEW,
		.arwl = 6,
		.prwl = 3,
		.shuffle_ttl = 6,
		.shuffle_active = 3,
		.shuffle_passive = 4,
		.optimization_hops = 5,
		.shuffle_ns = SECONDS(60),
		.neighbor_timeout_ns = MILLISECONDS(500),
		.join_timeout_ns = SECONDS(1),
		.graft_first_ns = MILLISECONDS(150),
		.graft_next_ns = MILLISECONDS(40),
		.lazy_ns = MILLISECONDS(5),
		.seen_ns = SECONDS(90),
		.cache_ns = SECONDS(30),
	};
}

struct topic *
topic_new(const struct gossip_config *c, uint64_t now_ns, struct outbox *out)
{
	struct topic *t = mem_new(MEM_TOPIC, sizeof(*t));

	(void)now_ns;
	(void)out;
	assert(c->message_len_max >= GOSSIP_MESSAGE_LEN_MIN);
	assert(c->message_len_max <= FRAME_LEN_MAX);
	assert(c->active_max > 0 && c->active_max <= GOSSIP_ACTIVE_VIEW_MAX);
	assert(c->passive_max > 0 && c->passive_max <= GOSSIP_PASSIVE_VIEW_MAX);
	assert(c->shuffle_active + c->shuffle_passive < GOSSIP_NODES_MAX);
	t->config = *c;
	rng_init(&t->rng, c->seed);
	heap_init(&t->timers);
	hyparview_init(&t->hyparview, &t->config);
	plumtree_init(&t->plumtree, &t->config, c->active_max + GOSSIP_OBSERVERS_MAX + 1);
	observers_init(&t->observers, c->seed);
	return t;
}

void
topic_free(struct topic *t)
{
	if (!t)
		return;
	observers_fini(&t->observers);
	plumtree_fini(&t->plumtree, &t->timers);
	hyparview_fini(&t->hyparview, &t->timers);
	heap_fini(&t->timers);
	mem_free(MEM_TOPIC, t);
}

bool
topic_can_broadcast(const struct topic *t, size_t len)
{
	return len <= t->config.message_len_max - GOSSIP_PAYLOAD_OVERHEAD;
}

const char *
neighbor_change_text(enum neighbor_change c)
{
	static const char *const texts[NEIGHBOR_CHANGES] = {
		[NEIGHBOR_UP] = "up",
		[NEIGHBOR_EVICTED] = "evicted",
		[NEIGHBOR_LEFT] = "left",
		[NEIGHBOR_LOST] = "lost",
		[NEIGHBOR_REFUSED] = "refused",
		[NEIGHBOR_TIMEOUT] = "timeout",
		[NEIGHBOR_QUIT] = "quit",
	};

	return (unsigned)c < NEIGHBOR_CHANGES ? texts[c] : "unknown";
}

size_t
topic_active(const struct topic *t, struct peer_id *to, size_t cap)
{
	return peerset_copy(&t->hyparview.views.active, to, cap);
}

size_t
topic_passive(const struct topic *t, struct peer_id *to, size_t cap)
{
	return peerset_copy(&t->hyparview.views.passive, to, cap);
}

size_t
topic_eager(const struct topic *t, struct peer_id *to, size_t cap)
{
	return plumtree_eager(&t->plumtree, to, cap);
}

size_t
topic_pending(const struct topic *t, struct peer_id *to, size_t cap)
{
	const struct views *v = &t->hyparview.views;
	size_t count = 0;

	for (size_t i = 0; i < GOSSIP_PENDING_MAX; i++) {
		if (!v->pending[i].used)
			continue;
		if (count < cap)
			to[count] = v->pending[i].peer;
		count++;
	}
	return count;
}

size_t
topic_observers(const struct topic *t, struct peer_id *to, size_t cap)
{
	return peerset_copy(&t->observers.attached, to, cap);
}

bool
topic_is_neighbor(const struct topic *t, const struct peer_id *peer)
{
	return peerset_has(&t->hyparview.views.active, peer) ||
	       peerset_has(&t->observers.attached, peer);
}

bool
topic_needs(const struct topic *t, const struct peer_id *peer)
{
	return views_needs(&t->hyparview.views, peer) ||
	       peerset_has(&t->observers.attached, peer);
}

void
topic_stats(const struct topic *t, struct topic_stats *s)
{
	const struct plumtree *p = &t->plumtree;

	*s = (struct topic_stats){
		.delivered = p->stats.delivered,
		.duplicates = p->stats.duplicates,
		.broadcasts = p->stats.broadcasts,
		.malformed = t->malformed,
		.bad_hash = p->stats.bad_hash,
		.grafts_sent = p->stats.grafts_sent,
		.prunes_sent = p->stats.prunes_sent,
		.ihaves_sent = p->stats.ihaves_sent,
		.payloads_sent = p->stats.payloads_sent,
		.evictions = t->hyparview.views.evictions,
		.dropped_lazy = p->stats.dropped_lazy,
		.dropped_missing = p->missing.dropped,
		.dropped_seen = p->cache.dropped_seen,
		.dropped_cache = p->cache.dropped_cache,
		.dropped_slow = p->stats.dropped_slow,
		.seen = p->cache.seen_count,
		.cached = p->cache.cached_count,
		.cached_bytes = p->cache.cached_bytes,
		.missing = missing_count(&p->missing),
		.lazy_queued = plumtree_queued(p),
		.peer_data = idmap_count(t->hyparview.views.peers),
		.joining = t->hyparview.views.join_count,
	};
}
