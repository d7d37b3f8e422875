/* SPDX-License-Identifier: MIT */
#include "gossip/peerset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static size_t
find(const struct peer_id *ids, size_t count, const struct peer_id *id)
{
	for (size_t i = 0; i < count; i++) {
		if (id_equal(&ids[i], id))
			return i;
	}
	return count;
}

void
peerset_init(struct peerset *s, size_t cap)
{
	*s = (struct peerset){.cap = cap};
	s->ids = mem_array(cap ? cap : 1, sizeof(*s->ids));
}

void
peerset_fini(struct peerset *s)
{
	free(s->ids);
	*s = (struct peerset){0};
}

void
peerset_clear(struct peerset *s)
{
	s->count = 0;
}

bool
peerset_has(const struct peerset *s, const struct peer_id *id)
{
	return find(s->ids, s->count, id) < s->count;
}

bool
peerset_full(const struct peerset *s)
{
	return s->count >= s->cap;
}

bool
peerset_add(struct peerset *s, const struct peer_id *id)
{
	if (s->count >= s->cap || peerset_has(s, id))
		return false;
	s->ids[s->count++] = *id;
	return true;
}

bool
peerset_remove(struct peerset *s, const struct peer_id *id)
{
	size_t i = find(s->ids, s->count, id);

	if (i == s->count)
		return false;
	s->count--;
	memmove(&s->ids[i], &s->ids[i + 1], (s->count - i) * sizeof(*s->ids));
	return true;
}

size_t
peerset_copy(const struct peerset *s, struct peer_id *to, size_t cap)
{
	for (size_t i = 0; i < s->count && i < cap; i++)
		to[i] = s->ids[i];
	return s->count;
}

size_t
peerset_sample(const struct peerset *s, struct rng *rng, const struct peer_id *except,
	size_t except_count, struct peer_id *to, size_t max)
{
	size_t eligible = 0;

	/*
	 * A reservoir: each newcomer takes the place of an earlier one with the right
	 * chance.
	 */
	for (size_t i = 0; i < s->count && max > 0; i++) {
		if (find(except, except_count, &s->ids[i]) < except_count)
			continue;
		eligible++;
		if (eligible <= max) {
			to[eligible - 1] = s->ids[i];
			continue;
		}
		size_t place = (size_t)rng_below(rng, eligible);
		if (place < max)
			to[place] = s->ids[i];
	}
	return eligible < max ? eligible : max;
}
