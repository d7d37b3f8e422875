/* SPDX-License-Identifier: MIT */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stddef.h>
#include <stdint.h>

/* A ring of `cap` items of one size; a full ring drops its oldest and counts it. */
struct ring {
	uint8_t *items;
	size_t size, cap, first, count;
	uint64_t dropped;	/* oldest items overwritten, ever */
	uint64_t pushed;	/* items pushed, ever */
};

void ring_init(struct ring *r, size_t item_size, size_t cap);
void ring_fini(struct ring *r);
/* Room for one more item, zeroed, at the end; valid until the next push. */
void *ring_push(struct ring *r);
/* i = 0 is the oldest; i < count. */
void *ring_at(const struct ring *r, size_t i);
/* Drops the oldest without counting it as lost; count > 0. */
void ring_pop(struct ring *r);

#endif
