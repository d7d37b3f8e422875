/* SPDX-License-Identifier: MIT */
#include "tests/sim/world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "gossip/gossip.h"

#define WALL_START_MS UINT64_C(1700000000000)
#define PORT 4000

static uint64_t
wall_ms(const struct world *w)
{
	return WALL_START_MS + w->now_ns / NS_PER_MS;
}

/* Node i lives at 10.x.y.z with x.y.z = i. */
static struct address
address_of(size_t i)
{
	return (struct address){.family = 4,
		.ip = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i},
		.port = PORT};
}

static size_t
number_of(const struct address *a)
{
	return (size_t)a->ip[1] << 16 | (size_t)a->ip[2] << 8 | a->ip[3];
}

/* From the seed and the pair alone. */
static uint64_t
latency(const struct world *w, size_t a, size_t b)
{
	uint64_t range = w->config.latency_max_ns - w->config.latency_min_ns + 1;
	uint64_t x = w->config.seed ^ (a < b ? a << 32 | b : (uint64_t)b << 32 | a);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return w->config.latency_min_ns + x % range;
}

void
world_config_default(struct world_config *c, uint64_t seed)
{
	*c = (struct world_config){.seed = seed,
		.nodes_max = 100,
		.latency_min_ns = MILLISECONDS(1),
		.latency_max_ns = MILLISECONDS(20),
		.hints = true};
}

struct world *
world_new(const struct world_config *c)
{
	struct world *w = mem_array(1, sizeof(*w));

	w->config = *c;
	w->members = mem_array(c->nodes_max, sizeof(*w->members));
	w->now_ns = SECONDS(1000);
	rng_init_u64(&w->rng, c->seed);
	heap_init(&w->packets);
	heap_init(&w->due);
	return w;
}

static void
drop_waiting(struct member *m)
{
	for (size_t i = 0; i < m->waiting_count; i++)
		mem_free(MEM_BUFFER, m->waiting[i]);
	m->waiting_count = 0;
}

void
world_free(struct world *w)
{
	struct heap_entry *e;

	for (size_t i = 0; i < w->count; i++) {
		node_free(w->members[i].node);
		drop_waiting(&w->members[i]);
	}
	while ((e = heap_next_due(&w->packets, NEVER)) != NULL)
		mem_free(MEM_BUFFER, e);
	heap_fini(&w->packets);
	heap_fini(&w->due);
	free(w->members);
	free(w);
}

static void
note(struct world *w, struct member *m, const struct node_event *ev)
{
	(void)w;
	if (ev->kind == NODE_EVENT_NEIGHBOR) {
		m->neighbors_up += !strcmp(ev->text, neighbor_change_text(NEIGHBOR_UP));
		m->evicted += !strcmp(ev->text, neighbor_change_text(NEIGHBOR_EVICTED));
		m->lost += !strcmp(ev->text, neighbor_change_text(NEIGHBOR_LOST));
	}
	if (ev->kind != NODE_EVENT_LIVENESS)
		return;
	if (ev->text[0] != '\0')
		m->accused++;
	else if (!ev->change.appeared && !ev->change.removed) {
		m->liveness_events++;
		m->suspected += ev->change.to == LIVENESS_SUSPECT;
		m->called_gone += ev->change.to == LIVENESS_GONE;
	}
}

static void
put_on_the_way(struct world *w, size_t from, const struct path *path,
	const uint8_t *bytes, size_t len)
{
	size_t to = number_of(&path->remote);
	struct packet *p;

	w->packets_sent++;
	if (to >= w->count || w->members[from].group != w->members[to].group) {
		w->packets_cut++;
		return;
	}
	if (w->config.loss_percent > 0 &&
		rng_below(&w->rng, 100) < w->config.loss_percent) {
		w->packets_lost++;
		return;
	}
	p = mem_new(MEM_BUFFER, sizeof(*p) + len);
	p->from = from;
	p->to = to;
	p->len = len;
	memcpy(p->bytes, bytes, len);
	heap_arm(&w->packets, &p->entry, w->now_ns + latency(w, from, to));
}

/* All that the node has to say, and when it wants to be called again. */
static void
flush(struct world *w, size_t i)
{
	struct member *m = &w->members[i];
	uint8_t bytes[QUIC_PACKET_LEN_MAX];
	struct node_event ev;
	struct path path;
	size_t len;

	if (m->node == NULL || m->frozen)
		return;
	while ((len = node_send(m->node, bytes, sizeof(bytes), &path, w->now_ns)) > 0)
		put_on_the_way(w, i, &path, bytes, len);
	while (node_next_event(m->node, &ev))
		note(w, m, &ev);
	if (m->leaving && node_left(m->node)) {
		world_kill(w, i);
		return;
	}
	heap_arm(&w->due, &m->due, node_deadline(m->node));
}

