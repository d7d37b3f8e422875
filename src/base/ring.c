/* SPDX-License-Identifier: MIT */
#include "base/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
ring_init(struct ring *r, size_t item_size, size_t cap)
{
	assert(item_size > 0 && cap > 0);
	*r = (struct ring){
		.items = mem_array(cap, item_size), .size = item_size, .cap = cap};
}

void
ring_fini(struct ring *r)
{
	free(r->items);
	*r = (struct ring){0};
}

void *
ring_at(const struct ring *r, size_t i)
{
	assert(i < r->count);
	return r->items + (r->first + i) % r->cap * r->size;
}

void
ring_pop(struct ring *r)
{
	assert(r->count > 0);
	r->count--;
	/*
	 * One that runs empty begins anew: else a ring of 1 MB that never holds more than
	 * two items would touch all its pages in time.
	 */
	r->first = r->count == 0 ? 0 : (r->first + 1) % r->cap;
}

void *
ring_push(struct ring *r)
{
	void *item;

	if (r->count == r->cap) {
		ring_pop(r);
		r->dropped++;
	}
	r->count++;
	r->pushed++;
	item = ring_at(r, r->count - 1);
	memset(item, 0, r->size);
	return item;
}
