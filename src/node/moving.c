/* SPDX-License-Identifier: MIT */
#include "node/moving.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/announce.h"
#include "node/faulting.h"
#include "node/state.h"
#include "wire/gossip_msg.h"

/* Neighbors that have to be found again. */
struct moving {
	struct {
		struct membership *membership;
		struct peer_id peer;
	} lost[LINKS_MAX];
	size_t count;
};

/* Its meshes, and the backbone behind them; NULL after the last. */
static struct membership *
membership_at(struct node *n, size_t i)
{
	if (i < n->mesh_count)
		return n->meshes[i];
	return i == n->mesh_count && n->fabric != NULL ? &n->fabric->m : NULL;
}

static void
note_neighbors(struct moving *v, struct node *n, const struct peer_id *peer)
{
	struct membership *m;

	for (size_t i = 0; (m = membership_at(n, i)) != NULL; i++)
		if (v->count < LINKS_MAX && topic_is_neighbor(m->topic, peer)) {
			v->lost[v->count].membership = m;
			v->lost[v->count++].peer = *peer;
		}
}

struct moving *
moving_begin(struct node *n, uint64_t now_ns)
{
	struct moving *v = mem_array(1, sizeof(*v));

	for (struct idmap_item *it = idmap_first(n->links.by_conn); it != NULL;
		it = idmap_next(it)) {
		struct link *k = idmap_value(it);

		if (k->dialed)
			continue;
		if (k->state == LINK_UP)
			note_neighbors(v, n, &k->peer);
		links_close(&n->links, k, CLOSE_GOING_AWAY, "moving to another port",
			now_ns);
	}
	node_turn(n, now_ns);
	return v;
}

static void
set_port(struct address *a, const struct address *from, const struct address *to)
{
	if (a->family == from->family && a->port == from->port)
		a->port = to->port;
}

/* Where others find us, in all places that tell it. */
static void
advertise(struct node *n, const struct address *from, const struct address *to)
{
	struct hello *own = &n->links.greeter.own;

	for (size_t i = 0; i < n->config.advertised_count; i++)
		set_port(&n->config.advertised[i], from, to);
	for (size_t i = 0; i < own->address_count; i++)
		set_port(&own->addresses[i], from, to);
}

static void
tell(struct node *n, uint64_t now_ns)
{
	struct membership *m;
	struct buf data;

	buf_init(&data, GOSSIP_PEER_DATA_LEN_MAX);
	gossip_addr_info_encode(&data, n->config.advertised, n->config.advertised_count);
	for (size_t i = 0; (m = membership_at(n, i)) != NULL; i++) {
		meshes_handle(n, m, &(struct gossip_in){ .kind = GOSSIP_IN_DATA,
			.bytes = { data.data, data.len } }, now_ns);
		if (i < n->mesh_count)
			announce_soon(n, m, now_ns);
	}
	buf_fini(&data);
}

static void
migrate(struct node *n, const struct address *from, const struct address *to,
	uint64_t now_ns)
{
	for (struct idmap_item *it = idmap_first(n->links.by_conn); it != NULL;
		it = idmap_next(it)) {
		struct link *k = idmap_value(it);

		if (!k->dialed || k->path.remote.family != from->family)
			continue;
		if (endpoint_migrate(n->endpoint, k->conn, to, now_ns) == ERR_OK)
			k->path.local = *to;
		else
			links_close(&n->links, k, CLOSE_GOING_AWAY,
				"moving to another port", now_ns);
	}
}

void
moving_end(struct moving *v, struct node *n, const struct address bound[2],
	uint64_t now_ns)
{
	for (size_t i = 0; i < 2; i++) {
		struct address from = n->config.bound[i];

		if (from.family == 0 || address_equal(&from, &bound[i]))
			continue;
		n->config.bound[i] = n->links.bound[i] = bound[i];
		advertise(n, &from, &bound[i]);
		migrate(n, &from, &bound[i], now_ns);
	}
	node_turn(n, now_ns);
	tell(n, now_ns);
	for (size_t i = 0; i < v->count; i++)
		meshes_handle(n, v->lost[i].membership, &(struct gossip_in){
			.kind = GOSSIP_IN_JOIN, .peer = v->lost[i].peer }, now_ns);
	node_turn(n, now_ns);
	free(v);
}
