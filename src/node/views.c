/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "node/counts.h"
#include "node/shown.h"
#include "node/state.h"

void
node_name_of(const struct node *n, const struct peer_id *peer,
	char to[static NAME_LEN_MAX + 1])
{
	const struct link *k;

	for (size_t i = 0; i < n->mesh_count; i++) {
		const struct directory_entry *e =
			directory_find(n->meshes[i]->directory, peer);

		if (e != NULL) {
			directory_name(e, to);
			return;
		}
	}
	to[0] = '\0';
	k = links_find(&n->links, peer);
	if (k != NULL && k->hello.type[0] != '\0')
		name_format(to, k->hello.mesh[0] != '\0' ? k->hello.mesh : "observer",
			k->hello.type, peer, NAME_HEX_SHORT);
}

void
node_show_alerts(struct node *n, const struct alerts *a)
{
	n->alerts = a;
}

size_t
node_casts(const struct node *n, struct cast_count *to, size_t cap)
{
	return casts_counts(&n->casts, to, cap);
}

void
node_status(const struct node *n, struct node_status *s, uint64_t now_ns)
{
	const struct node_config *c = &n->config;
	struct endpoint_stats es;
	struct link *up[LINKS_MAX];

	memset(s, 0, sizeof(*s));
	endpoint_stats(n->endpoint, &es);
	s->id = c->identity.id;
	name_format(s->name, c->observer ? "observer" : c->mesh, c->type, &s->id,
		NAME_HEX_SHORT);
	memcpy(s->type, c->type, sizeof(s->type));
	s->observer = c->observer;
	s->ready = n->leave_ns == 0;
	memcpy(s->addresses, c->advertised, sizeof(s->addresses));
	s->address_count = c->advertised_count;
	s->incarnation = c->incarnation;
	s->uptime_ns = now_ns - n->started_ns;
	s->loop_lag_ms = n->load.loop_lag_ms;
	s->cpu_used_mc = n->load.cpu_used_mc;
	s->memory_used_kib = n->load.memory_used_kib;
	s->handshakes = es.handshakes_completed;
	s->hellos = n->links.hellos;
	s->messages_acked = n->sendings.acked;
	s->messages_failed = n->sendings.failed;
	s->messages_retried = n->sendings.retries;
	s->messages_received = n->receive.delivered;
	s->messages_duplicate = n->receive.duplicates;
	s->messages_disordered = n->receive.disordered;
	if (n->fabric != NULL) {
		s->backbone_sent = n->fabric->bytes_sent;
		s->backbone_received = n->fabric->bytes_received;
	}
	counts_fill(n, s->counts);
	s->liveness_changes = n->liveness_changes;
	s->links = links_up(&n->links, up, LINKS_MAX);
	for (size_t i = 0; i < n->mesh_count; i++) {
		struct peer_id active[GOSSIP_PENDING_MAX];

		s->neighbors +=
			topic_active(n->meshes[i]->topic, active, GOSSIP_PENDING_MAX);
	}
}

size_t
node_meshes(const struct node *n, struct mesh_row *to, size_t cap)
{
	size_t count = n->mesh_count < cap ? n->mesh_count : cap;

	for (size_t i = 0; i < count; i++) {
		memcpy(to[i].mesh, n->meshes[i]->mesh, sizeof(to[i].mesh));
		to[i].directory = n->meshes[i]->directory;
		to[i].frames_sent = n->links.frames_sent;
		to[i].frames_received = n->links.frames_received;
	}
	return count;
}

/* Of meshes: the backbone is none. */
static bool
in_overlay(const struct node *n, const struct peer_id *peer)
{
	struct peer_id active[GOSSIP_PENDING_MAX];

	for (size_t i = 0; i < n->mesh_count; i++) {
		size_t count =
			topic_active(n->meshes[i]->topic, active, GOSSIP_PENDING_MAX);

		for (size_t j = 0; j < count && j < GOSSIP_PENDING_MAX; j++)
			if (id_equal(&active[j], peer))
				return true;
	}
	return false;
}

size_t
node_links(const struct node *n, struct link_row *to, size_t cap)
{
	struct link *up[LINKS_MAX];
	size_t count = links_up(&n->links, up, cap < LINKS_MAX ? cap : LINKS_MAX);

	for (size_t i = 0; i < count; i++) {
		struct endpoint_conn_info info = { .rtt_ns = 0 };

		(void)endpoint_conn_info(n->endpoint, up[i]->conn, &info);
		memset(&to[i], 0, sizeof(to[i]));
		to[i].peer = up[i]->peer;
		node_name_of(n, &up[i]->peer, to[i].peer_name);
		to[i].dialed = up[i]->dialed;
		to[i].overlay = in_overlay(n, &up[i]->peer);
		to[i].observer = up[i]->hello.role == HELLO_OBSERVER;
		to[i].foreign = up[i]->foreign;
		to[i].backbone = n->fabric != NULL &&
				 topic_is_neighbor(n->fabric->m.topic, &up[i]->peer);
		to[i].remote = up[i]->path.remote;
		to[i].rtt_ns = info.rtt_ns;
		to[i].since_ns = up[i]->since_ns;
		to[i].bytes_sent = info.bytes_sent;
		to[i].bytes_received = info.bytes_received;
		to[i].packets_sent = info.packets_sent;
		to[i].packets_received = info.packets_received;
		to[i].heard_ns = info.last_received_ns;
		to[i].clocked = up[i]->clocked;
		to[i].skew_ms = up[i]->skew_ms;
	}
	return count;
}

const struct backbone *
node_backbone(const struct node *n)
{
	return n->fabric != NULL ? n->fabric->backbone : NULL;
}

size_t
node_remembered(const struct node *n, struct seed *to, size_t cap)
{
	size_t count = 0;

	for (struct idmap_item *it = idmap_first(n->book.entries); it && count < cap;
		it = idmap_next(it)) {
		const struct book_entry *e = idmap_value(it);

		if (!e->met)
			continue;
		to[count].id = e->id;
		to[count].address = e->addresses[0];
		count++;
	}
	return count;
}
