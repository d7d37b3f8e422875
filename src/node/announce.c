/* SPDX-License-Identifier: MIT */
#include "node/announce.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "node/state.h"

#define LATE_LOOP_FORGIVEN SECONDS(5)

static uint64_t
every(const struct node *n)
{
	return n->config.announce_ns ? n->config.announce_ns : ANNOUNCE_EVERY;
}

uint64_t
announce_scaled(const struct node *n, uint64_t limit_ns)
{
	/* In milliseconds, because the product of two times overflows. */
	return limit_ns / NS_PER_MS * (every(n) / NS_PER_MS) /
	       (ANNOUNCE_EVERY / NS_PER_MS) * NS_PER_MS;
}

/* What keeps the cost of a node flat in a large mesh. */
static uint64_t
flat(const struct membership *m, uint64_t interval_ns)
{
	size_t nodes = directory_count(m->directory);

	return nodes > ANNOUNCE_FLAT_NODES ? interval_ns * nodes / ANNOUNCE_FLAT_NODES
					   : interval_ns;
}

void
announce_soon(struct node *n, struct membership *m, uint64_t now_ns)
{
	uint64_t gap_ns = flat(m, announce_scaled(n, ANNOUNCE_GAP));
	uint64_t due = m->announced_ns + gap_ns;

	if (n->config.observer || n->leave_ns != 0)
		return;
	if (due < now_ns)
		due = now_ns;
	if (due < m->announce_ns)
		m->announce_ns = due;
}

void
announce_answer(const struct node *n, struct membership *m, const struct accusation *by,
	uint64_t now_ns)
{
	uint64_t due = m->announced_ns + ANNOUNCE_ANSWER_GAP;

	if (by->incarnation == n->config.incarnation && by->seq > m->seq &&
		by->seq - m->seq <= ANNOUNCE_SEQ_AHEAD)
		m->seq = by->seq;
	/* One number is left out: an answer, and no routine (liveness.h). */
	if (m->seq == m->announced_seq)
		m->seq++;
	if (due < now_ns)
		due = now_ns;
	if (due < m->announce_ns)
		m->announce_ns = due;
}

static void
add_neighbors(const struct node *n, const struct membership *m, struct digest *d)
{
	struct peer_id active[DIGEST_NEIGHBORS_MAX];
	size_t count = topic_active(m->topic, active, DIGEST_NEIGHBORS_MAX);
	struct endpoint_conn_info info;

	if (count > DIGEST_NEIGHBORS_MAX)
		count = DIGEST_NEIGHBORS_MAX;
	for (size_t i = 0; i < count; i++) {
		const struct link *k = links_find(&n->links, &active[i]);
		struct digest_neighbor *to = &d->neighbors[d->neighbor_count];
		uint64_t rtt;

		if (k == NULL ||
			endpoint_conn_info(n->endpoint, k->conn, &info) != ERR_OK)
			continue;	/* not connected now: no neighbor to report */
		rtt = info.rtt_ns / (NS_PER_MS / 10);
		memcpy(to->id_prefix, active[i].bytes, sizeof(to->id_prefix));
		to->path_kind = k->silent ? DIGEST_PATH_SILENT : 0;
		to->rtt_100us = rtt > UINT16_MAX ? UINT16_MAX : (uint16_t)rtt;
		d->neighbor_count++;
	}
}

static void
fill(const struct node *n, struct membership *m, uint16_t flags, uint64_t now_ns,
	struct digest *d)
{
	const struct node_config *c = &n->config;

	memset(d, 0, sizeof(*d));
	d->id = c->identity.id;
	d->incarnation = c->incarnation;
	d->seq = ++m->seq;
	memcpy(d->mesh, m->mesh, sizeof(d->mesh));
	memcpy(d->type, c->type, sizeof(d->type));
	memcpy(d->addresses, c->advertised, sizeof(d->addresses));
	d->address_count = c->advertised_count;
	memcpy(d->build, c->build, sizeof(d->build));
	d->uptime_s = (uint32_t)((now_ns - n->started_ns) / NS_PER_S);
	d->frames_sent = n->links.frames_sent;
	d->frames_received = n->links.frames_received;
	d->cpu_used_mc = n->load.cpu_used_mc;
	d->cpu_budget_mc = c->cpu_budget_mc;
	d->memory_used_kib = n->load.memory_used_kib;
	d->memory_budget_kib = c->memory_budget_kib;
	d->loop_lag_ms = n->load.loop_lag_ms > UINT16_MAX ? UINT16_MAX :
		(uint16_t)n->load.loop_lag_ms;
	d->flags = flags | (n->degraded ? DIGEST_DEGRADED : 0);
	if (strcmp(c->type, "gateway") == 0)
		d->flags |= DIGEST_GATEWAY;
	if (n->degraded)
		d->flags |= DIGEST_DEGRADED;
	add_neighbors(n, m, d);
}

