/* SPDX-License-Identifier: MIT */
#include "node/meshes.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/announce.h"
#include "node/handlers.h"
#include "node/notes.h"
#include "node/seeding.h"
#include "node/state.h"
#include "node/sync.h"
#include "node/upkeep.h"
#include "wire/gossip_msg.h"

#define CHANGES_MAX 64

static void
arm_topic_timer(struct node *n, struct membership *m, const struct gossip_out *o)
{
	struct topic_timer *t = mem_new(MEM_TIMER, sizeof(*t));

	t->membership = m;
	t->number = o->timer;
	heap_arm(&n->topic_timers, &t->entry, o->due_ns);
}

static void
on_neighbor(struct node *n, struct membership *m, const struct gossip_out *o,
	uint64_t now_ns)
{
	struct node_event *ev = node_push(n, NODE_EVENT_NEIGHBOR, &o->peer);
	struct peer_id any[1];

	ev->backbone = fabric_owns(n, m);
	/* Who comes back from solitude has missed what was said meanwhile: ask again. */
	if (o->change != NEIGHBOR_UP && topic_active(m->topic, any, 1) == 0)
		m->synced = false;
	ev->up = o->change == NEIGHBOR_UP;
	snprintf(ev->mesh, sizeof(ev->mesh), "%s", m->mesh);
	snprintf(ev->text, sizeof(ev->text), "%s", neighbor_change_text(o->change));
	if (ev->backbone) {
		fabric_neighbor(n, o, now_ns);
		return;
	}
	announce_soon(n, m, now_ns);
	if (o->change == NEIGHBOR_UP && !m->synced)
		sync_ask(n, m, &o->peer, now_ns);
}

static void
on_peer_data(struct node *n, const struct gossip_out *o)
{
	struct address a[GOSSIP_PEER_ADDRESSES_MAX];
	struct view bytes = { o->bytes, o->bytes_len };
	size_t count;

	if (!gossip_addr_info_decode(bytes, a, GOSSIP_PEER_ADDRESSES_MAX, &count))
		book_learn(&n->book, &o->peer, a, count);
}

/*
 * Peers that a SEND of this round could not reach, and those that are slow from now on;
 * told to the topic after the round.
 */
struct unreached {
	struct peer_id peers[GOSSIP_PENDING_MAX], slow[GOSSIP_PENDING_MAX];
	size_t count, slow_count;
};

static void
deliver(struct node *n, struct membership *m, struct view payload, uint64_t now_ns)
{
	if (payload_kind(payload) == PAYLOAD_CAST)
		casts_take(n, m, payload, now_ns);
	else if (!handlers_say(n, m, payload, now_ns))
		meshes_apply(n, m, payload, now_ns);
}

static void
carry_out(struct node *n, struct membership *m, const struct gossip_out *o,
	struct unreached *u,
	uint64_t now_ns)
{
	const struct view payload = { o->bytes, o->bytes_len };
	struct link *k;

	switch (o->kind) {
	case GOSSIP_OUT_SEND:
		if (o->bulk) {
			if (u->slow_count < GOSSIP_PENDING_MAX &&
				casting_send(n, m, &o->peer, payload, now_ns))
				u->slow[u->slow_count++] = o->peer;
			break;
		}
		if (fabric_owns(n, m))
			n->fabric->bytes_sent += o->bytes_len;
		if (!meshes_may_pass(n, m, &o->peer)) {
			if (u->count < GOSSIP_PENDING_MAX)
				u->peers[u->count++] = o->peer;
			break;
		}
		if (links_gossip(&n->links, &o->peer, &m->topic_id, payload, o->calm,
			now_ns) == ERR_OK)
			break;
		/*
		 * No way to it, or it is too slow to follow: either way it is no
		 * neighbor.
		 */
		k = links_find(&n->links, &o->peer);
		if (k != NULL)
			links_close(&n->links, k, CLOSE_STALLED, "too slow to follow",
				now_ns);
		if (u->count < GOSSIP_PENDING_MAX)
			u->peers[u->count++] = o->peer;
		break;
	case GOSSIP_OUT_HANG_UP:
		links_gossip_finish(&n->links, &o->peer, &m->topic_id);
		break;
	case GOSSIP_OUT_TIMER:
		arm_topic_timer(n, m, o);
		break;
	case GOSSIP_OUT_NEIGHBOR:
		on_neighbor(n, m, o, now_ns);
		break;
	case GOSSIP_OUT_DELIVER:
		if (fabric_owns(n, m))
			fabric_deliver(n, payload, now_ns);
		else
			deliver(n, m, payload, now_ns);
		break;
	case GOSSIP_OUT_PEER_DATA:
		on_peer_data(n, o);
		break;
	}
}

