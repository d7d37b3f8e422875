/* SPDX-License-Identifier: MIT */
#include "tui/slots.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/idmap.h"
#include "base/mem.h"

void
slots_init(struct slots *s, const char *mesh)
{
	*s = (struct slots){ .known = idmap_new() };
	snprintf(s->mesh, sizeof(s->mesh), "%s", mesh);
}

void
slots_fini(struct slots *s)
{
	idmap_free(s->known);
	free(s->ids);
	free(s->index);
}

static size_t
add(struct slots *s, size_t from)
{
	size_t slot = from;

	while (slot < s->count && !id_is_zero(&s->ids[slot]))
		slot++;
	if (slot == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->ids = mem_resize(s->ids, s->cap, sizeof(*s->ids));
		s->index = mem_resize(s->index, s->cap, sizeof(*s->index));
	}
	if (slot == s->count)
		s->count++;
	return slot;
}

void
slots_follow(struct slots *s, const struct directory *d)
{
	size_t free_from = 0;

	for (size_t i = 0; i < s->count; i++) {
		s->index[i] = SIZE_MAX;
		if (!id_is_zero(&s->ids[i]) && !directory_find(d, &s->ids[i])) {
			idmap_remove(s->known, &s->ids[i]);
			s->ids[i] = (struct peer_id){ 0 };
		}
	}
	if (directory_count(d) == 0)
		s->count = 0;
	for (size_t k = 0; k < directory_count(d); k++) {
		const struct directory_entry *en = directory_at(d, k);
		const struct peer_id *id = &en->digest.id;
		/* Slot numbers are kept as pointers, from 1. */
		size_t slot = (size_t)(uintptr_t)idmap_find(s->known, id);

		if (!directory_is_node(en))
			continue;
		if (slot == 0) {
			slot = free_from = add(s, free_from);
			s->ids[slot] = *id;
			idmap_put(s->known, id, (void *)(uintptr_t)(slot + 1));
		} else {
			slot--;
		}
		s->index[slot] = k;
	}
}
