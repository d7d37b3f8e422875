/* SPDX-License-Identifier: MIT */
#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"

#define FIRST_CAP 16

static bool
before(const struct heap_entry *a, const struct heap_entry *b)
{
	if (a->due_ns != b->due_ns)
		return a->due_ns < b->due_ns;
	return a->seq < b->seq;
}

static void
place(struct heap *h, size_t i, struct heap_entry *e)
{
	h->at[i] = e;
	e->pos = i + 1;
}

/*
 * Finds the place of `e`, for which the hole at i is free, going up first and then down.
 */
static void
settle(struct heap *h, size_t i, struct heap_entry *e)
{
	while (i > 0 && before(e, h->at[(i - 1) / 2])) {
		place(h, i, h->at[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->count && before(h->at[child + 1], h->at[child]))
			child++;
		if (child >= h->count || !before(h->at[child], e))
			break;
		place(h, i, h->at[child]);
		i = child;
	}
	place(h, i, e);
}

void
heap_init(struct heap *h)
{
	*h = (struct heap){0};
}

void
heap_fini(struct heap *h)
{
	free(h->at);
	*h = (struct heap){0};
}

bool
heap_armed(const struct heap_entry *e)
{
	return e->pos != 0;
}

void
heap_cancel(struct heap *h, struct heap_entry *e)
{
	size_t i = e->pos - 1;
	struct heap_entry *last;

	if (e->pos == 0)
		return;
	assert(i < h->count && h->at[i] == e);
	last = h->at[--h->count];
	e->pos = 0;
	if (last != e)
		settle(h, i, last);
}

void
heap_arm(struct heap *h, struct heap_entry *e, uint64_t due_ns)
{
	heap_cancel(h, e);
	if (h->count == h->cap) {
		h->cap = h->cap > 0 ? h->cap * 2 : FIRST_CAP;
		h->at = mem_resize(h->at, h->cap, sizeof h->at[0]);
	}
	e->due_ns = due_ns;
	e->seq = h->next_seq++;
	h->count++;
	settle(h, h->count - 1, e);
}

uint64_t
heap_deadline(const struct heap *h)
{
	return h->count > 0 ? h->at[0]->due_ns : NEVER;
}

struct heap_entry *
heap_next_due(struct heap *h, uint64_t now_ns)
{
	struct heap_entry *e = h->count > 0 ? h->at[0] : NULL;

	if (!e || e->due_ns > now_ns)
		return NULL;
	heap_cancel(h, e);
	return e;
}