/*
 * Carries out effects until none is left. Unreached peers are bounded by the pending
 * ones.
 */
static void
drain(struct node *n, struct membership *m, uint64_t now_ns)
{
	while (outbox_count(n->outbox) > 0) {
		struct unreached u;

		u.count = u.slow_count = 0;

		for (size_t i = 0; i < outbox_count(n->outbox); i++)
			carry_out(n, m, outbox_at(n->outbox, i), &u, now_ns);
		outbox_clear(n->outbox);
		for (size_t i = 0; i < u.count; i++) {
			struct gossip_in in = { .kind = GOSSIP_IN_LOST,
				.peer = u.peers[i] };

			topic_handle(m->topic, &in, now_ns, n->outbox);
		}
		for (size_t i = 0; i < u.slow_count; i++) {
			struct gossip_in in = { .kind = GOSSIP_IN_SLOW, .slow = true,
				.peer = u.slow[i] };

			topic_handle(m->topic, &in, now_ns, n->outbox);
		}
	}
}

void
meshes_handle(struct node *n, struct membership *m, const struct gossip_in *in,
	uint64_t now_ns)
{
	topic_handle(m->topic, in, now_ns, n->outbox);
	drain(n, m, now_ns);
}

void
meshes_tell_all(struct node *n, enum gossip_in_kind kind, const struct peer_id *peer,
	uint64_t now_ns)
{
	struct gossip_in in = { .kind = kind, .peer = *peer };

	for (size_t i = 0; i < n->mesh_count; i++)
		meshes_handle(n, n->meshes[i], &in, now_ns);
	if (n->fabric != NULL)
		meshes_handle(n, &n->fabric->m, &in, now_ns);
}

void
meshes_open_topic(struct node *n, struct membership *m, uint64_t now_ns)
{
	struct gossip_config gc;
	struct buf data;

	gossip_config_default(&gc);
	gc.self = n->config.identity.id;
	gc.observer = n->config.observer;
	gc.lazy_ns = MESHES_LAZY;
	gc.lazy_calm_ns = MESHES_LAZY_CALM;
	rng_bytes(&n->rng, gc.seed, sizeof(gc.seed));
	m->topic = topic_new(&gc, now_ns, n->outbox);
	drain(n, m, now_ns);
	buf_init(&data, GOSSIP_PEER_DATA_LEN_MAX);
	gossip_addr_info_encode(&data, n->config.advertised, n->config.advertised_count);
	meshes_handle(n, m, &(struct gossip_in){ .kind = GOSSIP_IN_DATA,
		.bytes = { data.data, data.len } }, now_ns);
	buf_fini(&data);
	m->heal_ns = now_ns + rng_jitter(&n->rng, SEEDS_HEAL_EVERY, 20);
	m->widen_ns = now_ns + rng_jitter(&n->rng, SEEDING_WIDEN_EVERY, 20);
}

int
meshes_add(struct node *n, const char *mesh, uint64_t now_ns)
{
	struct directory_config dc;
	struct membership *m;

	if (meshes_named(n, mesh) != NULL)
		return ERR_EXISTS;
	if (n->mesh_count == MESHES_MAX)
		return ERR_LIMIT;
	m = mem_new(MEM_MEMBERSHIP, sizeof(*m));
	snprintf(m->mesh, sizeof(m->mesh), "%s", mesh);
	topic_of_mesh(&m->topic_id, &n->config.key, mesh);
	directory_config_default(&dc);
	dc.suspect_ns = announce_scaled(n, dc.suspect_ns);
	dc.gone_ns = announce_scaled(n, dc.gone_ns);
	if (!n->config.observer)
		dc.self = n->config.identity.id;
	dc.topic = m->topic_id;
	if (n->config.directory_max != 0)
		dc.entries_max = n->config.directory_max;
	m->directory = directory_new(&dc);
	n->meshes[n->mesh_count++] = m;
	meshes_open_topic(n, m, now_ns);
	m->announce_ns = n->config.observer ? NEVER : now_ns;
	return ERR_OK;
}

void
meshes_fini(struct node *n)
{
	struct heap_entry *e;

	while ((e = heap_next_due(&n->topic_timers, NEVER)) != NULL)
		mem_free(MEM_TIMER, (char *)e - offsetof(struct topic_timer, entry));
	for (size_t i = 0; i < n->mesh_count; i++) {
		topic_free(n->meshes[i]->topic);
		directory_free(n->meshes[i]->directory);
		mem_free(MEM_MEMBERSHIP, n->meshes[i]);
	}
	n->mesh_count = 0;
}

