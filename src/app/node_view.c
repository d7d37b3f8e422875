/* SPDX-License-Identifier: MIT */
#include "app/node_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "control/answer.h"
#include "node/faulting.h"
#include "node/measure.h"
#include "node/shown.h"

char *
node_view_answer(struct node *n, const char *line, size_t len,
	const struct node_view_own *own)
{
	struct link_row *links = mem_array(LINKS_MAX, sizeof *links);
	struct mesh_row meshes[MESHES_MAX];
	struct fault_status *faults = mem_array(1, sizeof *faults);
	struct node_status status;
	struct control_view v = { .status = &status,
		.meshes = meshes,
		.links = links,
		.timeline = own->timeline,
		.alerts = own->alerts,
		.spans = own->spans,
		.recent = node_spans(n),
		.faults = faults,
		.exports = own->exports,
		.now_ns = own->now_ns,
		.loop_turned_ns = own->turned_ns };
	char *answer;

	measure_now(n);
	v.meter = node_meter(n);
	v.backbone = node_backbone(n);
	node_status(n, &status, own->now_ns);
	node_faults(n, faults, own->now_ns);
	status.boot_ns = own->boot_ns;
	v.mesh_count = node_meshes(n, meshes, MESHES_MAX);
	v.link_count = node_links(n, links, LINKS_MAX);
	answer = control_answer(&v, line, len);
	free(links);
	free(faults);
	return answer;
}

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
		memcpy(to->neighbors, en->digest.neighbors, sizeof to->neighbors);
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

void
node_view_lifeline(
	const struct node *n, struct lifeline_view *v, uint64_t ask, uint64_t now_ns)
{
	/* What should be back where it was when all is quiet; caches fill as they may. */
	static const enum mem_class counted[] = { MEM_CONNECTION, MEM_HANDSHAKE,
		MEM_STREAM, MEM_LINK, MEM_REQUEST, MEM_DESCRIPTOR };
	struct link_row *links = mem_array(LINKS_MAX, sizeof *links);
	struct mesh_row meshes[MESHES_MAX];
	struct node_status status;
	size_t count;

	memset(v, 0, sizeof *v);
	v->ask = ask;
	v->nodes = mem_array(LIFELINE_VIEW_NODES_MAX, sizeof *v->nodes);
	node_status(n, &status, now_ns);
	v->handshakes = status.handshakes;
	v->liveness_changes = status.liveness_changes;
	v->memory_kib = status.memory_used_kib;
	v->descriptors = as_u32(mem_live(MEM_DESCRIPTOR));
	for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++)
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
