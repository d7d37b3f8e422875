/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "node/fabric.h"
#include "node/seeding.h"
#include "node/state.h"

/*
 * A mesh that is not heard is looked for every 10 s, and each place is tried again after
 * 15 s at most: meshes that were cut apart meet again within 30 s.
 */
#define HEAL_EVERY SECONDS(10)
#define BACK_OFF_MAX SECONDS(15)

/* An observer listens at a few places, as it does in a mesh. */
#define OBSERVER_PLACES 2

struct want {
	const struct node *n;
	size_t neighbors;
	bool widens, heals;
};

static void
want_init(struct want *w, const struct node *n, uint64_t now_ns)
{
	const struct fabric *f = n->fabric;
	struct peer_id active[GOSSIP_PENDING_MAX];
	size_t enough = n->config.observer ? OBSERVER_PLACES : SEEDING_FEW;

	w->n = n;
	w->neighbors = topic_active(f->m.topic, active, GOSSIP_PENDING_MAX);
	w->widens = w->neighbors < enough && now_ns >= f->m.widen_ns;
	w->heals = !n->config.observer && now_ns >= f->m.heal_ns;
}

static bool
looks(const struct want *w)
{
	return w->neighbors == 0 || w->widens || w->heals;
}

static bool
wanted(const void *ctx, const struct seed_entry *e)
{
	const struct want *w = ctx;
	const struct node *n = w->n;
	const struct backbone_mesh *m;

	if (id_equal(&e->seed.id, &n->config.identity.id) ||
		topic_is_neighbor(n->fabric->m.topic, &e->seed.id))
		return false;
	if (w->neighbors == 0)
		return true;
	if (w->widens && !topic_needs(n->fabric->m.topic, &e->seed.id))
		return true;
	m = e->mesh[0] != '\0' ? backbone_find(n->fabric->backbone, e->mesh) : NULL;
	return w->heals && (m == NULL || m->state != BACKBONE_HEARD);
}

static size_t
pending(const struct seeds *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		count += s->entries[i].pending;
	return count;
}

uint64_t
fabric_places_deadline(const struct node *n)
{
	const struct fabric *f = n->fabric;
	uint64_t due = NEVER;
	struct want w;

	if (f->places.count == 0)
		return NEVER;
	want_init(&w, n, 0);
	if (w.neighbors == 0 && pending(&f->places) < SEEDING_AT_ONCE)
		due = seeds_due(&f->places, wanted, &w);
	if (f->m.heal_ns < due && !n->config.observer)
		due = f->m.heal_ns;
	if (w.neighbors > 0 && f->m.widen_ns < due &&
		w.neighbors < (n->config.observer ? OBSERVER_PLACES : SEEDING_FEW))
		due = f->m.widen_ns;
	return due;
}

static void
join(struct node *n, const struct peer_id *peer, uint64_t now_ns)
{
	struct gossip_in in = { .kind = GOSSIP_IN_JOIN, .peer = *peer };

	meshes_handle(n, &n->fabric->m, &in, now_ns);
}

/* Only gateways are on the backbone. Of another program nothing is known. */
static bool
is_gateway(const struct link *k)
{
	return k->hello.role == HELLO_MEMBER && strcmp(k->hello.type, "gateway") == 0;
}

static void
contact(struct node *n, struct seed_entry *e, uint64_t now_ns)
{
	const struct link *k = links_find(&n->links, &e->seed.id);

	if (k != NULL) {
		fabric_linked(n, k, now_ns);
		return;
	}
	if (book_find(&n->book, &e->seed.id) == NULL || e->configured)
		book_learn(&n->book, &e->seed.id, &e->seed.address, 1);
	if (links_contact(&n->links, &e->seed.id, now_ns) != ERR_OK)
		fabric_failed(n, &e->seed.id, now_ns);
}

void
fabric_places_tick(struct node *n, uint64_t now_ns)
{
	struct fabric *f = n->fabric;
	struct seed_entry *e;
	struct want w;

	want_init(&w, n, now_ns);
	while (looks(&w) && pending(&f->places) < SEEDING_AT_ONCE) {
		e = seeds_next(&f->places, now_ns, wanted, &w);
		if (e == NULL)
			break;
		if (w.neighbors > 0)	/* one more is enough for now */
			w.widens = w.heals = false;
		contact(n, e, now_ns);
	}
	if (f->m.heal_ns <= now_ns)
		f->m.heal_ns = now_ns + rng_jitter(&n->rng, HEAL_EVERY, 20);
	if (f->m.widen_ns <= now_ns)
		f->m.widen_ns = now_ns + rng_jitter(&n->rng, SEEDING_WIDEN_EVERY, 20);
}

static void
add_place(struct node *n, const struct peer_id *id, const struct address *a,
	size_t address_count, const char *mesh, uint64_t now_ns)
{
	struct seed s = { .id = *id };

	if (address_count == 0 || id_equal(id, &n->config.identity.id))
		return;
	s.address = a[0];
	book_learn(&n->book, id, a, address_count);
	(void)seeds_add(&n->fabric->places, &s, mesh, false, now_ns);
}

