/* SPDX-License-Identifier: MIT */
#include "mesh/topology.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool
speaks(const struct directory_entry *en)
{
	return en->liveness < LIVENESS_GONE && directory_is_node(en);
}

/* What `en` says of its link to the node with this id, or NULL. */
static const struct digest_neighbor *
named_by(const struct directory_entry *en, const struct peer_id *id)
{
	for (size_t i = 0; i < en->digest.neighbor_count; i++) {
		if (memcmp(en->digest.neighbors[i].id_prefix, id->bytes, 8) == 0)
			return &en->digest.neighbors[i];
	}
	return NULL;
}

/* Room for one more doubles at powers of two. */
static struct topology_edge *
append(struct topology_edge **edges, size_t *count)
{
	size_t n = *count;

	if (n == 0 || (n >= 64 && (n & (n - 1)) == 0))
		*edges = mem_resize(*edges, n == 0 ? 64 : 2 * n, sizeof **edges);
	return &(*edges)[(*count)++];
}

static void
add_edge(struct topology *t, size_t a, size_t b, const struct digest_neighbor *one,
	const struct digest_neighbor *other)
{
	bool silent = (one->path_kind | other->path_kind) & DIGEST_PATH_SILENT;
	struct topology_edge *e = silent ? append(&t->silent, &t->silent_count)
		: append(&t->edges, &t->edge_count);

	e->a = a;
	e->b = b;
	e->rtt_100us = one->rtt_100us < other->rtt_100us ? one->rtt_100us
		: other->rtt_100us;
	e->path_kind = one->path_kind > other->path_kind ? one->path_kind
		: other->path_kind;
	e->path_kind &= ~DIGEST_PATH_SILENT;
	if (silent)
		return;
	t->degree[a]++;
	t->degree[b]++;
}

static void
collect(struct topology *t, const struct directory *d, size_t a)
{
	const struct directory_entry *en = directory_at(d, a);

	for (size_t i = 0; i < en->digest.neighbor_count; i++) {
		const struct digest_neighbor *n = &en->digest.neighbors[i], *back;
		const struct directory_entry *to = directory_find_prefix(d, n->id_prefix);
		size_t b;

		if (!to) {
			t->unknown_count++;
			continue;
		}
		/* A name said twice is one edge; a node is no neighbor of itself. */
		if (to == en || !directory_is_node(to) || named_by(en, &to->digest.id) !=
			n)
			continue;
		back = speaks(to) ? named_by(to, &en->digest.id) : NULL;
		b = directory_index(d, to);
		if (!back)
			t->half_count++;
		else if (a < b)
			add_edge(t, a, b, n, back);
	}
}

static size_t
root_of(size_t *parent, size_t i)
{
	while (parent[i] != i) {
		parent[i] = parent[parent[i]];
		i = parent[i];
	}
	return i;
}

static void
count_components(struct topology *t, const struct directory *d)
{
	size_t *parent = mem_array(t->node_count, sizeof *parent), live_edges = 0;

	for (size_t i = 0; i < t->node_count; i++) {
		const struct directory_entry *en = directory_at(d, i);

		parent[i] = i;
		t->live_count += en->liveness == LIVENESS_LIVE && directory_is_node(en);
	}
	t->components = t->live_count;
	for (size_t i = 0; i < t->edge_count; i++) {
		const struct topology_edge *e = &t->edges[i];
		size_t a, b;

		if (directory_at(d, e->a)->liveness != LIVENESS_LIVE
		    || directory_at(d, e->b)->liveness != LIVENESS_LIVE)
			continue;
		live_edges++;
		a = root_of(parent, e->a);
		b = root_of(parent, e->b);
		if (a == b)
			continue;
		parent[a] = b;
		t->components--;
	}
	if (t->live_count > 0)
		t->mean_degree = 2.0 * (double)live_edges / (double)t->live_count;
	free(parent);
}

void
topology_build(struct topology *t, const struct directory *d)
{
	memset(t, 0, sizeof *t);
	t->node_count = directory_count(d);
	t->degree = mem_array(t->node_count, sizeof *t->degree);
	for (size_t a = 0; a < t->node_count; a++) {
		if (speaks(directory_at(d, a)))
			collect(t, d, a);
	}
	count_components(t, d);
}

void
topology_fini(struct topology *t)
{
	free(t->edges);
	free(t->silent);
	free(t->degree);
	memset(t, 0, sizeof *t);
}