struct membership *
meshes_find(struct node *n, const struct peer_id *topic_id)
{
	for (size_t i = 0; i < n->mesh_count; i++)
		if (id_equal(&n->meshes[i]->topic_id, topic_id))
			return n->meshes[i];
	if (n->fabric != NULL && id_equal(&n->fabric->m.topic_id, topic_id))
		return &n->fabric->m;
	return NULL;
}

struct membership *
meshes_named(struct node *n, const char *mesh)
{
	for (size_t i = 0; i < n->mesh_count; i++)
		if (strcmp(n->meshes[i]->mesh, mesh) == 0)
			return n->meshes[i];
	return NULL;
}

bool
meshes_may_pass(
	const struct node *n, const struct membership *m, const struct peer_id *peer)
{
	const struct link *k = links_find(&n->links, peer);

	return k == NULL || !k->foreign || fabric_owns(n, m);
}

bool
meshes_need(const struct node *n, const struct peer_id *peer)
{
	for (size_t i = 0; i < n->mesh_count; i++)
		if (topic_needs(n->meshes[i]->topic, peer))
			return true;
	return n->fabric != NULL && topic_needs(n->fabric->m.topic, peer);
}

bool
meshes_have_neighbor(const struct node *n, const struct peer_id *peer)
{
	for (size_t i = 0; i < n->mesh_count; i++)
		if (topic_is_neighbor(n->meshes[i]->topic, peer))
			return true;
	return n->fabric != NULL && topic_is_neighbor(n->fabric->m.topic, peer);
}

/*
 * Where it says that it is. Hearsay about it, which has no signature and no age, may have
 * put an older address into the book, and a node may move to another port: whoever dials
 * the old one meets nobody.
 */
static void
follow_addresses(struct node *n, struct membership *m, struct view payload)
{
	const struct directory_entry *e;
	struct peer_id id;

	if (payload_kind(payload) != PAYLOAD_DIGEST || digest_peek(&id, payload))
		return;
	e = directory_find(m->directory, &id);
	if (e != NULL && !e->self)
		book_follow(&n->book, &id, e->digest.addresses, e->digest.address_count);
}

void
meshes_apply(struct node *n, struct membership *m, struct view payload, uint64_t now_ns)
{
	struct accusation by;

	/* It counts refusals. */
	if (directory_apply(m->directory, payload, m->mesh, now_ns) == ERR_OK)
		follow_addresses(n, m, payload);
	if (directory_take_accused(m->directory, &by)) {
		struct node_event *ev = node_push(n, NODE_EVENT_LIVENESS, &by.accuser);

		snprintf(ev->mesh, sizeof(ev->mesh), "%s", m->mesh);
		snprintf(ev->text, sizeof(ev->text), "accused us of: %s",
			accusation_reason_text(by.reason));
		announce_answer(n, m, &by, now_ns);
	}
	meshes_tick(n, m, now_ns);
}

void
meshes_tick(struct node *n, struct membership *m, uint64_t now_ns)
{
	struct directory_change changes[CHANGES_MAX];
	size_t count;

	do {
		count = directory_tick(m->directory, now_ns, changes, CHANGES_MAX);
		notes_directory(n, changes, count, now_ns);
		for (size_t i = 0; i < count; i++) {
			const struct directory_entry *e =
				directory_find(m->directory, &changes[i].id);
			struct node_event *ev = node_push(n, NODE_EVENT_LIVENESS,
				&changes[i].id);

			snprintf(ev->mesh, sizeof(ev->mesh), "%s", m->mesh);
			ev->change = changes[i];
			if (!changes[i].appeared && !changes[i].removed
			    && !changes[i].observer)
				n->liveness_changes++;
			if (e != NULL && changes[i].appeared && !e->self) {
				links_restarted(&n->links, &e->digest.id,
					e->digest.incarnation, now_ns);
				book_learn(&n->book, &e->digest.id, e->digest.addresses,
					e->digest.address_count);
				seeding_met(n, m, e, now_ns);
				fabric_met(n, m, e, now_ns);
			}
			if (changes[i].to != LIVENESS_SUSPECT)
				continue;
			if (id_is_zero(&changes[i].accuser))
				seeding_missed(n, m, now_ns);
			else
				upkeep_doubt(n, &changes[i].id, now_ns);
		}
	} while (count == CHANGES_MAX);
}
