/* SPDX-License-Identifier: MIT */
#include "node/seeding.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "node/notes.h"
#include "node/state.h"

/* An observer listens at a few places, so that losing one leaves no gap. */
#define OBSERVER_PLACES 2

/* What does not depend on the entry is found once for all: the table is asked often. */
struct want {
	const struct node *n;
	uint64_t now_ns;
	size_t neighbors[MESHES_MAX];
	bool few[MESHES_MAX];
};

static size_t
neighbors(const struct membership *m)
{
	struct peer_id active[GOSSIP_PENDING_MAX];

	return topic_active(m->topic, active, GOSSIP_PENDING_MAX);
}

/* Few neighbors, though there are more nodes to have: itself is one of the live ones. */
static bool
has_few(const struct node *n, const struct membership *m, size_t count)
{
	struct directory_stats s;

	if (n->config.observer || count >= SEEDING_FEW)
		return false;
	directory_stats(m->directory, &s);
	return s.by_liveness[LIVENESS_LIVE] > count + 1;
}

static void
want_init(struct want *w, const struct node *n, uint64_t now_ns)
{
	w->n = n;
	w->now_ns = now_ns;
	for (size_t i = 0; i < n->mesh_count; i++) {
		w->neighbors[i] = neighbors(n->meshes[i]);
		w->few[i] = has_few(n, n->meshes[i], w->neighbors[i]);
	}
}

/*
 * Whether any mesh looks for anybody. Most of the time none does, and that is asked after
 * every packet: without it going through the table took a seventh of a node's time in a
 * simulation of 100.
 */
static bool
looks(const struct want *w)
{
	for (size_t i = 0; i < w->n->mesh_count; i++)
		if (w->neighbors[i] == 0 || w->now_ns >= w->n->meshes[i]->heal_ns ||
			(w->few[i] && w->now_ns >= w->n->meshes[i]->widen_ns))
			return true;
	return w->n->config.observer;
}

static bool
mesh_wants(const struct want *w, size_t i, const struct seed_entry *e)
{
	const struct membership *m = w->n->meshes[i];
	bool heals = w->now_ns >= m->heal_ns;
	bool widens = w->few[i] && w->now_ns >= m->widen_ns;
	const struct directory_entry *known;

	if (!w->n->config.observer && w->neighbors[i] > 0 && !heals && !widens)
		return false;
	if (e->mesh[0] != '\0' && strcmp(e->mesh, m->mesh) != 0)
		return false;
	if (topic_is_neighbor(m->topic, &e->seed.id))
		return false;
	if (w->n->config.observer)
		return w->neighbors[i] < OBSERVER_PLACES;
	if (w->neighbors[i] == 0)
		return true;
	known = directory_find(m->directory, &e->seed.id);
	if (known != NULL && known->liveness == LIVENESS_LIVE)
		return widens && !topic_needs(m->topic, &e->seed.id);
	return heals;
}

static bool
wanted(const void *ctx, const struct seed_entry *e)
{
	const struct want *w = ctx;
	const struct node *n = w->n;

	if (id_equal(&e->seed.id, &n->config.identity.id))
		return false;
	/* An observer that was told no mesh learns it from the seed's HELLO. */
	if (n->config.observer && e->mesh[0] == '\0')
		return !links_trying(&n->links, &e->seed.id);
	for (size_t i = 0; i < n->mesh_count; i++)
		if (mesh_wants(w, i, e))
			return true;
	return false;
}

static size_t
pending(const struct node *n)
{
	size_t count = 0;

	for (size_t i = 0; i < n->seeds.count; i++)
		count += n->seeds.entries[i].pending;
	return count;
}

/* Healing is wanted from heal_ns on; until then only what is wanted now counts. */
uint64_t
seeding_deadline(const struct node *n)
{
	uint64_t due = NEVER;
	struct want w;

	if (n->leave_ns != 0 || n->seeds.count == 0)
		return NEVER;
	want_init(&w, n, 0);
	if (looks(&w) && pending(n) < SEEDING_AT_ONCE * (n->mesh_count + 1))
		due = seeds_due(&n->seeds, wanted, &w);
	for (size_t i = 0; i < n->mesh_count; i++)
		if (!n->config.observer && n->meshes[i]->heal_ns < due)
			due = n->meshes[i]->heal_ns;
	for (size_t i = 0; i < n->mesh_count; i++)
		if (w.few[i] && n->meshes[i]->widen_ns < due)
			due = n->meshes[i]->widen_ns;
	return due;
}

/*
 * The timers of a mesh are set again once they were due, whether or not somebody was
 * found.
 */
static void
rearm(struct node *n, uint64_t now_ns)
{
	for (size_t i = 0; i < n->mesh_count; i++) {
		struct membership *m = n->meshes[i];

		if (m->heal_ns <= now_ns)
			m->heal_ns = now_ns + rng_jitter(&n->rng, SEEDS_HEAL_EVERY, 20);
		if (m->widen_ns <= now_ns)
			m->widen_ns =
				now_ns + rng_jitter(&n->rng, SEEDING_WIDEN_EVERY, 20);
	}
}

/*
 * Asks the link's other end to take us in, for every mesh that this seed can stand for.
 */
static void
join_over(struct node *n, const struct peer_id *peer, const char *mesh, uint64_t now_ns)
{
	struct gossip_in in = { .kind = GOSSIP_IN_JOIN, .peer = *peer };
	struct membership *m = mesh[0] != '\0' ? meshes_named(n, mesh) : NULL;

	if (m == NULL && mesh[0] == '\0' && n->mesh_count == 1)
		m = n->meshes[0];
	if (m != NULL && !topic_is_neighbor(m->topic, peer))
		meshes_handle(n, m, &in, now_ns);
}

