/* SPDX-License-Identifier: MIT */
#include "tests/sim/world.h"

bool
world_alive(const struct world *w, size_t i)
{
	return w->members[i].node != NULL && !w->members[i].leaving;
}

size_t
world_find(const struct world *w, const struct peer_id *id)
{
	for (size_t i = 0; i < w->count; i++) {
		if (id_equal(&w->members[i].config.identity.id, id))
			return i;
	}
	return SIZE_MAX;
}

const struct directory *
world_directory(const struct world *w, size_t i)
{
	struct mesh_row row;

	return node_meshes(w->members[i].node, &row, 1) ? row.directory : NULL;
}

int
world_sees(const struct world *w, size_t i, size_t j)
{
	const struct directory_entry *e = directory_find(
		world_directory(w, i), &w->members[j].config.identity.id);

	return e != NULL ? (int)e->liveness : -1;
}

size_t
world_neighbors(const struct world *w, size_t i, size_t *to, size_t cap)
{
	static const size_t rows_max = LINKS_MAX;
	struct link_row rows[LINKS_MAX];
	size_t count = node_links(w->members[i].node, rows, rows_max), kept = 0;

	for (size_t k = 0; k < count && k < rows_max && kept < cap; k++) {
		const struct address *a = &rows[k].remote;

		if (rows[k].overlay)
			to[kept++] = (size_t)a->ip[1] << 16 | (size_t)a->ip[2] << 8 |
				     a->ip[3];
	}
	return kept;
}

void
world_status(const struct world *w, size_t i, struct node_status *s)
{
	node_status(w->members[i].node, s, w->now_ns + w->members[i].skew_ns);
}
