/* SPDX-License-Identifier: MIT */
#include "tests/sim/world_state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "gossip/gossip.h"

#define WALL_START_MS UINT64_C(1700000000000)
#define PORT_FIRST 4000

#define START SECONDS(1000)
#define LATER_MAX MILLISECONDS(100)

uint64_t
world_wall_ms(const struct world *w, const struct member *m)
{
	return WALL_START_MS + w->now_ns / NS_PER_MS + m->wall_skew_ms +
	       (uint64_t)m->fault_skew_ms;
}

/* What its clock shows at that time. */
uint64_t
world_local(const struct member *m, uint64_t at_ns)
{
	int64_t drift = (int64_t)((at_ns - START) / 1000000) * m->drift_ppm;

	return at_ns + m->skew_ns + (uint64_t)drift;
}

/* The first time at which its clock shows that, or a moment later. */
static uint64_t
global(const struct member *m, uint64_t local_ns)
{
	uint64_t at_ns = local_ns - m->skew_ns;

	if (local_ns == NEVER)
		return NEVER;
	if (local_ns < world_local(m, START))
		return START; /* "at once" is 0, whatever the clock shows */
	if (m->drift_ppm == 0)
		return at_ns;
	for (int i = 0; i < 4; i++)
		at_ns += local_ns - world_local(m, at_ns);
	while (world_local(m, at_ns) < local_ns)
		at_ns++;
	return at_ns;
}

/* Node i lives at 10.x.y.z with x.y.z = i. */
static struct address
address_of(size_t i, uint16_t port)
{
	return (struct address){.family = 4,
		.ip = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i},
		.port = port};
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
	w->now_ns = START;
	w->subject = SIZE_MAX;
	rng_init_u64(&w->rng, c->seed);
	heap_init(&w->packets);
	heap_init(&w->due);
	return w;
}

static void
drop_waiting(struct member *m)
{
	for (size_t i = 0; i < m->waiting_count; i++)
		free(m->waiting[i]);
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
		free(e);
	heap_fini(&w->packets);
	heap_fini(&w->due);
	free(w->members);
	free(w);
}

static void
note_change(struct world *w, const struct member *m, const struct node_event *ev)
{
	size_t subject = world_find(w, &ev->change.id);

	if (subject == w->subject || w->others_changed++ > 0)
		return;
	snprintf(w->first_change, sizeof(w->first_change),
		"%.3f s: node %zu has node %zu as %s, by node %zd",
		(double)(w->now_ns - START) / NS_PER_S, (size_t)(m - w->members), subject,
		liveness_text(ev->change.to),
		(ssize_t)world_find(w, &ev->change.accuser));
}

static void
note(struct world *w, struct member *m, const struct node_event *ev)
{
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
		if (w->on_liveness)
			w->on_liveness(w->on_liveness_ctx, (size_t)(m - w->members),
				&ev->change);
		m->liveness_events++;
		if (w->watched)
			note_change(w, m, ev);
		m->suspected += ev->change.to == LIVENESS_SUSPECT;
		m->called_gone += ev->change.to == LIVENESS_GONE;
	}
}

/* Takes nothing from the generator when it can't be. */
static bool
chance(struct world *w, unsigned percent)
{
	return percent > 0 && rng_below(&w->rng, 100) < percent;
}

static void
put_on_the_way(struct world *w, size_t from, const struct path *path,
	const uint8_t *bytes, size_t len)
{
	size_t to = number_of(&path->remote);
	uint64_t due_ns;
	unsigned copies;

	w->packets_sent++;
	w->bytes_sent += len;
	w->members[from].bytes_sent += len;
	w->history = (w->history ^ w->now_ns ^ from << 48 ^ to << 32 ^ len) *
		     UINT64_C(0x9e3779b97f4a7c15);
	w->history ^= w->history >> 29;
	if (to >= w->count || w->members[from].group != w->members[to].group) {
		w->packets_cut++;
		return;
	}
	if (chance(w, w->config.loss_percent)) {
		w->packets_lost++;
		return;
	}
	copies = chance(w, w->config.duplicate_percent) ? 2 : 1;
	due_ns = w->now_ns + latency(w, from, to);
	for (; copies > 0; copies--) {
		struct packet *p = malloc(sizeof(*p) + len);

		assert(p);
		p->entry = (struct heap_entry){0};
		p->from = from;
		p->to = to;
		p->from_port = path->local.port;
		p->to_port = path->remote.port;
		p->len = len;
		memcpy(p->bytes, bytes, len);
		if (copies > 1 || chance(w, w->config.reorder_percent))
			due_ns += rng_below(&w->rng, LATER_MAX);
		heap_arm(&w->packets, &p->entry, due_ns);
	}
}

