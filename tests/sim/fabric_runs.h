/* SPDX-License-Identifier: MIT */
#ifndef SIM_FABRIC_RUNS_H
#define SIM_FABRIC_RUNS_H

#include "tests/sim/world.h"

/*
 * Many meshes of whole nodes in one world: the first `gateways` nodes of each mesh are
 * gateways, its first node is seeded with that of the mesh before.
 */
struct fabric_run {
	struct world *world;
	size_t meshes, nodes, gateways;	/* nodes: of each mesh, with its gateways */
};
struct fabric_run fabric_runs_new(
	uint64_t seed, size_t meshes, size_t nodes, size_t gateways);
/*
 * Lets time pass until every directory is complete and every gateway hears every mesh;
 * false: not within limit_ns.
 */
bool fabric_runs_settle(struct fabric_run *r, uint64_t limit_ns);
/* The same once, without waiting. `why`: what is not so, or NULL. */
bool fabric_runs_is_whole(const struct fabric_run *r, char *why, size_t cap);
/* How node i has this mesh on the backbone: -1 not at all, else the state. */
int fabric_runs_hears(const struct fabric_run *r, size_t i, size_t mesh);
/* No directory has a node of another mesh, and no digest of one was ever refused. */
bool fabric_runs_nothing_crossed(const struct fabric_run *r, char *why, size_t cap);

/* Bytes a second while nothing happens, over for_ns. */
struct fabric_traffic {
	double backbone;	/* of a gateway on the backbone, out and in, as gossip */
	double backbone_max;	/* of the busiest one */
	double inner;		/* of a node that is no gateway, out, all of it */
};
struct fabric_traffic fabric_runs_traffic(struct fabric_run *r, uint64_t for_ns);

#endif
