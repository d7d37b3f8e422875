/* SPDX-License-Identifier: MIT */
#include "node/casting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "node/state.h"
#include "wire/cast.h"

/* How long an estimate of what a link takes is built up, and how long it holds. */
#define PACE_EVERY MILLISECONDS(50)
/* Who is behind by more than this does not make up for it. */
#define BEHIND_MAX MILLISECONDS(100)
/* A neighbor that takes less than such a part of what another one does is slow itself. */
#define MUCH_SLOWER 4

struct casting {
	TAILQ_ENTRY(casting) entry;
	struct casting_spec spec;
	struct casting_report report;
	uint8_t *body;
	uint64_t began_ns, next_ns;
	uint64_t wait_ns;	/* for room; then it is looked at again */
	bool over;
};

void
casting_init(struct casting_all *a)
{
	*a = (struct casting_all){ .look_ns = NEVER };
	TAILQ_INIT(&a->all);
}

static void
casting_free(struct casting_all *a, struct casting *c)
{
	TAILQ_REMOVE(&a->all, c, entry);
	a->count--;
	free(c->body);
	mem_free(MEM_CASTING, c);
}

void
casting_fini(struct casting_all *a)
{
	while (!TAILQ_EMPTY(&a->all))
		casting_free(a, TAILQ_FIRST(&a->all));
}

int
casting_begin(struct node *n, const struct casting_spec *spec, uint64_t now_ns,
	uint64_t *number, char why[static DELIVERY_WHY_CAP])
{
	struct casting *c;

	if (n->mesh_count == 0 || n->config.observer || n->leave_ns != 0) {
		snprintf(why, DELIVERY_WHY_CAP, "only a member of a mesh speaks to it");
		return ERR_STATE;
	}
	if (spec->count == 0 || spec->count > CAST_COUNT_MAX ||
		spec->body.len > CAST_BODY_LEN_MAX || !text_is_label(spec->kind)) {
		snprintf(why, DELIVERY_WHY_CAP,
			"1 to %d messages of a kind that is a label, of at most %d bytes",
			CAST_COUNT_MAX, CAST_BODY_LEN_MAX);
		return ERR_ARGUMENT;
	}
	if (n->castings.count == CASTINGS_MAX) {
		snprintf(why, DELIVERY_WHY_CAP,
			"%d runs of messages to the mesh are under way in this node "
			"already",
			CASTINGS_MAX);
		return ERR_LIMIT;
	}
	c = mem_new(MEM_CASTING, sizeof(*c));
	c->spec = *spec;
	c->body = mem_copy(spec->body.data, spec->body.len);
	c->spec.body.data = c->body;
	c->report.count = spec->count;
	c->report.number = *number = ++n->castings.last_number;
	c->began_ns = c->next_ns = now_ns;
	TAILQ_INSERT_TAIL(&n->castings.all, c, entry);
	n->castings.count++;
	return ERR_OK;
}

static void
finish(struct casting *c, uint64_t now_ns)
{
	c->over = true;
	c->report.took_ns = now_ns - c->began_ns;
}

void
casting_stop(struct node *n, uint64_t number, uint64_t now_ns)
{
	struct casting *c;

	TAILQ_FOREACH(c, &n->castings.all, entry)
		if (c->report.number == number && !c->over)
			finish(c, now_ns);
}

bool
casting_next(struct node *n, struct casting_report *r)
{
	struct casting *c;

	TAILQ_FOREACH(c, &n->castings.all, entry)
		if (c->over) {
			*r = c->report;
			casting_free(&n->castings, c);
			return true;
		}
	return false;
}

/* What congestion control lets through before anything was seen. */
static uint64_t
first_guess(const struct node *n, const struct link *k)
{
	struct endpoint_conn_info info;

	if (endpoint_conn_info(n->endpoint, k->conn, &info) != ERR_OK)
		return 0;
	return info.cwnd_bytes * 1000000 / (info.rtt_ns / 1000 + 1);
}

