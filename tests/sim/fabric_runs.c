/* SPDX-License-Identifier: MIT */
#include "tests/sim/fabric_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void
name_of(char to[static 32], size_t mesh)
{
	snprintf(to, 32, "mesh%zu", mesh + 1);
}

struct fabric_run
fabric_runs_new(uint64_t seed, size_t meshes, size_t nodes, size_t gateways)
{
	struct fabric_run r = {.meshes = meshes, .nodes = nodes, .gateways = gateways};
	struct world_config c;

	world_config_default(&c, seed);
	c.nodes_max = meshes * nodes + 64;
	r.world = world_new(&c);
	for (size_t m = 0; m < meshes; m++) {
		char mesh[32];

		name_of(mesh, m);
		for (size_t i = 0; i < nodes; i++)
			world_add_as(r.world, mesh, i < gateways ? "gateway" : "broker",
				i > 0 ? m * nodes : SIZE_MAX,
				i == 0 && m > 0 ? (m - 1) * nodes : SIZE_MAX);
	}
	return r;
}

static bool
is_gateway(const struct world *w, size_t i)
{
	return strcmp(w->members[i].config.type, "gateway") == 0;
}

int
fabric_runs_hears(const struct fabric_run *r, size_t i, size_t mesh)
{
	const struct backbone *b = node_backbone(r->world->members[i].node);
	const struct backbone_mesh *m;
	char name[32];

	name_of(name, mesh);
	m = b != NULL ? backbone_find(b, name) : NULL;
	return m != NULL ? (int)m->state : -1;
}

static size_t
living(const struct world *w, const char *mesh)
{
	size_t count = 0;

	for (size_t i = 0; i < w->count; i++)
		count += world_alive(w, i) && !strcmp(w->members[i].config.mesh, mesh);
	return count;
}

bool
fabric_runs_is_whole(const struct fabric_run *r, char *why, size_t cap)
{
	const struct world *w = r->world;

	for (size_t i = 0; i < w->count; i++) {
		const char *mesh = w->members[i].config.mesh;
		struct directory_stats s;

		if (!world_alive(w, i))
			continue;
		directory_stats(world_directory(w, i), &s);
		if (s.by_liveness[LIVENESS_LIVE] != living(w, mesh)) {
			snprintf(why, cap, "node %zu has %zu of %zu", i,
				s.by_liveness[LIVENESS_LIVE], living(w, mesh));
			return false;
		}
		for (size_t m = 0; is_gateway(w, i) && m < r->meshes; m++) {
			if (fabric_runs_hears(r, i, m) == BACKBONE_HEARD)
				continue;
			snprintf(why, cap, "gateway %zu does not hear mesh%zu", i, m + 1);
			return false;
		}
	}
	return true;
}

bool
fabric_runs_settle(struct fabric_run *r, uint64_t limit_ns)
{
	uint64_t end_ns = r->world->now_ns + limit_ns;
	char why[128];

	while (!fabric_runs_is_whole(r, why, sizeof(why))) {
		if (r->world->now_ns >= end_ns)
			return false;
		world_run(r->world, MILLISECONDS(500));
	}
	return true;
}

bool
fabric_runs_nothing_crossed(const struct fabric_run *r, char *why, size_t cap)
{
	const struct world *w = r->world;

	for (size_t i = 0; i < w->count; i++) {
		const struct directory *d;
		struct node_status s;

		if (!world_alive(w, i))
			continue;
		d = world_directory(w, i);
		world_status(w, i, &s);
		for (size_t k = 0; k < directory_count(d); k++) {
			const char *mesh = directory_at(d, k)->digest.mesh;

			if (strcmp(mesh, w->members[i].config.mesh) == 0)
				continue;
			snprintf(why, cap, "node %zu has one of %.40s", i, mesh);
			return false;
		}
		if (s.counts[NODE_COUNT_DIGESTS_FOREIGN] +
				s.counts[NODE_COUNT_GOSSIP_FOREIGN] +
				s.counts[NODE_COUNT_BACKBONE_FOREIGN] == 0)
			continue;
		snprintf(why, cap, "node %zu was sent something of another mesh", i);
		return false;
	}
	return true;
}

struct fabric_traffic
fabric_runs_traffic(struct fabric_run *r, uint64_t for_ns)
{
	struct world *w = r->world;
	uint64_t *before = mem_array(w->count, sizeof(*before));
	double seconds = (double)for_ns / NS_PER_S;
	size_t gateways = 0, others = 0;
	struct fabric_traffic t = {0};
	struct node_status s;

	for (size_t pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < w->count; i++) {
			uint64_t now = w->members[i].bytes_sent;

			if (!world_alive(w, i))
				continue;
			world_status(w, i, &s);
			if (is_gateway(w, i))
				now = s.backbone_sent + s.backbone_received;
			if (pass == 1 && is_gateway(w, i)) {
				double rate = (double)(now - before[i]) / seconds;

				gateways++;
				t.backbone += rate;
				t.backbone_max =
					rate > t.backbone_max ? rate : t.backbone_max;
			} else if (pass == 1) {
				others++;
				t.inner += (double)(now - before[i]) / seconds;
			}
			before[i] = now;
		}
		if (pass == 0)
			world_run(w, for_ns);
	}
	t.backbone /= gateways > 0 ? (double)gateways : 1;
	t.inner /= others > 0 ? (double)others : 1;
	free(before);
	return t;
}
