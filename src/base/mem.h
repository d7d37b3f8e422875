/* SPDX-License-Identifier: MIT */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Memory by class. Out of memory ends the program with one line, so no caller checks for
 * NULL. Every long-lived object names its class: live = made - destroyed is shown to
 * people, asserted in tests and exported. The counts are the process's own (one of two
 * allowed writable globals; tests/tidy knows them) and belong to the main thread.
 */
enum mem_class {
#define MEM(name, text) MEM_##name,
#include "base/mem.def"
#undef MEM
	MEM_CLASSES
};

struct mem_count {
	uint64_t made, destroyed;
};

/* Zeroed memory of `size` bytes (size > 0), counted. */
void *mem_new(enum mem_class class, size_t size);
/* Accepts NULL. The class must be that of mem_new. */
void mem_free(enum mem_class class, void *p);

/*
 * Counts objects that are not heap memory of ours (a descriptor, a timer, an embedded
 * struct).
 */
void mem_made(enum mem_class class);
void mem_destroyed(enum mem_class class);

struct mem_count mem_count(enum mem_class class);
uint64_t mem_live(enum mem_class class);
const char *mem_class_name(enum mem_class class);

/*
 * Plain memory for arrays and texts inside a counted object; the same promise, no count.
 */
void *mem_array(size_t count, size_t size);		/* zeroed; overflow checked */
void *mem_resize(void *p, size_t count, size_t size);	/* overflow checked */
char *mem_text(const char *text);
void *mem_copy(const void *p, size_t len);		/* len 0 gives a valid pointer */

#endif
