/* SPDX-License-Identifier: MIT */
#include "node/handlers.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "node/notes.h"
#include "node/seeding.h"
#include "node/state.h"
#include "node/upkeep.h"
#include "wire/gossip_msg.h"

/* The first link with a node of another mesh is told; later ones are links as any. */
static void
tell_cross(struct node *n, const struct link *k, uint64_t now_ns)
{
	struct trace_context root;
	char peer[ID_HEX_CAP];
	struct span_mark span;
	struct node_event *out;

	if (!k->foreign || idmap_find(n->crossed, &k->peer) != NULL)
		return;
	if (idmap_count(n->crossed) >= CROSSED_MAX)
		return;
	idmap_put(n->crossed, &k->peer, n);
	root = span_store_root(n->spans);
	span_store_begin(n->spans, &span, TRACE_CROSS_CONNECTED, &root, now_ns);
	id_hex(peer, &k->peer);
	span_store_end(n->spans, &span, NULL,
		(const struct span_note[]){ { TRACE_ATTR_PEER_ID, peer },
			{ TRACE_ATTR_OWN_MESH, n->config.mesh },
			{ TRACE_ATTR_PEER_MESH, k->hello.mesh } },
		3, now_ns);
	out = node_push(n, NODE_EVENT_CROSS, &k->peer);
	snprintf(out->mesh, sizeof(out->mesh), "%s", k->hello.mesh);
	snprintf(out->text, sizeof(out->text), "%s and %s, %s", n->config.mesh,
		k->hello.mesh, k->dialed ? "dialed" : "accepted");
}

static void
on_up(struct node *n, const struct link_event *ev, uint64_t now_ns)
{
	struct link *k = links_find(&n->links, &ev->peer);
	struct node_event *out;

	if (k == NULL)
		return;
	out = node_push(n, NODE_EVENT_LINK, &ev->peer);
	out->up = true;
	snprintf(out->text, sizeof(out->text), "up: %s%s%s%s",
		k->dialed ? "dialed" : "accepted",
		k->hello.role == HELLO_OBSERVER ? ", an observer" : "",
		k->foreign ? ", of " : "", k->foreign ? k->hello.mesh : "");
	tell_cross(n, k, now_ns);
	if (k->hello.role == HELLO_OBSERVER)
		meshes_tell_all(n, GOSSIP_IN_OBSERVER, &ev->peer, now_ns);
	seeding_linked(n, k, now_ns);
	requests_linked(n, &ev->peer, now_ns);
	notes_connected(n, k, now_ns);
	fabric_linked(n, k, now_ns);
	upkeep_make_room(n, k, now_ns);
}

static void
on_failed(struct node *n, const struct link_event *ev, uint64_t now_ns)
{
	if (ev->refused) {
		struct node_event *out = node_push(n, NODE_EVENT_REFUSED, &ev->peer);

		snprintf(out->text, sizeof(out->text), "%s: %s",
			ev->by_peer ? "refused by the peer" : "refused", ev->text);
	}
	requests_unlinked(n, &ev->peer,
		ev->refused ? REQUEST_REFUSED : REQUEST_UNREACHABLE, now_ns);
	if (ev->refused && n->links.stranger[0] != '\0') {
		fabric_stranger(n, n->links.stranger, now_ns);
		n->links.stranger[0] = '\0';
	}
	seeding_failed(n, &ev->peer, now_ns);
	fabric_failed(n, &ev->peer, now_ns);
	meshes_tell_all(n, GOSSIP_IN_LOST, &ev->peer, now_ns);
}

static void
on_lost(struct node *n, const struct link_event *ev, uint64_t now_ns)
{
	requests_unlinked(n, &ev->peer, REQUEST_LOST, now_ns);
	notes_disconnected(n, ev, now_ns);
	upkeep_lost(n, ev, now_ns);
}