/* Bytes that wait for it, and how many may, as its pace is now. */
static uint64_t
waiting(struct node *n, const struct membership *m, struct link *k, uint64_t now_ns,
	uint64_t *limit)
{
	struct casting_pace *p = &k->pace;
	uint64_t end, acked, rate, kept;

	*limit = CAST_QUEUE_LEN_MAX;
	if (endpoint_gossip_offsets(n->endpoint, k->conn, &m->topic_id, &end, &acked) !=
		ERR_OK)
		return 0;
	if (p->at_ns == 0 || acked < p->acked) {
		*p = (struct casting_pace){ .acked = acked, .at_ns = now_ns,
			.rate = first_guess(n, k), .waited_at_ns = now_ns };
	} else if (now_ns - p->at_ns >= PACE_EVERY) {
		rate = (acked - p->acked) * 1000000 / ((now_ns - p->at_ns) / 1000);
		/* Little is taken where little is sent: that says nothing. */
		kept = end - acked < CAST_QUEUE_LEN_MIN ? p->rate : p->rate / 8 * 7;
		p->rate = rate > kept ? rate : kept;
		p->acked = acked;
		p->at_ns = now_ns;
	}
	*limit = p->rate / 2;
	if (*limit < CAST_QUEUE_LEN_MIN)
		*limit = CAST_QUEUE_LEN_MIN;
	if (*limit > CAST_QUEUE_LEN_MAX)
		*limit = CAST_QUEUE_LEN_MAX;
	return end - acked;
}

/* Whether too much waits for it. Once it did, it has to be well below to get more. */
static bool
is_slow(struct node *n, const struct membership *m, struct link *k, uint64_t now_ns)
{
	uint64_t limit, len = waiting(n, m, k, now_ns, &limit);

	k->pace.slow = len > (k->pace.slow ? limit / 4 * 3 : limit);
	return k->pace.slow;
}

static bool
told_slow(const struct node *n, const struct membership *m, const struct peer_id *peer)
{
	const struct casting_all *a = &n->castings;

	for (size_t i = 0; i < a->slow_count; i++)
		if (a->slow[i].m == m && id_equal(&a->slow[i].peer, peer))
			return true;
	return false;
}

bool
casting_send(struct node *n, struct membership *m, const struct peer_id *peer,
	struct view body, uint64_t now_ns)
{
	struct casting_all *a = &n->castings;
	struct link *k = links_find(&n->links, peer);

	/*
	 * Without a link it would wait for one, in a queue that what matters needs.
	 * Gossip is whole without it: others have it, too.
	 */
	if (k == NULL || !meshes_may_pass(n, m, peer) ||
		links_gossip(&n->links, peer, &m->topic_id, body, false, now_ns) !=
			ERR_OK) {
		a->unsent++;
		return false;
	}
	if (!is_slow(n, m, k, now_ns) || told_slow(n, m, peer) ||
		a->slow_count == CAST_SLOW_MAX)
		return false;
	a->slow[a->slow_count++] = (struct casting_slow){ m, *peer };
	a->look_ns = now_ns + CAST_LOOK;
	return true;
}

/* Who can follow again, or is no neighbor any more. */
static void
look_at_slow(struct node *n, uint64_t now_ns)
{
	struct casting_all *a = &n->castings;

	for (size_t i = 0; i < a->slow_count;) {
		const struct casting_slow it = a->slow[i];
		struct link *k = links_find(&n->links, &it.peer);
		struct gossip_in in = { .kind = GOSSIP_IN_SLOW, .peer = it.peer };

		if (k != NULL && is_slow(n, it.m, k, now_ns)) {
			i++;
			continue;
		}
		a->slow[i] = a->slow[--a->slow_count];
		meshes_handle(n, it.m, &in, now_ns);
	}
	a->look_ns = a->slow_count > 0 ? now_ns + CAST_LOOK : NEVER;
}

/* How long others waited for it: before, less what is forgiven, and now. */
static uint64_t
waited(const struct casting_pace *p, uint64_t now_ns)
{
	uint64_t forgiven_ns = (now_ns - p->waited_at_ns) / 20;
	uint64_t before_ns = p->waited_ns > forgiven_ns ? p->waited_ns - forgiven_ns : 0;

	return before_ns + (p->full_ns != 0 ? now_ns - p->full_ns : 0);
}

