/* SPDX-License-Identifier: MIT */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A heap of timers. Entries are embedded by the caller and hold a sequence number, so
 * that equal times have one order: that of arming. O(log n) arm and cancel.
 */
struct heap_entry {
	uint64_t due_ns;
	uint64_t seq;
	size_t pos;	/* place + 1; 0 while not armed */
};

struct heap {
	struct heap_entry **at;
	size_t count, cap;
	uint64_t next_seq;
};

void heap_init(struct heap *h);
void heap_fini(struct heap *h);	/* entries are the caller's */
/* Arms or re-arms. */
void heap_arm(struct heap *h, struct heap_entry *e, uint64_t due_ns);
void heap_cancel(struct heap *h, struct heap_entry *e);	/* no-op while not armed */
bool heap_armed(const struct heap_entry *e);
uint64_t heap_deadline(const struct heap *h);	/* NEVER when empty */
/* Takes out the first entry that is due at `now_ns`, or NULL. */
struct heap_entry *heap_next_due(struct heap *h, uint64_t now_ns);

#endif
