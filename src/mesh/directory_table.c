/* SPDX-License-Identifier: MIT */
#include "mesh/directory_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NAME_PREFIX_LEN 3	/* six hex digits of a name */

static struct peer_id
prefix_key(const uint8_t prefix[static 8])
{
	struct peer_id key = { { 0 } };

	memcpy(key.bytes, prefix, 8);
	return key;
}

static void
chain(struct directory *d, struct directory_slot *s)
{
	struct peer_id key = prefix_key(s->entry.digest.id.bytes);

	s->same_prefix = idmap_put(d->by_prefix, &key, s);
}

static void
unchain(struct directory *d, struct directory_slot *s)
{
	struct peer_id key = prefix_key(s->entry.digest.id.bytes);
	struct directory_slot *first = idmap_find(d->by_prefix, &key);

	if (first == s) {
		if (s->same_prefix)
			idmap_put(d->by_prefix, &key, s->same_prefix);
		else
			idmap_remove(d->by_prefix, &key);
		return;
	}
	while (first->same_prefix != s)
		first = first->same_prefix;
	first->same_prefix = s->same_prefix;
}

static void
order_insert(struct directory *d, struct directory_slot *s)
{
	size_t at = directory_table_place(d, s->entry.digest.type, &s->entry.digest.id);

	if (d->count == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 16;
		d->order = mem_resize(d->order, d->cap, sizeof *d->order);
	}
	memmove(d->order + at + 1, d->order + at, (d->count - at) * sizeof *d->order);
	d->order[at] = s;
	d->count++;
}

static void
order_remove(struct directory *d, struct directory_slot *s)
{
	size_t at = directory_table_place(d, s->entry.digest.type, &s->entry.digest.id);

	assert(at < d->count && d->order[at] == s);
	d->count--;
	memmove(d->order + at, d->order + at + 1, (d->count - at) * sizeof *d->order);
	if (at > 0)
		directory_table_collisions(d, d->order[at - 1]);
	if (at < d->count)
		directory_table_collisions(d, d->order[at]);
}

static void
remember_departed(struct directory *d, const struct digest *g)
{
	struct directory_departed *old = idmap_find(d->departed, &g->id);

	if (!old) {
		if (idmap_count(d->departed) >= DIRECTORY_DEPARTED_MAX) {
			struct idmap_item *first = idmap_first(d->departed);
			struct peer_id id = *idmap_id(first);

			mem_free(MEM_DEPARTED, idmap_remove(d->departed, &id));
		}
		old = mem_new(MEM_DEPARTED, sizeof *old);
		idmap_put(d->departed, &g->id, old);
	}
	old->incarnation = g->incarnation;
	old->seq = g->seq;
}

static void
slot_free(struct directory_slot *s)
{
	free(s->payload);
	mem_free(MEM_DIRECTORY_ENTRY, s);
}

struct directory_slot *
directory_table_find(const struct directory *d, const struct peer_id *id)
{
	return idmap_find(d->by_id, id);
}

