/* SPDX-License-Identifier: MIT */
#include "node/node.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/announce.h"
#include "node/answers.h"
#include "node/faulting.h"
#include "node/handlers.h"
#include "node/measure.h"
#include "node/messages.h"
#include "node/notes.h"
#include "node/seeding.h"
#include "node/shown.h"
#include "node/state.h"
#include "node/upkeep.h"

#define EVENTS_CAP 512
/*
 * Leaving: how long the last words have to be acknowledged before connections are closed.
 */
#define LEAVE_LINGER MILLISECONDS(40)
#define LEAVE_MAX MILLISECONDS(200)

static void
fill_greeter(struct node *n)
{
	struct greeter *g = &n->links.greeter;
	const struct node_config *c = &n->config;

	g->key = c->key;
	g->own_id = c->identity.id;
	g->own.version = HELLO_VERSION;
	snprintf(g->own.mesh, sizeof(g->own.mesh), "%s", c->observer ? "" : c->mesh);
	snprintf(g->own.type, sizeof(g->own.type), "%s", c->type);
	g->own.role = c->observer ? HELLO_OBSERVER : HELLO_MEMBER;
	g->own.incarnation = c->incarnation;
	snprintf(g->own.build, sizeof(g->own.build), "%s", c->build);
	memcpy(g->own.addresses, c->advertised, sizeof(g->own.addresses));
	g->own.address_count = c->advertised_count;
}

static void
add_seeds(struct node *n, uint64_t now_ns)
{
	const struct node_config *c = &n->config;
	uint8_t random_seed[32];

	rng_bytes(&n->rng, random_seed, sizeof(random_seed));
	seeds_init(&n->seeds, random_seed);
	for (size_t i = 0; i < c->seed_count; i++)
		(void)seeds_add(&n->seeds, &c->seeds[i], "", true, now_ns);
	for (size_t i = 0; i < c->remembered_count; i++) {
		const struct seed *s = &c->remembered[i];
		const struct seed_entry *given = seeds_find(&n->seeds, &s->id);

		/* Who was named just now is where it is said to be, not where it was. */
		if (given != NULL)
			s = &given->seed;
		/* A gateway remembers those of other meshes, too. */
		(void)seeds_add(&n->seeds, s, fabric_is_for(c) ? "" : c->mesh, false,
			now_ns);
		book_learn(&n->book, &s->id, &s->address, 1);
		book_met(&n->book, &s->id);
	}
	n->book.changed = false;
}

/* Ids of spans come from a stream of their own: who is watched, decides as if not. */
static void
add_spans(struct node *n, uint64_t now_ns, uint64_t wall_ms)
{
	uint8_t seed[sizeof(n->config.random_seed)];

	memcpy(seed, n->config.random_seed, sizeof(seed));
	seed[0] ^= 0x5a;
	n->spans = span_store_new(seed, now_ns,
		n->config.wall_us != 0 ? n->config.wall_us : wall_ms * 1000);
	if (n->config.unmetered)
		span_store_mute(n->spans);
}

