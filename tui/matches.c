/* SPDX-License-Identifier: MIT */
#include "tui/matches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
matches_init(struct matches *m)
{
	*m = (struct matches){ 0 };
}

void
matches_fini(struct matches *m)
{
	free(m->seqs);
	*m = (struct matches){ 0 };
}

static size_t
group_len(enum timeline_kind kind)
{
	return strcspn(timeline_kind_text(kind), ".");
}

static bool
same_group(enum timeline_kind a, enum timeline_kind b)
{
	size_t len = group_len(a);

	return len == group_len(b) &&
		memcmp(timeline_kind_text(a), timeline_kind_text(b), len) == 0;
}

/* The list is appended to, so the kinds of a group need not stand together. */
static bool
is_first_of_group(unsigned kind)
{
	for (unsigned k = 0; k < kind; k++)
		if (same_group((enum timeline_kind)k, (enum timeline_kind)kind))
			return false;
	return true;
}

static unsigned
group_of(enum timeline_kind kind)
{
	unsigned group = 0;

	for (unsigned k = 0; k < TIMELINE_KINDS; k++) {
		group += is_first_of_group(k);
		if (same_group((enum timeline_kind)k, kind))
			break;
	}
	return group;
}

const char *
matches_group(unsigned i, char to[static MATCHES_GROUP_CAP])
{
	for (unsigned k = 0; k < TIMELINE_KINDS; k++) {
		enum timeline_kind kind = (enum timeline_kind)k;

		if (group_of(kind) != i)
			continue;
		snprintf(to, MATCHES_GROUP_CAP, "%.*s", (int)group_len(kind),
			timeline_kind_text(kind));
		return to;
	}
	return NULL;
}

void
matches_next_mesh(const struct timeline *t, char mesh[static LABEL_LEN_MAX + 1])
{
	const char *next = NULL;

	for (size_t i = 0; i < timeline_count(t); i++) {
		const char *name = timeline_at(t, i)->mesh;

		if (strcmp(name, mesh) > 0 && (!next || strcmp(name, next) < 0))
			next = name;
	}
	snprintf(mesh, LABEL_LEN_MAX + 1, "%s", next ? next : "");
}

static bool
holds(const struct timeline_event *e, const char *word)
{
	return strcasestr(e->node, word) || strcasestr(e->text, word) ||
		strcasestr(timeline_kind_text(e->kind), word) ||
		strcasestr(e->mesh, word) || strcasestr(e->source, word);
}

/* Every word of the filter is in one of its texts. */
static bool
wanted(const struct matches *m, const struct timeline_event *e)
{
	char words[MATCHES_FILTER_CAP], *save = NULL;

	if (m->group != 0 && group_of(e->kind) != m->group)
		return false;
	if (m->mesh[0] != '\0' && strcmp(e->mesh, m->mesh) != 0)
		return false;
	if (!id_is_zero(&m->node) && !id_equal(&e->id, &m->node))
		return false;
	if (m->filter[0] == '\0')
		return true;
	snprintf(words, sizeof(words), "%s", m->filter);
	for (char *word = strtok_r(words, " ", &save); word;
		word = strtok_r(NULL, " ", &save))
		if (!holds(e, word))
			return false;
	return true;
}

size_t
matches_upto(const struct matches *m, uint64_t seq)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->seqs[middle] <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Forgets what the timeline has dropped. */
static void
trim(struct matches *m, uint64_t first)
{
	size_t gone = matches_upto(m, first - 1);

	m->count -= gone;
	memmove(m->seqs, m->seqs + gone, m->count * sizeof(*m->seqs));
	if (m->seen + 1 < first)
		m->seen = first - 1;
}

void
matches_follow(struct matches *m, const struct timeline *t, const char *filter,
	unsigned group, const char *mesh, const struct peer_id *node)
{
	if (group != m->group || strcmp(filter, m->filter) != 0 ||
		strcmp(mesh, m->mesh) != 0 || !id_equal(node, &m->node)) {
		m->count = 0;
		m->seen = 0;
		m->group = group;
		m->node = *node;
		snprintf(m->filter, sizeof(m->filter), "%s", filter);
		snprintf(m->mesh, sizeof(m->mesh), "%s", mesh);
	}
	if (m->count > 0 || m->seen + 1 < timeline_first(t))
		trim(m, timeline_first(t));
	while (m->seen < timeline_last(t)) {
		const struct timeline_event *e = timeline_find(t, ++m->seen);

		if (!wanted(m, e))
			continue;
		if (m->count == m->cap) {
			m->cap = m->cap ? m->cap * 2 : 256;
			m->seqs = mem_resize(m->seqs, m->cap, sizeof(*m->seqs));
		}
		m->seqs[m->count++] = e->seq;
	}
}