size_t
directory_table_place(const struct directory *d, const char *type,
	const struct peer_id *id)
{
	size_t low = 0, high = d->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct digest *g = &d->order[middle]->entry.digest;
		int c = strcmp(g->type, type);

		if (c == 0)
			c = id_compare(&g->id, id);
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
directory_table_full(const struct directory *d)
{
	return d->count >= d->config.entries_max;
}

static struct directory_slot *
oldest_out(const struct directory *d)
{
	struct directory_slot *oldest = NULL;

	/*
	 * A flood of strangers meets a full table: look only when there is something to
	 * find.
	 */
	if (d->stats.by_liveness[LIVENESS_GONE] + d->stats.by_liveness[LIVENESS_LEFT] == 0
	    && d->stats.observers == 0)
		return NULL;
	for (size_t i = 0; i < d->count; i++) {
		struct directory_slot *s = d->order[i];

		if (s->entry.self || s->entry.liveness < LIVENESS_GONE)
			continue;
		if (!oldest || s->entry.since_ns < oldest->entry.since_ns)
			oldest = s;
	}
	return oldest;
}

struct directory_slot *
directory_table_dispensable(const struct directory *d)
{
	struct directory_slot *s = oldest_out(d);

	return s ? s : TAILQ_FIRST(&d->newcomers);
}

static void
establish(struct directory *d, struct directory_slot *s)
{
	if (s->newcomer)
		TAILQ_REMOVE(&d->newcomers, s, by_arrival);
	s->newcomer = false;
}

void
directory_table_heard(struct directory *d, struct directory_slot *s, uint64_t now_ns)
{
	if (now_ns >= s->first_ns + DIRECTORY_ESTABLISHED)
		establish(d, s);
}

struct directory_slot *
directory_table_add(struct directory *d, const struct digest *g, uint64_t now_ns)
{
	struct directory_slot *s = mem_new(MEM_DIRECTORY_ENTRY, sizeof *s);

	s->entry.digest = *g;
	s->entry.self = !id_is_zero(&d->config.self) && id_equal(&g->id, &d->config.self);
	s->first_ns = now_ns;
	s->newcomer = !s->entry.self;
	if (s->newcomer)
		TAILQ_INSERT_TAIL(&d->newcomers, s, by_arrival);
	idmap_put(d->by_id, &g->id, s);
	mem_free(MEM_DEPARTED, idmap_remove(d->departed, &g->id));
	chain(d, s);
	order_insert(d, s);
	return s;
}

void
directory_table_set(struct directory *d, struct directory_slot *s, const struct digest *g)
{
	bool moves = strcmp(s->entry.digest.type, g->type) != 0;

	assert(id_equal(&s->entry.digest.id, &g->id));
	if (moves)
		order_remove(d, s);
	s->entry.digest = *g;
	if (moves)
		order_insert(d, s);
}

void
directory_table_remove(struct directory *d, struct directory_slot *s)
{
	directory_table_uncount(d, s);
	if (s->entry.accuser_count > 0)
		d->accused_count--;
	establish(d, s);
	heap_cancel(&d->timers, &s->timer);
	idmap_remove(d->by_id, &s->entry.digest.id);
	unchain(d, s);
	order_remove(d, s);
	remember_departed(d, &s->entry.digest);
	slot_free(s);
}

void
directory_table_clear(struct directory *d)
{
	struct idmap_item *next;

	for (size_t i = 0; i < d->count; i++) {
		heap_cancel(&d->timers, &d->order[i]->timer);
		slot_free(d->order[i]);
	}
	TAILQ_INIT(&d->newcomers);
	for (struct idmap_item *it = idmap_first(d->departed); it; it = next) {
		struct peer_id id = *idmap_id(it);

		next = idmap_next(it);
		mem_free(MEM_DEPARTED, idmap_remove(d->departed, &id));
	}
	free(d->order);
	d->order = NULL;
	d->count = d->cap = 0;
}

void
directory_table_count(struct directory *d, const struct directory_slot *s)
{
	if (directory_is_node(&s->entry))
		d->stats.by_liveness[s->entry.liveness]++;
	else
		d->stats.observers++;
}

void
directory_table_uncount(struct directory *d, const struct directory_slot *s)
{
	if (directory_is_node(&s->entry))
		d->stats.by_liveness[s->entry.liveness]--;
	else
		d->stats.observers--;
}

static bool
same_name(const struct directory_slot *a, const struct directory_slot *b)
{
	return memcmp(a->entry.digest.id.bytes, b->entry.digest.id.bytes,
		NAME_PREFIX_LEN) == 0
		&& strcmp(a->entry.digest.type, b->entry.digest.type) == 0;
}

static bool
is_up(const struct directory_slot *s)
{
	return s->entry.liveness < LIVENESS_GONE;
}

void
directory_table_collisions(struct directory *d, const struct directory_slot *s)
{
	/*
	 * One name means one type and one id prefix, and those stand side by side in the
	 * order.
	 */
	size_t at = directory_table_place(d, s->entry.digest.type, &s->entry.digest.id);
	size_t first = at, end = at, up = 0;

	while (first > 0 && same_name(d->order[first - 1], s))
		first--;
	while (end < d->count && same_name(d->order[end], s))
		end++;
	for (size_t i = first; i < end; i++)
		up += is_up(d->order[i]);
	for (size_t i = first; i < end; i++)
		d->order[i]->entry.name_collides = up > (is_up(d->order[i]) ? 1 : 0);
}

bool
directory_table_older(uint64_t a_incarnation, uint64_t a_seq, uint64_t b_incarnation,
	uint64_t b_seq)
{
	return a_incarnation < b_incarnation
		|| (a_incarnation == b_incarnation && a_seq < b_seq);
}
