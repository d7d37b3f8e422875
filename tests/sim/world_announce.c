/* SPDX-License-Identifier: MIT */
#include "mesh/directory_table.h"
#include "mesh/liveness.h"
#include "node/announce.h"
#include "node/state.h"
#include "tests/sim/world.h"

/*
 * The one thing that looks inside of nodes: nothing outside of simulations changes the
 * interval of digests while a node runs.
 */

static void
directory_takes(struct directory *d, const struct node *n, uint64_t now_ns)
{
	struct directory_config c;

	directory_config_default(&c);
	d->config.suspect_ns = announce_scaled(n, c.suspect_ns);
	d->config.gone_ns = announce_scaled(n, c.gone_ns);
	/* What was in time by the old interval is in time by the new one. */
	for (size_t i = 0; i < d->count; i++) {
		if (d->order[i]->entry.liveness == LIVENESS_LIVE)
			d->order[i]->heard_ns = now_ns;
	}
	liveness_excuse(d, 0);
}

void
world_announce_every(struct world *w, uint64_t announce_ns)
{
	uint64_t interval_ns = w->count <= ANNOUNCE_FLAT_NODES ?
		announce_ns : announce_ns * w->count / ANNOUNCE_FLAT_NODES;

	for (size_t i = 0; i < w->count; i++) {
		struct node *n = w->members[i].node;
		uint64_t now_ns = w->now_ns + w->members[i].skew_ns;

		if (!n)
			continue;
		n->config.announce_ns = announce_ns;
		for (size_t k = 0; k < n->mesh_count; k++) {
			struct membership *m = n->meshes[k];

			m->beat_ns = m->announce_ns =
				now_ns + rng_below(&w->rng, interval_ns);
			directory_takes(m->directory, n, now_ns);
		}
		heap_arm(&w->due, &w->members[i].due, w->now_ns);
	}
	w->config.announce_ns = announce_ns;
}