void
fabric_places_summary(struct node *n, const struct summary *s, uint64_t now_ns)
{
	for (size_t i = 0; i < s->gateway_count; i++)
		add_place(n, &s->gateways[i].id, s->gateways[i].addresses,
			s->gateways[i].address_count, s->mesh, now_ns);
}

void
fabric_met(struct node *n, const struct membership *m, const struct directory_entry *e,
	uint64_t now_ns)
{
	if (n->fabric == NULL || !directory_is_node(e) ||
		!(e->digest.flags & DIGEST_GATEWAY) || e->liveness >= LIVENESS_GONE)
		return;
	add_place(n, &e->digest.id, e->digest.addresses, e->digest.address_count, m->mesh,
		now_ns);
}

void
fabric_add_seed(
	struct node *n, const struct seed *s, const char *mesh, uint64_t now_ns)
{
	if (n->fabric != NULL)
		(void)seeds_add(&n->fabric->places, s, mesh, true, now_ns);
}

/* A node of another mesh told of its gateways. */
static void
on_gateways(struct node *n, const struct request_answer *a, uint64_t now_ns)
{
	struct resolve_answer r;
	struct peer_id topic;
	struct digest g;

	if (a->end != REQUEST_GOES_ON || delivery_read_resolved(&r, a->bytes) != ERR_OK)
		return;
	for (size_t i = 0; i < r.count; i++) {
		char mesh[LABEL_LEN_MAX + 1];

		if (digest_peek_mesh(mesh, r.nodes[i].payload) != ERR_OK)
			continue;
		topic_of_mesh(&topic, &n->config.key, mesh);
		if (digest_verify(&g, r.nodes[i].payload, &topic) == ERR_OK &&
			(g.flags & DIGEST_GATEWAY))
			add_place(n, &g.id, g.addresses, g.address_count, mesh, now_ns);
	}
}

/* A seed turned out to be of another mesh, and no gateway: it knows who is. */
static void
ask_for_gateways(struct node *n, const struct link *k, uint64_t now_ns)
{
	struct resolve_ask ask = { .most = SUMMARY_GATEWAYS_MAX };
	struct request_spec spec = { .peer = k->peer, .tag = FRAME_RESOLVE,
		.take = on_gateways };
	uint64_t number;
	struct buf b;

	snprintf(ask.pattern, sizeof(ask.pattern), "%s.gateway", k->hello.mesh);
	buf_init(&b, frame_limit(FRAME_RESOLVE));
	delivery_put_resolve(&b, &ask);
	spec.payload = b.data;
	spec.len = b.len;
	(void)requests_ask(n, &spec, now_ns, &number);
	buf_fini(&b);
}

void
fabric_linked(struct node *n, const struct link *k, uint64_t now_ns)
{
	struct fabric *f = n->fabric;
	struct seed_entry *e;
	bool was_pending;
	struct want w;

	if (f == NULL)
		return;
	if (k->foreign)
		fabric_stranger(n, k->hello.mesh, now_ns);
	if (!is_gateway(k)) {
		if (k->foreign && k->dialed)
			ask_for_gateways(n, k, now_ns);
		/* It is what we took it for, but nobody of the backbone. */
		seeds_remove(&f->places, &k->peer);
		return;
	}
	add_place(n, &k->peer, k->hello.addresses, k->hello.address_count, k->hello.mesh,
		now_ns);
	e = seeds_find(&f->places, &k->peer);
	if (e == NULL)
		return;
	snprintf(e->mesh, sizeof(e->mesh), "%s", k->hello.mesh);
	was_pending = e->pending;
	want_init(&w, n, now_ns);
	if (was_pending || wanted(&w, e))
		join(n, &k->peer, now_ns);
	(void)seeds_result(&f->places, &k->peer, true, now_ns);
}

/* A gateway of a mesh that is silent now may come back at its place, however late. */
static bool
was_heard(const struct node *n, const struct seed_entry *e)
{
	const struct backbone_mesh *m = backbone_find(n->fabric->backbone, e->mesh);

	return e->mesh[0] != '\0' && (m == NULL || m->state != BACKBONE_HEARD);
}

void
fabric_failed(struct node *n, const struct peer_id *peer, uint64_t now_ns)
{
	struct seed_entry *e;

	if (n->fabric == NULL)
		return;
	e = seeds_find(&n->fabric->places, peer);
	if (e == NULL)
		return;
	/* Who is found again by a summary need not be tried for ever. */
	if (seeds_result(&n->fabric->places, peer, false, now_ns) && !e->configured &&
		!was_heard(n, e))
		seeds_remove(&n->fabric->places, peer);
	else if (e->due_ns > now_ns + BACK_OFF_MAX)
		e->due_ns = now_ns + BACK_OFF_MAX;
}

void
fabric_stranger(struct node *n, const char *mesh, uint64_t now_ns)
{
	if (n->fabric != NULL && mesh[0] != '\0')
		backbone_mention(n->fabric->backbone, mesh, now_ns);
}
