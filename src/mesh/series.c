/* SPDX-License-Identifier: MIT */
#include "mesh/series.h"

#include <assert.h>
#include <string.h>

#include "base/idmap.h"
#include "base/mem.h"

/* Digests come every 2 s, and every 4 s from a mesh of 500. */
#define SILENCE SECONDS(9)

struct track {
	uint64_t look;		/* the number of the look that saw it last */
	uint64_t incarnation, seq, received_ns, sent, received;
	uint32_t values[SERIES_FIGURES][SERIES_LEN];
	size_t first, count;
};

struct series {
	struct idmap *nodes;
	uint64_t looks, dropped;
};

struct series *
series_new(void)
{
	struct series *s = mem_new(MEM_SERIES, sizeof(*s));

	s->nodes = idmap_new();
	return s;
}

void
series_free(struct series *s)
{
	struct idmap_item *it;

	if (s == NULL)
		return;
	while ((it = idmap_first(s->nodes)) != NULL) {
		struct peer_id id = *idmap_id(it);

		mem_free(MEM_SERIES, idmap_remove(s->nodes, &id));
	}
	idmap_free(s->nodes);
	mem_free(MEM_SERIES, s);
}

static size_t
push(struct track *t)
{
	size_t at = (t->first + t->count) % SERIES_LEN;

	if (t->count == SERIES_LEN)
		t->first = (t->first + 1) % SERIES_LEN;
	else
		t->count++;
	for (int f = 0; f < SERIES_FIGURES; f++)
		t->values[f][at] = SERIES_GAP;
	return at;
}

/* Hundredths a second; a gap when there is nothing to compare with. */
static uint32_t
rate(uint64_t now, uint64_t then, uint64_t took_ns)
{
	uint64_t took_ms = took_ns / NS_PER_MS, rate;

	if (now < then || took_ms == 0)
		return SERIES_GAP;
	rate = (now - then) * 100000 / took_ms;
	return rate < SERIES_GAP ? (uint32_t)rate : SERIES_GAP - 1;
}

static void
take(struct track *t, const struct directory_entry *en)
{
	const struct digest *g = &en->digest;
	bool same = t->incarnation == g->incarnation;
	uint64_t took_ns = en->received_ns - t->received_ns;
	size_t at;

	if (same && g->seq == t->seq)
		return;
	if (t->count > 0 && (!same || took_ns > SILENCE))
		(void)push(t);
	at = push(t);
	t->values[SERIES_CPU][at] = g->cpu_used_mc;
	t->values[SERIES_MEMORY][at] = g->memory_used_kib;
	t->values[SERIES_LAG][at] = g->loop_lag_ms;
	if (same) {
		t->values[SERIES_SENT][at] = rate(g->frames_sent, t->sent, took_ns);
		t->values[SERIES_RECEIVED][at] =
			rate(g->frames_received, t->received, took_ns);
	}
	t->incarnation = g->incarnation;
	t->seq = g->seq;
	t->received_ns = en->received_ns;
	t->sent = g->frames_sent;
	t->received = g->frames_received;
}

static void
look_at(struct series *s, const struct directory_entry *en)
{
	struct track *t = idmap_find(s->nodes, &en->digest.id);

	if (t == NULL && idmap_count(s->nodes) >= SERIES_NODES_MAX) {
		s->dropped++;
		return;
	}
	if (t == NULL) {
		t = mem_new(MEM_SERIES, sizeof(*t));
		idmap_put(s->nodes, &en->digest.id, t);
	}
	t->look = s->looks;
	take(t, en);
}

void
series_look(struct series *s, const struct mesh_row *rows, size_t count)
{
	struct idmap_item *it, *next;

	s->looks++;
	s->dropped = 0;
	for (size_t m = 0; m < count; m++)
		for (size_t i = 0; i < directory_count(rows[m].directory); i++) {
			const struct directory_entry *en =
				directory_at(rows[m].directory, i);

			if (directory_is_node(en))
				look_at(s, en);
		}
	for (it = idmap_first(s->nodes); it != NULL; it = next) {
		struct track *t = idmap_value(it);
		struct peer_id id = *idmap_id(it);

		next = idmap_next(it);
		if (t->look != s->looks)
			mem_free(MEM_SERIES, idmap_remove(s->nodes, &id));
	}
}

size_t
series_of(const struct series *s, const struct peer_id *id, enum series_figure figure,
	uint32_t *to, size_t cap)
{
	const struct track *t = idmap_find(s->nodes, id);
	size_t skip;

	assert(figure < SERIES_FIGURES);
	if (t == NULL)
		return 0;
	skip = t->count > cap ? t->count - cap : 0;
	for (size_t i = skip; i < t->count; i++)
		to[i - skip] = t->values[figure][(t->first + i) % SERIES_LEN];
	return t->count - skip;
}

size_t
series_count(const struct series *s)
{
	return idmap_count(s->nodes);
}

uint64_t
series_dropped(const struct series *s)
{
	return s->dropped;
}
