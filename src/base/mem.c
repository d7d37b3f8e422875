/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* EX_SOFTWARE of sysexits.h: no caller can do better than to be restarted. */
#define EXIT_NO_MEMORY 70

static const char *const names[MEM_CLASSES] = {
#define MEM(name, text) text,
#include "base/mem.def"
#undef MEM
};

static struct mem_count counts[MEM_CLASSES];

/* exit and not _exit: a console still has a terminal to give back. */
static _Noreturn void
die(size_t count, size_t size)
{
	fprintf(stderr, "meshtui: out of memory (%zu objects of %zu bytes)\n", count,
		size);
	exit(EXIT_NO_MEMORY);
}

void *
mem_array(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (!p)
		die(count, size);
	return p;
}

void *
mem_resize(void *p, size_t count, size_t size)
{
	void *q = reallocarray(p, count > 0 ? count : 1, size > 0 ? size : 1);

	if (!q)
		die(count, size);
	return q;
}

void *
mem_copy(const void *p, size_t len)
{
	void *q = malloc(len > 0 ? len : 1);

	if (!q)
		die(1, len);
	if (len > 0)
		memcpy(q, p, len);
	return q;
}

char *
mem_text(const char *text)
{
	return mem_copy(text, strlen(text) + 1);
}

void
mem_made(enum mem_class class)
{
	assert((unsigned)class < MEM_CLASSES);
	counts[class].made++;
}

void
mem_destroyed(enum mem_class class)
{
	assert((unsigned)class < MEM_CLASSES);
	assert(counts[class].destroyed < counts[class].made);
	counts[class].destroyed++;
}

void *
mem_new(enum mem_class class, size_t size)
{
	assert(size > 0);
	mem_made(class);
	return mem_array(1, size);
}

void
mem_free(enum mem_class class, void *p)
{
	if (!p)
		return;
	mem_destroyed(class);
	free(p);
}

struct mem_count
mem_count(enum mem_class class)
{
	assert((unsigned)class < MEM_CLASSES);
	return counts[class];
}

uint64_t
mem_live(enum mem_class class)
{
	assert((unsigned)class < MEM_CLASSES);
	return counts[class].made - counts[class].destroyed;
}

const char *
mem_class_name(enum mem_class class)
{
	assert((unsigned)class < MEM_CLASSES);
	return names[class];
}