/* Whether a sender waits for it: well before it is slow, and relays have to give up. */
static bool
is_full(struct node *n, const struct membership *m, struct link *k, uint64_t now_ns)
{
	struct casting_pace *p = &k->pace;
	uint64_t limit, len = waiting(n, m, k, now_ns, &limit), all_ns;

	if (len > limit / 4) {
		if (p->full_ns == 0)
			p->full_ns = now_ns;
		return true;
	}
	all_ns = waited(p, now_ns);
	if (p->full_ns != 0) {
		p->waited_ns = all_ns < CAST_PATIENCE ? all_ns : CAST_PATIENCE;
		p->waited_at_ns = now_ns;
		p->full_ns = 0;
	}
	return false;
}

/*
 * All neighbors follow, or those that do not take much less than another one and have had
 * our patience.
 */
static bool
has_room(struct node *n, const struct membership *m, uint64_t now_ns)
{
	struct peer_id active[GOSSIP_ACTIVE_VIEW_MAX];
	struct link *full[GOSSIP_ACTIVE_VIEW_MAX];
	size_t count = topic_active(m->topic, active, GOSSIP_ACTIVE_VIEW_MAX), fulls = 0;
	uint64_t best = 0;

	for (size_t i = 0; i < count; i++) {
		struct link *k = links_find(&n->links, &active[i]);

		if (k == NULL)
			continue;
		if (is_full(n, m, k, now_ns))
			full[fulls++] = k;
		if (k->pace.rate > best)
			best = k->pace.rate;
	}
	for (size_t i = 0; i < fulls; i++)
		if (full[i]->pace.rate >= best / MUCH_SLOWER ||
			waited(&full[i]->pace, now_ns) < CAST_PATIENCE)
			return false;
	return true;
}

static void
cast_one(struct node *n, struct membership *m, struct casting *c, uint64_t now_ns)
{
	struct gossip_in in = { .kind = GOSSIP_IN_BROADCAST, .bulk = true };
	struct cast it = { .speaker = n->config.identity.id, .run = c->spec.run,
		.number = ++c->report.sent, .sent_us = now_ns / 1000,
		.body = c->spec.body };
	struct buf b;

	memcpy(it.kind, c->spec.kind, sizeof(it.kind));
	buf_init(&b, CAST_LEN_MAX);
	cast_sign(&b, &it, &m->topic_id, n->config.identity.secret_key);
	in.bytes = (struct view){ b.data, b.len };
	n->castings.sent++;
	meshes_handle(n, m, &in, now_ns);
	buf_fini(&b);
}

static void
go_on(struct node *n, struct casting *c, uint64_t now_ns)
{
	struct membership *m = n->meshes[0];

	if (now_ns < c->wait_ns)
		return;
	if (c->spec.every_ns > 0 && c->next_ns + BEHIND_MAX < now_ns)
		c->next_ns = now_ns - BEHIND_MAX;
	for (unsigned i = 0; i < CAST_TURN_MAX && c->next_ns <= now_ns &&
			     c->report.sent < c->report.count;
		i++) {
		if (!has_room(n, m, now_ns)) {
			c->report.waits++;
			c->wait_ns = now_ns + CAST_LOOK;
			return;
		}
		cast_one(n, m, c, now_ns);
		c->next_ns += c->spec.every_ns;
	}
	if (c->report.sent == c->report.count)
		finish(c, now_ns);
}

void
casting_tick(struct node *n, uint64_t now_ns)
{
	struct casting *c;

	if (n->castings.look_ns <= now_ns)
		look_at_slow(n, now_ns);
	TAILQ_FOREACH(c, &n->castings.all, entry) {
		if (n->leave_ns != 0 && !c->over)
			finish(c, now_ns);
		if (!c->over)
			go_on(n, c, now_ns);
	}
}

static uint64_t
earliest(const struct casting *c)
{
	return c->next_ns > c->wait_ns ? c->next_ns : c->wait_ns;
}

uint64_t
casting_deadline(const struct node *n)
{
	uint64_t due_ns = n->castings.look_ns;
	const struct casting *c;

	TAILQ_FOREACH(c, &n->castings.all, entry)
		if (!c->over && earliest(c) < due_ns)
			due_ns = earliest(c);
	return due_ns;
}