static void
start(struct world *w, size_t i)
{
	struct member *m = &w->members[i];
	int err;

	m->config.incarnation = wall_ms(w) + i;
	rng_bytes(&w->rng, m->config.random_seed, sizeof(m->config.random_seed));
	m->node = node_new(&m->config, w->now_ns, wall_ms(w), &err);
	assert(m->node != NULL && err == ERR_OK);
	m->frozen = m->leaving = false;
	heap_arm(&w->due, &m->due, w->now_ns);
}

size_t
world_add(struct world *w, size_t seed_of)
{
	size_t i = w->count++;
	struct node_config *c = &w->members[i].config;
	uint8_t seed[32];

	assert(i < w->config.nodes_max);
	rng_bytes(&w->rng, seed, sizeof(seed));
	identity_from_seed(&c->identity, seed);
	snprintf(c->mesh, sizeof(c->mesh), "mesh1");
	snprintf(c->type, sizeof(c->type), "broker");
	c->announce_ns = w->config.announce_ns;
	c->bound[0] = c->advertised[0] = address_of(i);
	c->advertised_count = 1;
	if (seed_of < i) {
		c->seeds[0].id = w->members[seed_of].config.identity.id;
		c->seeds[0].address = address_of(seed_of);
		c->seed_count = 1;
	}
	start(w, i);
	return i;
}

void
world_kill(struct world *w, size_t i)
{
	struct member *m = &w->members[i];

	node_free(m->node);
	m->node = NULL;
	heap_cancel(&w->due, &m->due);
	drop_waiting(m);
}

void
world_leave(struct world *w, size_t i)
{
	w->members[i].leaving = true;
	node_leave(w->members[i].node, w->now_ns);
	flush(w, i);
}

void
world_restart(struct world *w, size_t i)
{
	assert(w->members[i].node == NULL);
	start(w, i);
}

void
world_freeze(struct world *w, size_t i)
{
	w->members[i].frozen = true;
	w->members[i].frozen_ns = w->now_ns;
	heap_cancel(&w->due, &w->members[i].due);
}

static void
receive(struct world *w, size_t i, const struct packet *p)
{
	struct path path = {.local = address_of(i), .remote = address_of(p->from)};

	node_recv(w->members[i].node, &path, p->bytes, p->len, 0, w->now_ns);
}

void
world_resume(struct world *w, size_t i)
{
	struct member *m = &w->members[i];

	m->frozen = false;
	/* As its driver does: how late it is, then timers, then packets. */
	world_late(w, i, w->now_ns - m->frozen_ns);
	node_late(m->node, w->now_ns - m->frozen_ns);
	node_tick(m->node, w->now_ns, wall_ms(w));
	for (size_t k = 0; k < m->waiting_count; k++)
		receive(w, i, m->waiting[k]);
	drop_waiting(m);
	flush(w, i);
}

void
world_late(struct world *w, size_t i, uint64_t late_ns)
{
	struct member *m = &w->members[i];

	m->load.loop_lag_ms = (uint32_t)(late_ns / NS_PER_MS);
	if (late_ns > LOOP_LAG_ALARM)
		m->load.lag_500ms_at_ns = w->now_ns;
	node_set_load(m->node, &m->load);
}

static void
deliver(struct world *w, struct packet *p)
{
	struct member *to = &w->members[p->to], *from = &w->members[p->from];
	struct address at = address_of(p->to);

	if (from->group != to->group) {
		w->packets_cut++;
	} else if (to->node != NULL && to->frozen) {
		if (to->waiting_count < WORLD_WAITING_MAX) {
			to->waiting[to->waiting_count++] = p;
			return;
		}
	} else if (to->node != NULL) {
		receive(w, p->to, p);
		flush(w, p->to);
	} else if (w->config.hints && from->node != NULL && !from->frozen) {
		node_unreachable(from->node, &at, w->now_ns);
		flush(w, p->from);
	}
	mem_free(MEM_BUFFER, p);
}

void
world_run(struct world *w, uint64_t for_ns)
{
	uint64_t end = w->now_ns + for_ns;

	for (;;) {
		uint64_t due_ns = heap_deadline(&w->packets),
			 tick_ns = heap_deadline(&w->due);
		bool packet = due_ns <= tick_ns;
		struct heap_entry *e;

		if ((packet ? due_ns : tick_ns) > end)
			break;
		if ((packet ? due_ns : tick_ns) > w->now_ns)
			w->now_ns = packet ? due_ns : tick_ns;
		w->events++;
		e = heap_next_due(packet ? &w->packets : &w->due, w->now_ns);
		if (packet) {
			deliver(w, (struct packet *)(void *)e);
		} else {
			struct member *m = (struct member *)(void *)e;

			node_tick(m->node, w->now_ns, wall_ms(w));
			flush(w, (size_t)(m - w->members));
		}
	}
	w->now_ns = end;
}