void
world_flush_packets(struct world *w, size_t i)
{
	struct member *m = &w->members[i];
	uint8_t bytes[QUIC_PACKET_LEN_MAX];
	struct path path;
	size_t len;

	while ((len = node_send(m->node, bytes, sizeof(bytes), &path,
			world_local(m, w->now_ns))) > 0)
		put_on_the_way(w, i, &path, bytes, len);
}

void
world_flush(struct world *w, size_t i)
{
	struct member *m = &w->members[i];
	struct node_event ev;

	if (m->node == NULL || m->frozen)
		return;
	w->turning = i;
	world_flush_packets(w, i);
	while (node_next_event(m->node, &ev))
		note(w, m, &ev);
	if (m->leaving && node_left(m->node)) {
		world_kill(w, i);
		return;
	}
	if (world_faults_carry_out(w, i))
		heap_arm(&w->due, &m->due, global(m, node_deadline(m->node)));
}

static void
start(struct world *w, size_t i)
{
	struct member *m = &w->members[i];
	int err;

	m->fault_skew_ms = 0;
	m->began_ns = w->now_ns;
	w->turning = i;
	m->config.incarnation = world_wall_ms(w, m) + i;
	rng_bytes(&w->rng, m->config.random_seed, sizeof(m->config.random_seed));
	m->node = node_new(
		&m->config, world_local(m, w->now_ns), world_wall_ms(w, m), &err);
	assert(m->node != NULL && err == ERR_OK);
	m->frozen = m->leaving = false;
	m->wakes_ns = NEVER;
	heap_arm(&w->due, &m->due, w->now_ns);
}

static void
add_seed(struct world *w, struct node_config *c, size_t of)
{
	if (of >= w->count - 1)
		return;
	c->seeds[c->seed_count].id = w->members[of].config.identity.id;
	c->seeds[c->seed_count++].address = address_of(of, w->members[of].port);
}

size_t
world_add_as(struct world *w, const char *mesh, const char *type, size_t seed_of,
	size_t across)
{
	size_t i = w->count++;
	struct node_config *c = &w->members[i].config;
	uint8_t seed[32];

	assert(i < w->config.nodes_max);
	rng_bytes(&w->rng, seed, sizeof(seed));
	identity_from_seed(&c->identity, seed);
	snprintf(c->mesh, sizeof(c->mesh), "%s", mesh);
	snprintf(c->type, sizeof(c->type), "%s", type);
	if (w->config.skew_max_ns > 0) {
		w->members[i].skew_ns = rng_below(&w->rng, w->config.skew_max_ns);
		w->members[i].wall_skew_ms =
			rng_below(&w->rng, w->config.skew_max_ns) / NS_PER_MS;
	}
	if (w->config.drift_ppm > 0)
		w->members[i].drift_ppm =
			(int64_t)rng_below(&w->rng, 2 * w->config.drift_ppm + 1) -
			w->config.drift_ppm;
	c->announce_ns = w->config.announce_ns;
	w->members[i].port = PORT_FIRST;
	c->bound[0] = c->advertised[0] = address_of(i, PORT_FIRST);
	c->advertised_count = 1;
	add_seed(w, c, seed_of);
	add_seed(w, c, across);
	start(w, i);
	return i;
}

size_t
world_add(struct world *w, size_t seed_of)
{
	return world_add_as(w, "mesh1", "broker", seed_of, SIZE_MAX);
}