struct node *
node_new(const struct node_config *c, uint64_t now_ns, uint64_t wall_ms, int *err)
{
	struct endpoint_config ec = { .offer_gossip = !c->observer,
		.handshakes_max = c->handshakes_max };
	struct node *n;

	*err = ERR_ARGUMENT;
	if (c->advertised_count > ADDRESSES_MAX || c->seed_count > SEEDS_MAX ||
		c->remembered_count > REMEMBERED_PEERS_MAX)
		return NULL;
	n = mem_new(MEM_NODE, sizeof(*n));
	n->config = *c;
	n->started_ns = now_ns;
	n->wall_offset_ms = wall_ms - now_ns / NS_PER_MS;
	rng_init(&n->rng, c->random_seed);
	memcpy(ec.seed, c->identity.seed, sizeof(ec.seed));
	n->endpoint = endpoint_new(&ec, err);
	if (n->endpoint == NULL) {
		mem_free(MEM_NODE, n);
		return NULL;
	}
	book_init(&n->book);
	links_init(&n->links, n->endpoint, &n->book);
	requests_init(&n->requests);
	serve_init(&n->serve);
	watchers_init(&n->watchers);
	echo_init(&n->echoes);
	add_spans(n, now_ns, wall_ms);
	memcpy(n->links.bound, c->bound, sizeof(n->links.bound));
	n->links_max = LINKS_MAX;
	if (c->links_max != 0 && c->links_max < LINKS_MAX)
		n->links_max = c->links_max;
	if (c->greeting_max != 0)
		n->links.greeting_max = c->greeting_max;
	fill_greeter(n);
	heap_init(&n->topic_timers);
	ring_init(&n->events, sizeof(struct node_event), EVENTS_CAP);
	ring_init(&n->calm, sizeof(struct calm_gossip), CALM_MAX);
	ring_init(&n->said, sizeof(struct said), SAID_MAX);
	n->outbox = outbox_new();
	n->meter = c->unmetered ? NULL : measure_new(now_ns);
	faults_init(&n->faults);
	n->crossed = idmap_new();
	resolve_init(&n->resolve);
	sending_init(&n->sendings);
	receive_init(&n->receive);
	casting_init(&n->castings);
	casts_init(&n->casts);
	add_seeds(n, now_ns);
	if (c->observer)
		fabric_start(n, now_ns);
	if (c->mesh[0] != '\0' && !c->subscribe_later)
		node_subscribe(n, now_ns);
	*err = ERR_OK;
	return n;
}

void
node_subscribe(struct node *n, uint64_t now_ns)
{
	/* The first mesh of a node finds room, and is not there yet. */
	int err = meshes_add(n, n->config.mesh, now_ns);

	assert(err == ERR_OK);
	(void)err;
	if (n->fabric == NULL && fabric_is_for(&n->config))
		fabric_start(n, now_ns);
}

void
node_free(struct node *n)
{
	if (n == NULL)
		return;
	requests_fini(&n->requests);
	serve_fini(&n->serve);
	watchers_fini(n);
	echo_fini(n);
	span_store_free(n->spans);
	meshes_fini(n);
	fabric_fini(n);
	idmap_free(n->crossed);
	sending_fini(&n->sendings);
	resolve_fini(n);
	receive_fini(&n->receive);
	casting_fini(&n->castings);
	casts_fini(&n->casts);
	links_fini(&n->links);
	book_fini(&n->book);
	heap_fini(&n->topic_timers);
	ring_fini(&n->events);
	ring_fini(&n->calm);
	ring_fini(&n->said);
	faults_fini(&n->faults);
	outbox_free(n->outbox);
	meter_free(n->meter);
	endpoint_free(n->endpoint);
	identity_wipe(&n->config.identity);
	fabric_key_wipe(&n->config.key);
	fabric_key_wipe(&n->links.greeter.key);
	mem_free(MEM_NODE, n);
}

static void
note_message(struct node *n, const struct quic_event *ev)
{
	struct messages *m = n->links.messages;

	if (m == NULL)
		return;
	if (ev->kind == QUIC_GOSSIP)
		messages_gossip(m, false, &ev->peer, ev->bytes.data, ev->bytes.len);
	else if (ev->kind == QUIC_CONTROL || ev->kind == QUIC_REQUEST ||
		ev->kind == QUIC_RESPONSE)
		messages_frame(m, false, &ev->peer, ev->tag, ev->bytes.data,
			ev->bytes.len);
}

void
node_turn(struct node *n, uint64_t now_ns)
{
	struct quic_event qe;
	struct link_event le;

	messages_at(n->links.messages, now_ns);
	while (endpoint_next_event(n->endpoint, &qe)) {
		note_message(n, &qe);
		links_quic(&n->links, &qe, now_ns);
		if (qe.kind == QUIC_UP || qe.kind == QUIC_PATH)
			faulting_moved(n);
		while (links_next_event(&n->links, &le))
			handlers_link(n, &le, now_ns);
		requests_quic(n, &qe, now_ns);
		serve_quic(n, &qe, now_ns);
	}
	if (n->requests.waiting_count > 0)
		requests_turn(n, now_ns);
	if (n->watchers.count > 0)
		watchers_turn(n, now_ns);
	if (n->book.changed && !n->peers_told) {
		n->peers_told = true;
		n->book.changed = false;
		(void)node_push(n, NODE_EVENT_PEERS, &n->config.identity.id);
	}
}

