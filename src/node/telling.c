/* SPDX-License-Identifier: MIT */
#include "node/telling.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "mesh/alerts.h"
#include "node/command.h"
#include "node/requests.h"
#include "node/state.h"

static uint32_t
as_u32(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static struct lifeline_view_node *
add_node(struct lifeline_view *v, const struct peer_id *id, uint8_t liveness,
	uint64_t age_ns)
{
	struct lifeline_view_node *to = &v->nodes[v->node_count++];

	to->id = *id;
	to->liveness = liveness;
	to->age_ms = as_u32(age_ns / NS_PER_MS);
	return to;
}

static void
add_directory(struct lifeline_view *v, const struct directory *d,
	const struct peer_id *self, uint64_t now_ns)
{
	bool told = directory_count(d) <= LIFELINE_TOLD_MAX;

	for (size_t i = 0; i < directory_count(d); i++) {
		const struct directory_entry *en = directory_at(d, i);
		struct lifeline_view_node *to;

		if (v->node_count == LIFELINE_VIEW_NODES_MAX)
			return;
		if (en->self || id_equal(&en->digest.id, self))
			continue;
		to = add_node(v, &en->digest.id, (uint8_t)en->liveness,
			now_ns > en->received_ns ? now_ns - en->received_ns : 0);
		to->incarnation = en->digest.incarnation;
		to->flags = en->digest.flags;
		to->neighbors_told = told;
		if (!told)
			continue;
		to->neighbor_count = en->digest.neighbor_count;
		memcpy(to->neighbors, en->digest.neighbors, sizeof(to->neighbors));
	}
}

static void
add_link(struct lifeline_view *v, const struct link_row *l, uint64_t now_ns)
{
	struct lifeline_peer *to;

	if (l->observer)
		return;
	if (l->overlay)
		v->links[v->link_count++] = l->peer;
	to = &v->peers[v->peer_count++];
	to->id = l->peer;
	to->dialed = l->dialed;
	to->clocked = l->clocked;
	to->skew_ms = l->skew_ms;
	to->port = l->remote.port;
	to->rtt_100us = as_u32(l->rtt_ns / (NS_PER_MS / 10));
	to->silent_ms =
		now_ns > l->heard_ns ? as_u32((now_ns - l->heard_ns) / NS_PER_MS) : 0;
	to->sent = l->packets_sent;
	to->received = l->packets_received;
}

static void
add_use(const struct node *n, struct lifeline_view *v, const struct node_status *status)
{
	for (size_t i = 0; i < MEM_CLASSES; i++)
		v->live[i] = as_u32(mem_live((enum mem_class)i));
	v->memory_kib = n->load.resident_kib;
	v->cpu_us = n->load.cpu_us;
	for (size_t i = 0; n->alerts != NULL && i < alerts_count(n->alerts); i++) {
		const struct alert *a = alerts_at(n->alerts, i);

		if (a->seq > v->alerts_raised)
			v->alerts_raised = as_u32(a->seq);
		if (a->cleared_ns == 0)
			v->alerts_active |= UINT64_C(1) << a->kind;
	}
	v->refused = status->counts[NODE_COUNT_HANDSHAKES_FULL] +
		     status->counts[NODE_COUNT_GREETINGS_FULL] +
		     status->counts[NODE_COUNT_LINKS_FULL];
	if (status->counts[NODE_COUNT_CONNECTIONS] > status->links)
		v->unlinked = as_u32(
			status->counts[NODE_COUNT_CONNECTIONS] - status->links);
	v->casts_dropped = status->counts[NODE_COUNT_GOSSIP_SLOW] +
			   status->counts[NODE_COUNT_GOSSIP_LAZY] +
			   status->counts[NODE_COUNT_GOSSIP_MISSING];
	v->cast_count = casts_counts(&n->casts, v->casts, CAST_RUNS_MAX);
}

void
telling_view(
	const struct node *n, struct lifeline_view *v, uint64_t ask, uint64_t now_ns)
{
	/* What should be back where it was when all is quiet; caches fill as they may. */
	static const enum mem_class counted[] = { MEM_CONNECTION, MEM_HANDSHAKE,
		MEM_STREAM, MEM_LINK, MEM_REQUEST, MEM_DESCRIPTOR };
	struct link_row *links = mem_array(LINKS_MAX, sizeof(*links));
	struct mesh_row meshes[MESHES_MAX];
	struct node_status status;
	size_t count;

	memset(v, 0, sizeof(*v));
	v->ask = ask;
	v->nodes = mem_array(LIFELINE_VIEW_NODES_MAX, sizeof(*v->nodes));
	node_status(n, &status, now_ns);
	v->handshakes = status.handshakes;
	v->liveness_changes = status.liveness_changes;
	add_use(n, v, &status);
	v->descriptors = as_u32(mem_live(MEM_DESCRIPTOR));
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		v->objects += as_u32(mem_live(counted[i]));
	add_node(v, &status.id, LIVENESS_LIVE, 0)->incarnation = status.incarnation;
	count = node_meshes(n, meshes, MESHES_MAX);
	for (size_t i = 0; i < count; i++)
		add_directory(v, meshes[i].directory, &status.id, now_ns);
	count = node_links(n, links, LINKS_MAX);
	for (size_t i = 0; i < count; i++)
		add_link(v, &links[i], now_ns);
	free(links);
}

/* An error when the asker does not take it: then `s` is still there. */
static int
send_pieces(struct node *n, struct serving *s, const struct buf *b, uint64_t now_ns)
{
	size_t at = 0;
	int err = b->failed;

	while (err == ERR_OK) {
		size_t len = b->len - at;
		bool last = len <= VIEW_FRAME_LEN_MAX;

		if (!last)
			len = VIEW_FRAME_LEN_MAX;
		err = serve_answer(n, s, b->data + at, len, last, now_ns);
		if (err == ERR_OK && last)
			return ERR_OK;
		at += len;
	}
	return err;
}

void
telling_serve(struct node *n, struct serving *s, struct view body, uint64_t now_ns)
{
	struct lifeline_record *r = mem_array(1, sizeof(*r));
	uint64_t ask;
	struct buf b;

	if (lifeline_decode(&body, r) != ERR_OK || r->tag != LIFELINE_ASK) {
		lifeline_fini(r);
		serve_refuse(n, s, "the question can't be read", now_ns);
		free(r);
		return;
	}
	ask = r->ask.ask;
	for (size_t i = 0; i < r->ask.probe_count; i++)
		if (command_is_operator(n, &s->peer))
			node_probe(n, &r->ask.probes[i], now_ns);
	memset(r, 0, sizeof(*r));
	r->tag = LIFELINE_VIEW;
	telling_view(n, &r->view, ask, now_ns);
	buf_init(&b, 2 * LIFELINE_RECORD_LEN_MAX);
	lifeline_encode(&b, r);
	if (send_pieces(n, s, &b, now_ns) != ERR_OK)
		serve_refuse(n, s, "slow to read", now_ns);
	buf_fini(&b);
	lifeline_fini(r);
	free(r);
}

int
telling_ask(struct node *n, const struct telling_ask *a, uint64_t now_ns,
	uint64_t *number)
{
	struct request_spec spec = { .peer = a->peer, .tag = FRAME_VIEW,
		.cookie = a->cookie, .patience_ns = a->patience_ns };
	struct lifeline_record *r = mem_array(1, sizeof(*r));
	struct buf b;
	int err;

	r->tag = LIFELINE_ASK;
	r->ask.ask = a->ask;
	r->ask.probe_count = a->probe_count;
	if (a->probe_count > 0)
		memcpy(r->ask.probes, a->probes, a->probe_count * sizeof(*a->probes));
	buf_init(&b, VIEW_FRAME_LEN_MAX);
	lifeline_encode(&b, r);
	spec.payload = b.data;
	spec.len = b.len;
	err = b.failed ? b.failed : requests_ask(n, &spec, now_ns, number);
	buf_fini(&b);
	free(r);
	return err;
}

int
telling_read(struct view pieces, struct lifeline_record *r)
{
	int err = lifeline_decode(&pieces, r);

	if (err == ERR_OK && (r->tag != LIFELINE_VIEW || pieces.len > 0)) {
		lifeline_fini(r);
		err = ERR_MALFORMED;
	}
	return err;
}
