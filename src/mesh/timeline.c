/* SPDX-License-Identifier: MIT */
#include "mesh/timeline.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/ring.h"
#include "base/text.h"

struct timeline {
	struct ring events;
};

static const struct {
	const char *text, *meaning;
} kinds[TIMELINE_KINDS] = {
#define EVENT(name, text_, meaning_) { text_, meaning_ },
#include "mesh/timeline.def"
#undef EVENT
};

const char *
timeline_kind_text(enum timeline_kind kind)
{
	assert(kind < TIMELINE_KINDS);
	return kinds[kind].text;
}

const char *
timeline_kind_meaning(enum timeline_kind kind)
{
	assert(kind < TIMELINE_KINDS);
	return kinds[kind].meaning;
}

struct timeline *
timeline_new(size_t cap)
{
	struct timeline *t = mem_new(MEM_TIMELINE, sizeof(*t));

	ring_init(&t->events, sizeof(struct timeline_event), cap);
	return t;
}

void
timeline_free(struct timeline *t)
{
	if (t == NULL)
		return;
	ring_fini(&t->events);
	mem_free(MEM_TIMELINE, t);
}

const struct timeline_event *
timeline_add(struct timeline *t, const struct timeline_event *event)
{
	struct timeline_event *to = ring_push(&t->events);

	assert(event->kind < TIMELINE_KINDS);
	to->seq = t->events.pushed;
	to->at_ns = event->at_ns;
	to->wall_ms = event->wall_ms;
	to->kind = event->kind;
	to->id = event->id;
	text_printable(to->source, sizeof(to->source), event->source,
		strnlen(event->source, sizeof(event->source)));
	text_printable(to->node, sizeof(to->node), event->node,
		strnlen(event->node, sizeof(event->node)));
	text_printable(to->mesh, sizeof(to->mesh), event->mesh,
		strnlen(event->mesh, sizeof(event->mesh)));
	text_printable(to->text, sizeof(to->text), event->text,
		strnlen(event->text, sizeof(event->text)));
	return to;
}

size_t
timeline_count(const struct timeline *t)
{
	return t->events.count;
}

const struct timeline_event *
timeline_at(const struct timeline *t, size_t i)
{
	return ring_at(&t->events, i);
}

uint64_t
timeline_first(const struct timeline *t)
{
	return t->events.pushed - t->events.count + 1;
}

uint64_t
timeline_last(const struct timeline *t)
{
	return t->events.pushed;
}

const struct timeline_event *
timeline_find(const struct timeline *t, uint64_t seq)
{
	uint64_t first = timeline_first(t);

	if (seq < first || seq > timeline_last(t))
		return NULL;
	return timeline_at(t, (size_t)(seq - first));
}

uint64_t
timeline_dropped(const struct timeline *t)
{
	return t->events.dropped;
}
