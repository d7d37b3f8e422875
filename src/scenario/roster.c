/* SPDX-License-Identifier: MIT */
#include "scenario/roster.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

static size_t
count_of(const struct scenario_place *nodes, size_t count, const char *mesh,
	const char *type)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += strcmp(nodes[i].mesh, mesh) == 0 &&
			 (type == NULL || strcmp(nodes[i].type, type) == 0);
	return found;
}

bool
roster_is_enough(const struct scenario *s, const struct scenario_place *nodes,
	size_t count, char why[static ROSTER_WHY_CAP])
{
	for (size_t g = 0; g < s->group_count; g++) {
		const struct scenario_group *want = &s->groups[g];
		size_t have = count_of(nodes, count, want->mesh, want->type);

		if (have >= want->count)
			continue;
		if (count_of(nodes, count, want->mesh, NULL) == 0)
			snprintf(why, ROSTER_WHY_CAP, "nobody of %s was heard",
				want->mesh);
		else
			snprintf(why, ROSTER_WHY_CAP,
				"%s has %zu %s, the file wants at least %u", want->mesh,
				have, want->type, want->count);
		return false;
	}
	why[0] = '\0';
	return true;
}

/* Where the file names it first; group_count: nowhere. */
static size_t
place_of_mesh(const struct scenario *s, const char *mesh)
{
	size_t g = 0;

	while (g < s->group_count && strcmp(s->groups[g].mesh, mesh) != 0)
		g++;
	return g;
}

struct ranked {
	size_t mesh;
	const struct scenario_place *place;
};

static int
compare(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	int order = strcmp(a->place->type, b->place->type);

	if (a->mesh != b->mesh)
		return a->mesh < b->mesh ? -1 : 1;
	return order != 0 ? order : memcmp(a->place->id.bytes, b->place->id.bytes,
					    sizeof(a->place->id.bytes));
}

/* The nodes of the file's meshes, in their order. */
static size_t
sort(const struct scenario *s, const struct scenario_place *nodes, size_t count,
	struct scenario_place *to)
{
	struct ranked *ranked = mem_array(count + 1, sizeof(*ranked));
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		size_t mesh = place_of_mesh(s, nodes[i].mesh);

		if (mesh < s->group_count)
			ranked[kept++] = (struct ranked){ mesh, &nodes[i] };
	}
	qsort(ranked, kept, sizeof(*ranked), compare);
	for (size_t i = 0; i < kept; i++)
		to[i] = *ranked[i].place;
	free(ranked);
	return kept;
}

int
roster_take(struct scenario *s, const struct scenario_place *nodes, size_t count,
	char why[static ROSTER_WHY_CAP])
{
	struct scenario_group *groups = mem_array(SCENARIO_GROUPS_MAX, sizeof(*groups));
	size_t group_count = 0, kept;

	assert(s->attach && s->roster == NULL);
	s->roster = mem_array(count + 1, sizeof(*s->roster));
	kept = sort(s, nodes, count, s->roster);
	for (size_t i = 0; i < kept; i++) {
		const struct scenario_place *n = &s->roster[i];
		struct scenario_group *g = &groups[group_count];

		if (group_count > 0 && strcmp(g[-1].mesh, n->mesh) == 0 &&
			strcmp(g[-1].type, n->type) == 0) {
			g[-1].count++;
			continue;
		}
		if (group_count == SCENARIO_GROUPS_MAX) {
			snprintf(why, ROSTER_WHY_CAP, "more than %d types of nodes",
				SCENARIO_GROUPS_MAX);
			free(groups);
			return ERR_LIMIT;
		}
		g->count = 1;
		memcpy(g->mesh, n->mesh, sizeof(g->mesh));
		memcpy(g->type, n->type, sizeof(g->type));
		group_count++;
	}
	free(s->groups);
	s->groups = groups;
	s->group_count = group_count;
	s->node_count = kept;
	why[0] = '\0';
	return ERR_OK;
}
