/* SPDX-License-Identifier: MIT */
#include "gossip/missing.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

void
missing_init(struct missing *m)
{
	*m = (struct missing){.by_id = idmap_new()};
}

void
missing_fini(struct missing *m, struct heap *timers)
{
	struct idmap_item *it;

	while ((it = idmap_first(m->by_id)))
		missing_remove(m, timers, idmap_value(it));
	idmap_free(m->by_id);
	m->by_id = NULL;
}

size_t
missing_count(const struct missing *m)
{
	return idmap_count(m->by_id);
}

struct missing_entry *
missing_find(const struct missing *m, const struct peer_id *id)
{
	return idmap_find(m->by_id, id);
}

void
missing_add(struct missing *m, struct gossip_ctx *x, const struct peer_id *id,
	const struct peer_id *peer, uint16_t round)
{
	struct missing_entry *e = missing_find(m, id);

	if (!e) {
		if (missing_count(m) >= GOSSIP_MISSING_MAX) {
			m->dropped++;
			return;
		}
		e = mem_new(MEM_MISSING, sizeof(*e));
		e->timer.kind = GOSSIP_TIMER_GRAFT;
		e->id = *id;
		idmap_put(m->by_id, id, e);
		heap_arm(x->timers, &e->timer.entry,
			x->now_ns + x->config->graft_first_ns);
	}
	for (size_t i = 0; i < e->count; i++) {
		if (id_equal(&e->sources[i].peer, peer))
			return;
	}
	/* Only neighbors announce, and a peer is listed once: that bounds the sources. */
	if (e->count == e->cap) {
		e->cap = e->cap ? 2 * e->cap : 2;
		e->sources = mem_resize(e->sources, e->cap, sizeof(*e->sources));
	}
	e->sources[e->count++] = (struct missing_source){*peer, round};
}

static void
drop_source(struct missing_entry *e, size_t i)
{
	e->count--;
	memmove(&e->sources[i], &e->sources[i + 1], (e->count - i) * sizeof(*e->sources));
}

bool
missing_pop(struct missing_entry *e, struct missing_source *to)
{
	if (e->count == 0)
		return false;
	*to = e->sources[0];
	drop_source(e, 0);
	return true;
}

void
missing_remove(struct missing *m, struct heap *timers, struct missing_entry *e)
{
	heap_cancel(timers, &e->timer.entry);
	idmap_remove(m->by_id, &e->id);
	free(e->sources);
	mem_free(MEM_MISSING, e);
}

void
missing_remove_peer(struct missing *m, struct heap *timers, const struct peer_id *peer)
{
	struct idmap_item *it = idmap_first(m->by_id), *next;

	for (; it; it = next) {
		struct missing_entry *e = idmap_value(it);

		next = idmap_next(it);
		for (size_t i = 0; i < e->count; i++) {
			if (id_equal(&e->sources[i].peer, peer)) {
				drop_source(e, i);
				break;
			}
		}
		if (e->count == 0)
			missing_remove(m, timers, e);
	}
}