static bool
keep_calm(struct node *n, const struct link_event *ev, uint64_t now_ns)
{
	struct calm_gossip *g;

	if (n->calm.count == n->calm.cap || ev->bytes.len > sizeof(g->bytes))
		return false;
	g = ring_push(&n->calm);
	g->peer = ev->peer;
	g->topic = ev->topic;
	g->len = ev->bytes.len;
	memcpy(g->bytes, ev->bytes.data, ev->bytes.len);
	n->calm_ns = now_ns + CALM_WAIT;
	return true;
}

bool
handlers_say(struct node *n, const struct membership *m, struct view payload,
	uint64_t now_ns)
{
	struct said *s;

	if (n->said.count == n->said.cap || payload.len > sizeof(s->bytes))
		return false;
	s = ring_push(&n->said);
	s->topic = m->topic_id;
	s->len = payload.len;
	memcpy(s->bytes, payload.data, payload.len);
	n->calm_ns = now_ns + CALM_WAIT;
	return true;
}

void
handlers_said(struct node *n, uint64_t now_ns)
{
	while (n->said.count > 0) {
		const struct said s = *(struct said *)ring_at(&n->said, 0);
		struct membership *m = meshes_find(n, &s.topic);

		ring_pop(&n->said);
		if (m != NULL && m->directory != NULL)
			meshes_apply(n, m, (struct view){ s.bytes, s.len }, now_ns);
	}
}

void
handlers_calm(struct node *n, uint64_t now_ns)
{
	handlers_said(n, now_ns);
	while (n->calm.count > 0) {
		const struct calm_gossip g = *(struct calm_gossip *)ring_at(&n->calm, 0);
		struct membership *m = meshes_find(n, &g.topic);
		const struct gossip_in in = { .kind = GOSSIP_IN_MESSAGE,
			.peer = g.peer,
			.bytes = { g.bytes, g.len },
			.calm = true };

		ring_pop(&n->calm);
		if (m != NULL && n->leave_ns == 0)
			meshes_handle(n, m, &in, now_ns);
		handlers_said(n, now_ns);
	}
}

static void
on_gossip(struct node *n, const struct link_event *ev, uint64_t now_ns)
{
	struct membership *m = meshes_find(n, &ev->topic);
	struct gossip_in in = {
		.kind = GOSSIP_IN_MESSAGE, .peer = ev->peer, .bytes = ev->bytes};
	enum directory_pace pace;
	struct view content;

	if (m == NULL || n->leave_ns != 0 || !meshes_may_pass(n, m, &ev->peer)) {
		n->gossip_foreign++;
		return;
	}
	if (fabric_owns(n, m))
		n->fabric->bytes_received += ev->bytes.len;
	content = gossip_msg_content(ev->bytes);
	/* The backbone has no directory. */
	pace = m->directory != NULL ? directory_pace(m->directory, content) : PACE_NEWS;
	in.calm = pace == PACE_CALM;
	in.brisk = pace == PACE_BRISK;
	if (in.calm && keep_calm(n, ev, now_ns))
		return;
	in.bulk = m->directory != NULL && payload_kind(content) == PAYLOAD_CAST;
	if (content.len == 0 && n->calm.count > 0)
		handlers_calm(n, now_ns);
	meshes_handle(n, m, &in, now_ns);
}

static void
on_frame(struct node *n, const struct link_event *ev, uint64_t now_ns)
{
	struct link *k = links_find(&n->links, &ev->peer);

	if (k != NULL)
		upkeep_frame(n, k, ev->tag, ev->bytes, now_ns);
}

void
handlers_link(struct node *n, const struct link_event *ev, uint64_t now_ns)
{
	static void (*const handle[])(
		struct node *, const struct link_event *, uint64_t) = {
		[LINK_EVENT_UP] = on_up,
		[LINK_EVENT_LOST] = on_lost,
		[LINK_EVENT_FAILED] = on_failed,
		[LINK_EVENT_GOSSIP] = on_gossip,
		[LINK_EVENT_FRAME] = on_frame,
	};

	if (ev->kind != LINK_EVENT_GOSSIP)
		handlers_calm(n, now_ns);
	handle[ev->kind](n, ev, now_ns);
}