void
world_kill(struct world *w, size_t i)
{
	struct member *m = &w->members[i];

	/* On disk; a real one writes it a little before. */
	m->config.remembered_count = node_remembered(
		m->node, m->config.remembered, REMEMBERED_PEERS_MAX);
	node_free(m->node);
	m->node = NULL;
	heap_cancel(&w->due, &m->due);
	drop_waiting(m);
}

void
world_leave(struct world *w, size_t i)
{
	w->members[i].leaving = true;
	node_leave(w->members[i].node, world_local(&w->members[i], w->now_ns));
	world_flush(w, i);
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
	w->members[i].wakes_ns = NEVER;
	heap_cancel(&w->due, &w->members[i].due);
}

static void
receive(struct world *w, size_t i, const struct packet *p)
{
	struct path path = {.local = address_of(i, p->to_port),
		.remote = address_of(p->from, p->from_port)};
	struct member *m = &w->members[i];

	w->turning = i;
	node_recv(m->node, &path, p->bytes, p->len, 0, world_local(m, w->now_ns));
}

void
world_resume(struct world *w, size_t i)
{
	struct member *m = &w->members[i];
	uint64_t now_ns = world_local(m, w->now_ns), due_ns = node_deadline(m->node);

	if (due_ns < world_local(m, m->frozen_ns))
		due_ns = world_local(m, m->frozen_ns);
	m->frozen = false;
	m->wakes_ns = NEVER;
	/*
	 * As its driver does: how late the timer is that should have woken it, what the
	 * socket holds, what is due.
	 */
	if (now_ns > due_ns) {
		world_late(w, i, now_ns - due_ns);
		if (now_ns - due_ns >= LOOP_LAG_ALARM)
			node_late(m->node, now_ns - due_ns);
	}
	for (size_t k = 0; k < m->waiting_count; k++)
		receive(w, i, m->waiting[k]);
	drop_waiting(m);
	node_tick(m->node, now_ns, world_wall_ms(w, m));
	world_flush(w, i);
}

void
world_stall(struct world *w, size_t i, uint64_t for_ns)
{
	world_freeze(w, i);
	w->members[i].wakes_ns = w->now_ns + for_ns;
	heap_arm(&w->due, &w->members[i].due, w->members[i].wakes_ns);
}

void
world_late(struct world *w, size_t i, uint64_t late_ns)
{
	struct member *m = &w->members[i];

	m->load.loop_lag_ms = (uint32_t)(late_ns / NS_PER_MS);
	if (late_ns > LOOP_LAG_ALARM)
		m->load.lag_500ms_at_ns = world_local(m, w->now_ns);
	node_set_load(m->node, &m->load);
}

static void
deliver(struct world *w, struct packet *p)
{
	struct member *to = &w->members[p->to], *from = &w->members[p->from];
	struct address at = address_of(p->to, p->to_port);
	bool listens = to->node != NULL && to->port == p->to_port;

	if (from->group != to->group) {
		w->packets_cut++;
	} else if (listens && to->frozen) {
		if (to->waiting_count < WORLD_WAITING_MAX) {
			to->waiting[to->waiting_count++] = p;
			return;
		}
	} else if (listens) {
		receive(w, p->to, p);
		world_flush(w, p->to);
	} else if (w->config.hints && from->node != NULL && !from->frozen &&
		   from->port == p->from_port) {
		w->turning = p->from;
		node_unreachable(from->node, &at, world_local(from, w->now_ns));
		world_flush(w, p->from);
	}
	free(p);
}

static void
member_due(struct world *w, struct member *m)
{
	size_t i = (size_t)(m - w->members);

	if (m->frozen) {
		world_resume(w, i);
		return;
	}
	w->turning = i;
	node_tick(m->node, world_local(m, w->now_ns), world_wall_ms(w, m));
	world_flush(w, i);
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
		if (packet)
			deliver(w, (struct packet *)(void *)e);
		else
			member_due(w, (struct member *)(void *)e);
	}
	w->now_ns = end;
}
