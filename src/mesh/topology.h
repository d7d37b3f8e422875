/* SPDX-License-Identifier: MIT */
#ifndef MESH_TOPOLOGY_H
#define MESH_TOPOLOGY_H

#include "mesh/directory.h"

/*
 * The overlay as the nodes themselves report it: an edge is a connection that both ends
 * name in their digests. What only one end names is counted as half, and not drawn. Who
 * is gone or left names nobody any more. Where one end says that the other does not
 * answer there is no edge but a silent one, until it does or the link is closed.
 * Observers and their links are not part of the overlay.
 */
struct topology_edge {
	size_t a, b;		/* indices into the directory, a < b */
	uint16_t rtt_100us;	/* the smaller of both reports */
	uint8_t path_kind;
};

struct topology {
	struct topology_edge *edges;	/* owned */
	size_t edge_count;
	struct topology_edge *silent;	/* owned; in none of the other figures */
	size_t silent_count;
	size_t half_count;		/* named by one end only */
	size_t unknown_count;		/* names that are in no entry,
		or in more than one */
	unsigned *degree;		/* by directory index; owned */
	size_t node_count;		/* entries of the directory */
	size_t live_count;
	size_t components;		/* among live nodes,
		by edges between live nodes */
	double mean_degree;		/* of live nodes, by edges between them */
};

void topology_build(struct topology *t, const struct directory *d);
void topology_fini(struct topology *t);

#endif
