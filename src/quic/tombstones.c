/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "quic/tombstones.h"

struct tombstone {
	struct cidmap_owner cids;
	struct heap_entry timer;
	TAILQ_ENTRY(tombstone) by_age, by_turn;
	struct path path;
	uint64_t received;	/* late packets so far */
	bool answering;
	size_t len;
	uint8_t packet[];
};

static void
drop(struct endpoint *e, struct tombstone *t)
{
	cidmap_clear(e->cids, &t->cids);
	heap_cancel(&e->tombstone_timers, &t->timer);
	TAILQ_REMOVE(&e->tombstones, t, by_age);
	if (t->answering)
		TAILQ_REMOVE(&e->answering, t, by_turn);
	e->tombstones_count--;
	mem_free(MEM_TOMBSTONE, t);
}

static void
answer(struct endpoint *e, struct tombstone *t)
{
	if (t->answering || t->len == 0)
		return;
	t->answering = true;
	TAILQ_INSERT_TAIL(&e->answering, t, by_turn);
}

void
tombstones_init(struct endpoint *e)
{
	TAILQ_INIT(&e->tombstones);
	TAILQ_INIT(&e->answering);
}

void
tombstones_fini(struct endpoint *e)
{
	while (!TAILQ_EMPTY(&e->tombstones))
		drop(e, TAILQ_FIRST(&e->tombstones));
}

void
tombstones_add(struct endpoint *e, struct cidmap_owner *from, const struct path *path,
	const uint8_t *packet, size_t len, uint64_t until_ns)
{
	struct tombstone *t;

	if (e->tombstones_count >= QUIC_TOMBSTONES_MAX)
		drop(e, TAILQ_FIRST(&e->tombstones));
	t = mem_new(MEM_TOMBSTONE, sizeof *t + len);
	t->cids.kind = CIDMAP_TOMBSTONE;
	t->cids.of = t;
	cidmap_move(from, &t->cids);
	t->path = *path;
	t->len = len;
	if (len > 0)
		memcpy(t->packet, packet, len);
	TAILQ_INSERT_TAIL(&e->tombstones, t, by_age);
	e->tombstones_count++;
	heap_arm(&e->tombstone_timers, &t->timer, until_ns);
	answer(e, t);
}

void
tombstones_recv(struct endpoint *e, struct tombstone *t)
{
	t->received++;
	if ((t->received & (t->received - 1)) == 0)
		answer(e, t);
}

size_t
tombstones_next(struct endpoint *e, uint8_t *to, size_t cap, struct path *path)
{
	struct tombstone *t = TAILQ_FIRST(&e->answering);

	if (t == NULL || t->len > cap)
		return 0;
	TAILQ_REMOVE(&e->answering, t, by_turn);
	t->answering = false;
	memcpy(to, t->packet, t->len);
	*path = t->path;
	return t->len;
}

void
tombstones_tick(struct endpoint *e, uint64_t now_ns)
{
	struct heap_entry *due;

	while ((due = heap_next_due(&e->tombstone_timers, now_ns)) != NULL)
		drop(e, (struct tombstone *)((char *)due -
					     offsetof(struct tombstone, timer)));
}