/*
 * Whether this contact was wanted only for one more neighbor: then one is enough for
 * now.
 */
static void
widened(struct node *n, const struct want *w, const struct peer_id *peer)
{
	for (size_t i = 0; i < n->mesh_count; i++) {
		struct membership *m = n->meshes[i];
		const struct directory_entry *known = directory_find(m->directory, peer);

		if (w->few[i] && known != NULL && known->liveness == LIVENESS_LIVE)
			m->widen_ns = w->now_ns
				+ rng_jitter(&n->rng, SEEDING_WIDEN_EVERY, 20);
	}
}

static void
contact(struct node *n, struct seed_entry *e, uint64_t now_ns)
{
	const struct link *k = links_find(&n->links, &e->seed.id);

	if (k != NULL) {
		seeding_linked(n, k, now_ns);
		return;
	}
	if (book_find(&n->book, &e->seed.id) == NULL || e->configured)
		book_learn(&n->book, &e->seed.id, &e->seed.address, 1);
	if (links_contact(&n->links, &e->seed.id, now_ns) != ERR_OK)
		seeding_failed(n, &e->seed.id, now_ns);
}

void
seeding_tick(struct node *n, uint64_t now_ns)
{
	struct seed_entry *e;
	struct want w;

	if (n->leave_ns != 0)
		return;
	want_init(&w, n, now_ns);
	while (looks(&w) && pending(n) < SEEDING_AT_ONCE * (n->mesh_count + 1)) {
		e = seeds_next(&n->seeds, now_ns, wanted, &w);
		if (e == NULL)
			break;
		widened(n, &w, &e->seed.id);
		contact(n, e, now_ns);
		want_init(&w, n, now_ns);
	}
	rearm(n, now_ns);
}

/*
 * Everyone we ever met is a place to look later: a mesh cut in two heals over such
 * memories.
 */
static struct seed_entry *
remember(struct node *n, const struct link *k, uint64_t now_ns)
{
	struct seed s = { .id = k->peer };

	struct seed_entry *e;

	if (k->hello.role == HELLO_OBSERVER)
		return NULL;
	e = seeds_find(&n->seeds, &k->peer);
	if (k->foreign) {
		/* No place to look for our mesh, whatever it was taken for. */
		if (e != NULL)
			snprintf(e->mesh, sizeof(e->mesh), "%s", k->hello.mesh);
		return e;
	}
	if (k->hello.address_count > 0) {
		s.address = k->hello.addresses[0];
		(void)seeds_add(&n->seeds, &s, k->hello.mesh, false, now_ns);
	}
	return seeds_find(&n->seeds, &k->peer);
}

void
seeding_linked(struct node *n, const struct link *k, uint64_t now_ns)
{
	struct seed_entry *e = seeds_find(&n->seeds, &k->peer);
	/* A person gave it without its mesh; others we meet on the backbone only. */
	bool shows = n->config.observer && e != NULL && e->mesh[0] == '\0';
	bool was_pending;
	struct want w;

	e = remember(n, k, now_ns);
	if (e == NULL)
		return;
	want_init(&w, n, now_ns);
	was_pending = e->pending;
	e->pending = false;
	if (shows && k->hello.mesh[0] != '\0') {
		snprintf(e->mesh, sizeof(e->mesh), "%s", k->hello.mesh);
		(void)meshes_add(n, k->hello.mesh, now_ns);	/* known already: fine */
	}
	if (was_pending || wanted(&w, e))
		join_over(n, &k->peer, k->hello.mesh, now_ns);
	(void)seeds_result(&n->seeds, &k->peer, true, now_ns);
}

void
seeding_met(struct node *n, const struct membership *m, const struct directory_entry *e,
	uint64_t now_ns)
{
	struct seed s = { .id = e->digest.id };

	if (n->config.observer || !directory_is_node(e) || e->liveness >= LIVENESS_GONE
	    || e->digest.address_count == 0)
		return;
	s.address = e->digest.addresses[0];
	(void)seeds_add(&n->seeds, &s, m->mesh, false, now_ns);
}

void
seeding_missed(struct node *n, struct membership *m, uint64_t now_ns)
{
	uint64_t due = now_ns + rng_jitter(&n->rng, SEEDING_MISSED_WAIT, 20);

	if (due < m->heal_ns)
		m->heal_ns = due;
}

void
seeding_failed(struct node *n, const struct peer_id *peer, uint64_t now_ns)
{
	struct seed_entry *e = seeds_find(&n->seeds, peer);
	struct node_event *ev;
	bool tenth;

	if (e == NULL || !e->pending)
		return;
	tenth = seeds_result(&n->seeds, peer, false, now_ns);
	ev = node_push(n, NODE_EVENT_SEED, peer);
	ev->gave_up = tenth;
	notes_seed(n, peer, e->attempts, tenth ? 0 : e->due_ns - now_ns, now_ns);
	if (tenth)
		snprintf(ev->text, sizeof(ev->text),
			"giveup after %u attempts; probing goes on every 30 s",
				e->attempts);
	else
		snprintf(ev->text, sizeof(ev->text), "retry %u in %.1f s", e->attempts,
			(double)(e->due_ns - now_ns) / NS_PER_S);
}
