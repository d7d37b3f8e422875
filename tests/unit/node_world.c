/* SPDX-License-Identifier: MIT */
#include "unit/node_world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "mesh/crossings.h"

#define LATENCY MILLISECONDS(1)
#define WALL_START_MS UINT64_C(1700000000000)
#define PORT_BASE WORLD_PORT_BASE

struct packet {
	struct heap_entry entry;
	struct path path;	/* as the receiver sees it */
	uint16_t to;	/* port */
	size_t len;
	uint8_t bytes[];
};

void
world_init(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	rng_init_u64(&w->rng, seed);
	heap_init(&w->packets);
	w->now_ns = SECONDS(1000);
}

void
world_fini(struct world *w)
{
	struct heap_entry *e;

	for (size_t i = 0; i < w->count; i++)
		node_free(w->nodes[i].node);
	while ((e = heap_next_due(&w->packets, NEVER)) != NULL)
		mem_free(MEM_BUFFER, e);
	heap_fini(&w->packets);
}

static uint64_t
wall_ms(const struct world *w)
{
	return WALL_START_MS + w->now_ns / NS_PER_MS;
}

static void
start(struct world *w, size_t i)
{
	struct world_node *wn = &w->nodes[i];
	int err;

	wn->config.incarnation = wall_ms(w) + i;
	rng_bytes(&w->rng, wn->config.random_seed, sizeof(wn->config.random_seed));
	wn->node = node_new(&wn->config, w->now_ns, wall_ms(w), &err);
	assert(wn->node != NULL && err == ERR_OK);
}

size_t
world_add(struct world *w, const char *mesh, const char *type, int seed_of,
	const struct fabric_key *key)
{
	size_t i = w->count++;
	struct node_config *c = &w->nodes[i].config;
	uint8_t seed[32];

	assert(i < WORLD_NODES_MAX);
	rng_bytes(&w->rng, seed, sizeof(seed));
	identity_from_seed(&c->identity, seed);
	snprintf(c->mesh, sizeof(c->mesh), "%s", mesh);
	snprintf(c->type, sizeof(c->type), "%s", type);
	c->observer = mesh[0] == '\0';
	if (key != NULL)
		c->key = *key;
	c->bound[0] = (struct address){ .family = 4, .ip = { 127, 0, 0, 1 },
		.port = (uint16_t)(PORT_BASE + i) };
	c->advertised[0] = c->bound[0];
	c->advertised_count = 1;
	if (seed_of >= 0) {
		c->seeds[0].id = w->nodes[seed_of].config.identity.id;
		c->seeds[0].address = w->nodes[seed_of].config.bound[0];
		c->seed_count = 1;
	}
	start(w, i);
	return i;
}

void
world_kill(struct world *w, size_t i)
{
	node_free(w->nodes[i].node);
	w->nodes[i].node = NULL;
}

void
world_restart(struct world *w, size_t i)
{
	assert(w->nodes[i].node == NULL);
	start(w, i);
}

static void
put(struct world *w, const uint8_t *bytes, size_t len, const struct path *path)
{
	struct packet *p = mem_new(MEM_BUFFER, sizeof(*p) + len);

	memcpy(p->bytes, bytes, len);
	p->len = len;
	p->to = path->remote.port;
	p->path.local = path->remote;
	p->path.remote = path->local;
	heap_arm(&w->packets, &p->entry, w->now_ns + LATENCY);
}

static void
flush_guest(struct world *w, size_t i)
{
	struct world_guest *g = &w->guests[i];

	uint8_t bytes[QUIC_PACKET_LEN_MAX];
	struct path path;
	size_t len;

	if (g->ctx == NULL || g->send == NULL)
		return;
	while ((len = g->send(g->ctx, bytes, sizeof(bytes), &path, w->now_ns)) > 0)
		put(w, bytes, len, &path);
}

static void
flush(struct world *w, size_t i)
{
	struct world_node *wn = &w->nodes[i];
	uint8_t bytes[QUIC_PACKET_LEN_MAX];
	struct node_event ev;
	struct path path;
	size_t len;

	if (wn->node == NULL || wn->frozen)
		return;
	while ((len = node_send(wn->node, bytes, sizeof(bytes), &path, w->now_ns)) > 0)
		if (rng_below(&w->rng, 100) >= w->loss_percent)
			put(w, bytes, len, &path);
	while (node_next_event(wn->node, &ev)) {
		if (ev.kind == NODE_EVENT_LIVENESS && !ev.change.appeared)
			wn->liveness_events++;
		if (ev.kind != NODE_EVENT_PEERS && ev.kind != NODE_EVENT_ADDRESS) {
			wn->told++;
			snprintf(wn->told_last, sizeof(wn->told_last), "kind %d: %s",
				(int)ev.kind, ev.text);
		}
		if (ev.kind == NODE_EVENT_MESSAGE) {
			wn->message_events++;
			wn->messages_told += strstr(ev.text, CROSSINGS_MORE)
				? strtoull(ev.text, NULL, 10) : 1;
		}
		if (ev.kind == NODE_EVENT_REFUSED)
			memcpy(wn->refused, ev.text, sizeof(wn->refused));
	}
}