/*
 * Regular digests keep their own beat: nodes that start together begin somewhere within
 * the interval, and one that was sent because something changed does not move it. Else a
 * change makes all speak at once, and then all are silent for 2 s, in which nobody's
 * packet finds out that a neighbor is dead: suspects after 1.3 s instead of 0.5 s.
 */
static uint64_t
next_beat(struct node *n, struct membership *m, uint64_t interval_ns, uint64_t now_ns)
{
	if (m->beat_ns == 0)
		m->beat_ns = now_ns + ANNOUNCE_GAP + rng_below(&n->rng, interval_ns);
	else if (m->beat_ns <= now_ns)
		m->beat_ns = now_ns + rng_jitter(&n->rng, interval_ns, 10);
	else
		return m->beat_ns;
	/*
	 * When we speak anyway: one packet to a peer and one wake-up for both. But what
	 * travels at once does so between the moments, when nodes have time for it.
	 */
	if (!directory_is_brisk(&n->config.identity.id, m->seq + 1))
		m->beat_ns = endpoint_moment(m->beat_ns);
	return m->beat_ns;
}

void
announce(struct node *n, struct membership *m, uint16_t flags, uint64_t now_ns)
{
	uint64_t interval_ns = flat(m, every(n));
	struct gossip_in in = { .kind = GOSSIP_IN_BROADCAST };
	enum directory_pace pace;
	struct digest d;
	struct buf b;

	fill(n, m, flags, now_ns, &d);
	buf_init(&b, GOSSIP_MESSAGE_LEN_MIN);
	digest_sign(&b, &d, &m->topic_id, n->config.identity.secret_key);
	in.bytes = (struct view){ b.data, b.len };
	pace = directory_pace(m->directory, in.bytes);
	in.calm = pace == PACE_CALM;
	in.brisk = pace == PACE_BRISK;
	m->announced_ns = now_ns;
	m->announced_seq = m->seq;
	m->announce_ns = next_beat(n, m, interval_ns, now_ns);
	(void)directory_apply_own(m->directory, in.bytes, m->mesh, now_ns);
	meshes_tick(n, m, now_ns);
	meshes_handle(n, m, &in, now_ns);
	buf_fini(&b);
}

void
announce_accusation(struct node *n, const struct peer_id *peer, uint64_t incarnation,
	enum accusation_reason reason, uint64_t now_ns)
{
	uint64_t late_ns = n->load.lag_500ms_at_ns;

	if (n->config.observer || n->leave_ns != 0)
		return;
	if (late_ns != 0 && now_ns < late_ns + LATE_LOOP_FORGIVEN)
		return;
	for (size_t i = 0; i < n->mesh_count; i++) {
		struct membership *m = n->meshes[i];
		const struct directory_entry *e = directory_find(m->directory, peer);
		struct gossip_in in = { .kind = GOSSIP_IN_BROADCAST };
		struct accusation a = {.accuser = n->config.identity.id,
			.subject = *peer,
			.reason = reason};
		struct buf b;

		if (e == NULL || e->liveness == LIVENESS_GONE ||
			e->liveness == LIVENESS_LEFT)
			continue;
		if (incarnation != 0 && e->digest.incarnation > incarnation)
			continue;	/* the silent one is gone, and this is another */
		a.incarnation = e->digest.incarnation;
		a.seq = e->digest.seq;
		buf_init(&b, GOSSIP_MESSAGE_LEN_MIN);
		accusation_sign(&b, &a, &m->topic_id, n->config.identity.secret_key);
		in.bytes = (struct view){ b.data, b.len };
		meshes_apply(n, m, in.bytes, now_ns);
		meshes_handle(n, m, &in, now_ns);
		buf_fini(&b);
	}
}
