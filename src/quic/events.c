/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/mem.h"
#include "quic/events.h"

struct event_item {
	STAILQ_ENTRY(event_item) link;
	struct quic_event ev;
	uint8_t bytes[];
};

static const bool droppable[] = {
	[QUIC_CONTROL] = true,
	[QUIC_GOSSIP] = true,
	[QUIC_REQUEST] = true,
	[QUIC_RESPONSE] = true,
	[QUIC_PATH] = false,	/* the last one: gives the table its size */
};

void
events_init(struct endpoint *e)
{
	STAILQ_INIT(&e->events);
}

static void
free_item(struct event_item *it)
{
	mem_free(MEM_QUIC_EVENT, it);
}

void
events_fini(struct endpoint *e)
{
	struct event_item *it;

	while ((it = STAILQ_FIRST(&e->events)) != NULL) {
		STAILQ_REMOVE_HEAD(&e->events, link);
		free_item(it);
	}
	free_item(e->current);
	e->current = NULL;
	e->events_count = e->events_len = 0;
}

bool
events_full(const struct endpoint *e)
{
	return e->events_count >= QUIC_EVENTS_MAX || e->events_len >= QUIC_EVENTS_LEN_MAX;
}

static void
count(struct endpoint *e, const struct quic_event *ev)
{
	if (ev->kind == QUIC_GOSSIP)
		e->stats.frames_received[traffic_of_gossip(ev->bytes)]++;
	else if (ev->kind == QUIC_CONTROL || ev->kind == QUIC_REQUEST ||
		 ev->kind == QUIC_RESPONSE)
		e->stats.frames_received[traffic_of_frame(ev->tag)]++;
}

void
events_push(struct endpoint *e, const struct quic_event *ev)
{
	size_t len = ev->bytes.len;
	struct event_item *it;

	if (droppable[ev->kind] && events_full(e)) {
		e->stats.dropped_events++;
		return;
	}
	count(e, ev);
	it = mem_new(MEM_QUIC_EVENT, sizeof *it + len);
	it->ev = *ev;
	if (len > 0)
		memcpy(it->bytes, ev->bytes.data, len);
	it->ev.bytes.data = it->bytes;
	STAILQ_INSERT_TAIL(&e->events, it, link);
	e->events_count++;
	e->events_len += len;
}

bool
events_next(struct endpoint *e, struct quic_event *ev)
{
	struct event_item *it = STAILQ_FIRST(&e->events);

	free_item(e->current);
	e->current = it;
	if (it == NULL)
		return false;
	STAILQ_REMOVE_HEAD(&e->events, link);
	e->events_count--;
	e->events_len -= it->ev.bytes.len;
	*ev = it->ev;
	return true;
}