void
node_take(struct node *n, const struct path *path, const uint8_t *bytes, size_t len,
	uint8_t ecn, uint64_t now_ns)
{
	struct path p = *path;

	/*
	 * A socket on a wildcard address stands for itself: the path keeps the address it
	 * is bound to, so that a packet that came to another of our addresses is no other
	 * path.
	 */
	for (size_t i = 0; i < 2; i++)
		if (n->config.bound[i].family == p.remote.family)
			p.local = n->config.bound[i];
	endpoint_recv(n->endpoint, &p, bytes, len, ecn, now_ns);
	node_turn(n, now_ns);
}

void
node_recv(struct node *n, const struct path *path, const uint8_t *bytes, size_t len,
	uint8_t ecn, uint64_t now_ns)
{
	if (faulting_recv(n, path, bytes, len, ecn, now_ns))
		node_take(n, path, bytes, len, ecn, now_ns);
}

size_t
node_send(struct node *n, uint8_t *to, size_t cap, struct path *path, uint64_t now_ns)
{
	return faulting_send(n, to, cap, path, now_ns);
}

void
node_settle(struct node *n, uint64_t now_ns)
{
	answers_look(n, now_ns);
	handlers_calm(n, now_ns);
}

void
node_unreachable(struct node *n, const struct address *remote, uint64_t now_ns)
{
	if (faulting_hears(n, remote, now_ns))
		upkeep_hint(n, remote, now_ns);
	node_turn(n, now_ns);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
node_deadline(const struct node *n)
{
	uint64_t due = endpoint_deadline(n->endpoint);

	due = earlier(due, heap_deadline(&n->links.timers));
	due = earlier(due, heap_deadline(&n->topic_timers));
	due = earlier(due, seeding_deadline(n));
	due = earlier(due, requests_deadline(n));
	due = earlier(due, serve_deadline(n));
	due = earlier(due, faulting_deadline(n));
	due = earlier(due, fabric_deadline(n));
	due = earlier(due, watchers_deadline(n));
	due = earlier(due, echo_deadline(n));
	due = earlier(due, answers_deadline(n));
	due = earlier(due, sending_deadline(n));
	due = earlier(due, receive_deadline(n));
	due = earlier(due, casting_deadline(n));
	due = earlier(due, n->casts.idle_ns);
	for (size_t i = 0; i < n->mesh_count; i++) {
		due = earlier(due, n->meshes[i]->announce_ns);
		due = earlier(due, directory_deadline(n->meshes[i]->directory));
	}
	if (n->leave_ns != 0 && !n->closed)
		due = earlier(due, n->leave_ns + LEAVE_LINGER);
	if (n->calm.count > 0 || n->said.count > 0)
		due = earlier(due, n->calm_ns);
	return due;
}

static void
run_topic_timers(struct node *n, uint64_t now_ns)
{
	struct heap_entry *e;

	while ((e = heap_next_due(&n->topic_timers, now_ns)) != NULL) {
		struct topic_timer *t =
			(struct topic_timer *)((char *)e -
					       offsetof(struct topic_timer, entry));
		struct gossip_in in = { .kind = GOSSIP_IN_TIMER, .timer = t->number };
		struct membership *m = t->membership;

		mem_free(MEM_TIMER, t);
		meshes_handle(n, m, &in, now_ns);
	}
}

static void
close_all(struct node *n, uint64_t now_ns)
{
	struct link *up[LINKS_MAX];
	size_t count = links_up(&n->links, up, LINKS_MAX);

	for (size_t i = 0; i < count; i++)
		links_close(&n->links, up[i], CLOSE_GOING_AWAY, "going away", now_ns);
	n->closed = true;
}

void
node_tick(struct node *n, uint64_t now_ns, uint64_t wall_ms)
{
	n->wall_offset_ms = wall_ms - now_ns / NS_PER_MS;
	faulting_tick(n, now_ns);
	if (n->calm_ns <= now_ns)
		handlers_calm(n, now_ns);
	endpoint_tick(n->endpoint, now_ns);
	node_turn(n, now_ns);
	run_topic_timers(n, now_ns);
	for (size_t i = 0; i < n->mesh_count; i++) {
		struct membership *m = n->meshes[i];

		if (m->announce_ns <= now_ns && n->leave_ns == 0)
			announce(n, m, 0, now_ns);
		if (directory_deadline(m->directory) <= now_ns)
			meshes_tick(n, m, now_ns);
	}
	echo_tick(n, now_ns);
	requests_tick(n, now_ns);
	serve_tick(n, now_ns);
	upkeep_tick(n, now_ns);
	seeding_tick(n, now_ns);
	fabric_tick(n, now_ns);
	sending_tick(n, now_ns);
	receive_tick(n, now_ns);
	casting_tick(n, now_ns);
	casts_tick(&n->casts, now_ns);
	if (n->leave_ns != 0 && !n->closed && now_ns >= n->leave_ns + LEAVE_LINGER)
		close_all(n, now_ns);
	node_turn(n, now_ns);
}

void
node_set_load(struct node *n, const struct node_load *load)
{
	n->load = *load;
}

void
node_late(struct node *n, uint64_t gap_ns)
{
	notes_stalled(n, gap_ns, n->load.lag_500ms_at_ns);
	for (size_t i = 0; i < n->mesh_count; i++)
		directory_excuse(n->meshes[i]->directory, gap_ns);
	if (n->fabric != NULL)
		backbone_excuse(n->fabric->backbone, gap_ns);
}

int
node_add_seed(struct node *n, const struct seed *s, const char *mesh, uint64_t now_ns)
{
	int err = seeds_add(&n->seeds, s, mesh, true, now_ns);

	fabric_add_seed(n, s, mesh, now_ns);
	return err == ERR_EXISTS ? ERR_OK : err;
}

int
node_watch_mesh(struct node *n, const char *mesh, uint64_t now_ns)
{
	return n->config.observer ? meshes_add(n, mesh, now_ns) : ERR_STATE;
}

void
node_degraded(struct node *n, bool degraded, uint64_t now_ns)
{
	if (n->degraded == degraded)
		return;
	n->degraded = degraded;
	for (size_t i = 0; i < n->mesh_count && n->leave_ns == 0; i++)
		announce_soon(n, n->meshes[i], now_ns);
}

void
node_probe(struct node *n, const struct peer_id *peer, uint64_t now_ns)
{
	if (id_equal(peer, &n->config.identity.id))
		return;
	upkeep_probe(n, peer, now_ns);
	node_turn(n, now_ns);
}

void
node_leave(struct node *n, uint64_t now_ns)
{
	if (n->leave_ns != 0)
		return;
	for (size_t i = 0; i < n->mesh_count; i++) {
		struct gossip_in in = { .kind = GOSSIP_IN_QUIT };

		if (!n->config.observer)
			announce(n, n->meshes[i], DIGEST_DRAINING | DIGEST_LEFT, now_ns);
		meshes_handle(n, n->meshes[i], &in, now_ns);
		n->meshes[i]->announce_ns = NEVER;
	}
	if (n->fabric != NULL)
		meshes_handle(n, &n->fabric->m,
			&(struct gossip_in){ .kind = GOSSIP_IN_QUIT }, now_ns);
	n->leave_ns = now_ns;
}

bool
node_left(const struct node *n)
{
	struct link *up[1];

	return n->closed && links_up(&n->links, up, 1) == 0;
}

bool
node_next_event(struct node *n, struct node_event *ev)
{
	if (n->events.count == 0)
		return false;
	*ev = *(struct node_event *)ring_at(&n->events, 0);
	ring_pop(&n->events);
	if (ev->kind == NODE_EVENT_PEERS)
		n->peers_told = false;
	return true;
}

void
node_show_boot(struct node *n, const struct span_set *boot)
{
	n->watchers.boot = boot;
	n->watchers.boot_changes++;
}

void
node_show_timeline(struct node *n, const struct timeline *t)
{
	n->watchers.timeline = t;
}

struct span_store *
node_spans(struct node *n)
{
	return n->spans;
}

struct node_event *
node_push(struct node *n, enum node_event_kind kind, const struct peer_id *peer)
{
	struct node_event *ev = ring_push(&n->events);

	ev->kind = kind;
	ev->peer = *peer;
	node_name_of(n, peer, ev->peer_name);
	return ev;
}