static void
deliver(struct world *w, struct packet *p)
{
	size_t from = (size_t)(p->path.remote.port - PORT_BASE);
	size_t to = (size_t)(p->to - PORT_BASE);
	size_t guest = (size_t)(p->to - WORLD_GUEST_PORT_BASE);

	if (p->to >= WORLD_NOWHERE_PORT_BASE) {
		w->nowhere_packets++;
		w->nowhere_bytes += p->len;
	} else if (guest < WORLD_GUESTS_MAX && w->guests[guest].ctx != NULL) {
		if (w->guests[guest].recv != NULL)
			w->guests[guest].recv(w->guests[guest].ctx, &p->path, p->bytes,
				p->len, w->now_ns);
		flush_guest(w, guest);
	} else if (to < w->count && w->nodes[to].node != NULL) {
		if (!w->nodes[to].frozen) {
			node_recv(w->nodes[to].node, &p->path, p->bytes, p->len, 0,
				w->now_ns);
			flush(w, to);
		}
	} else if (from < w->count && w->nodes[from].node != NULL &&
		   !w->nodes[from].frozen) {
		node_unreachable(w->nodes[from].node, &p->path.local, w->now_ns);
		flush(w, from);
	}
	mem_free(MEM_BUFFER, p);
}

struct address
world_address(uint16_t port)
{
	return (struct address){ .family = 4, .ip = { 127, 0, 0, 1 }, .port = port };
}

void
world_inject(struct world *w, size_t i, const struct address *from, const void *bytes,
	size_t len)
{
	struct path path = { w->nodes[i].config.bound[0], *from };

	node_recv(w->nodes[i].node, &path, bytes, len, 0, w->now_ns);
	flush(w, i);
}

static uint64_t
next_due(struct world *w)
{
	uint64_t due = heap_deadline(&w->packets);

	for (size_t i = 0; i < WORLD_GUESTS_MAX; i++) {
		struct world_guest *g = &w->guests[i];
		uint64_t d = g->ctx != NULL && g->deadline != NULL ? g->deadline(g->ctx)
								   : NEVER;

		if (d < due)
			due = d;
	}

	for (size_t i = 0; i < w->count; i++) {
		uint64_t d;

		if (w->nodes[i].node == NULL || w->nodes[i].frozen)
			continue;
		d = node_deadline(w->nodes[i].node);
		if (d < due)
			due = d;
	}
	return due;
}

bool
world_run(struct world *w, uint64_t limit_ns, bool (*done)(struct world *w))
{
	uint64_t end = w->now_ns + limit_ns;

	for (size_t i = 0; i < w->count; i++)
		flush(w, i);
	for (size_t i = 0; i < WORLD_GUESTS_MAX; i++)
		flush_guest(w, i);
	for (;;) {
		uint64_t due = next_due(w);
		struct heap_entry *e;

		if (done != NULL && done(w))
			return true;
		if (due > end) {
			w->now_ns = end;
			return done == NULL;
		}
		if (due > w->now_ns)
			w->now_ns = due;
		while ((e = heap_next_due(&w->packets, w->now_ns)) != NULL)
			deliver(w, (struct packet *)e);
		for (size_t i = 0; i < w->count; i++) {
			struct world_node *wn = &w->nodes[i];

			if (wn->node == NULL || wn->frozen ||
				node_deadline(wn->node) > w->now_ns)
				continue;
			node_tick(wn->node, w->now_ns, wall_ms(w));
			flush(w, i);
		}
		for (size_t i = 0; i < WORLD_GUESTS_MAX; i++) {
			struct world_guest *g = &w->guests[i];

			if (g->ctx == NULL || g->tick == NULL ||
				g->deadline(g->ctx) > w->now_ns)
				continue;
			g->tick(g->ctx, w->now_ns);
			flush_guest(w, i);
		}
	}
}

int
world_sees(struct world *w, size_t i, size_t j)
{
	struct mesh_row rows[4];
	size_t count = node_meshes(w->nodes[i].node, rows, 4);

	for (size_t k = 0; k < count; k++) {
		const struct directory_entry *e = directory_find(rows[k].directory,
			&w->nodes[j].config.identity.id);

		if (e != NULL)
			return e->liveness;
	}
	return -1;
}

bool
world_converged(struct world *w)
{
	for (size_t i = 0; i < w->count; i++) {
		struct world_node *a = &w->nodes[i];

		if (a->node == NULL)
			continue;
		for (size_t j = 0; j < w->count; j++) {
			struct world_node *b = &w->nodes[j];
			bool want = b->node != NULL && !b->config.observer &&
				    (a->config.observer ||
					    strcmp(a->config.mesh, b->config.mesh) == 0);

			if (want != (world_sees(w, i, j) == LIVENESS_LIVE))
				return false;
		}
	}
	return true;
}

struct node_status
world_status(struct world *w, size_t i)
{
	struct node_status s;

	node_status(w->nodes[i].node, &s, w->now_ns);
	return s;
}
