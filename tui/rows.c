/* SPDX-License-Identifier: MIT */
#include "tui/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/words.h"

size_t
rows_census(const struct directory *d, size_t by_liveness[static LIVENESS_COUNT])
{
	size_t nodes = 0;

	memset(by_liveness, 0, LIVENESS_COUNT * sizeof(by_liveness[0]));
	for (size_t i = 0; i < directory_count(d); i++) {
		const struct directory_entry *en = directory_at(d, i);

		if (directory_is_node(en)) {
			by_liveness[en->liveness]++;
			nodes++;
		}
	}
	return nodes;
}

static const struct child_row *
child_of(const struct model *m, const struct peer_id *id)
{
	const struct child_row *found = NULL;

	/*
	 * The newest with that id: a node restarted with its data directory keeps its id.
	 */
	for (size_t i = 0; i < m->child_count; i++)
		if (m->children[i]->ready_ns != 0 &&
			id_equal(&m->children[i]->ready.id, id))
			found = m->children[i];
	return found;
}

static void
fill(struct row *row, const struct model *m, const struct model_mesh *mesh, size_t index)
{
	const struct topology *t = mesh->topology;

	*row = (struct row){ .mesh = mesh, .index = index };
	row->entry = directory_at(mesh->directory, index);
	row->degree_known = t && index < t->node_count;
	row->degree = row->degree_known ? t->degree[index] : 0;
	row->child = child_of(m, &row->entry->digest.id);
}

static bool
holds(const char *text, const char *word, size_t len)
{
	for (; *text; text++)
		if (strncasecmp(text, word, len) == 0)
			return true;
	return false;
}

bool
rows_match(const struct directory_entry *en, const char *filter)
{
	char text[512], name[NAME_LEN_MAX + 1], address[ADDRESS_TEXT_CAP + 8],
		hex[ID_HEX_CAP];

	if (filter[0] == '\0')
		return true;
	snprintf(text, sizeof(text), "%s %s %s %s %s", directory_name(en, name),
		liveness_text(en->liveness), words_address(address, sizeof(address), en),
		en->digest.build, id_hex(hex, &en->digest.id));
	for (const char *word = filter; *word;) {
		size_t len = strcspn(word, " ");

		if (len > 0 && !holds(text, word, len))
			return false;
		word += len;
		word += *word == ' ';
	}
	return true;
}

void
rows_build(struct rows *r, const struct model *m, const char *filter)
{
	size_t room = 0;

	*r = (struct rows){ 0 };
	for (size_t i = 0; i < m->mesh_count; i++)
		room += directory_count(m->meshes[i].directory);
	if (room == 0)
		return;
	r->at = mem_array(room, sizeof(*r->at));
	for (size_t i = 0; i < m->mesh_count; i++) {
		const struct directory *d = m->meshes[i].directory;

		for (size_t k = 0; k < directory_count(d); k++) {
			if (!directory_is_node(directory_at(d, k)))
				continue;
			r->total++;
			if (rows_match(directory_at(d, k), filter))
				fill(&r->at[r->count++], m, &m->meshes[i], k);
		}
	}
}

void
rows_fini(struct rows *r)
{
	free(r->at);
	*r = (struct rows){ 0 };
}

struct order {
	rows_compare_fn *compare;
	size_t column;
	bool reverse;
};

static int
compare_rows(const void *va, const void *vb, void *arg)
{
	const struct row *a = va, *b = vb;
	const struct order *o = arg;
	int diff = o->compare(a, b, o->column);

	if (diff != 0)
		return o->reverse ? -diff : diff;
	diff = strcmp(a->mesh->name, b->mesh->name);
	if (diff == 0)
		diff = strcmp(a->entry->digest.type, b->entry->digest.type);
	return diff ? diff : id_compare(&a->entry->digest.id, &b->entry->digest.id);
}

void
rows_sort(struct rows *r, rows_compare_fn *compare, size_t column, bool reverse)
{
	struct order o = { compare, column, reverse };

	if (r->count > 1)
		qsort_r(r->at, r->count, sizeof(*r->at), compare_rows, &o);
}

size_t
rows_find(const struct rows *r, const struct peer_id *id)
{
	for (size_t i = 0; i < r->count; i++)
		if (id_equal(&r->at[i].entry->digest.id, id))
			return i;
	return SIZE_MAX;
}

bool
rows_one(struct row *row, const struct model *m, const struct peer_id *id)
{
	if (id_is_zero(id))
		return false;
	for (size_t i = 0; i < m->mesh_count; i++) {
		const struct directory *d = m->meshes[i].directory;

		if (!directory_find(d, id))
			continue;
		for (size_t k = 0; k < directory_count(d); k++)
			if (id_equal(&directory_at(d, k)->digest.id, id)) {
				fill(row, m, &m->meshes[i], k);
				return true;
			}
	}
	return false;
}
