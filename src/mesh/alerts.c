/* SPDX-License-Identifier: MIT */
#include "mesh/alerts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/idmap.h"
#include "base/mem.h"
#include "base/ring.h"
#include "base/text.h"

enum unit { UNIT_MILLICORES, UNIT_PERCENT, UNIT_KIB, UNIT_MILLISECONDS, UNIT_YES };

static const struct {
	const char *text, *meaning;
	enum unit unit;
	uint64_t raise, clear, raise_ns, clear_ns;
} kinds[ALERT_KINDS] = {
#define ALERT(id, text_, unit_, raise_, clear_, raise_ms, clear_ms, meaning_) \
	{ text_, meaning_, UNIT_##unit_, raise_, clear_, (raise_ms) * NS_PER_MS, \
		(clear_ms) * NS_PER_MS },
#include "mesh/alerts.def"
#undef ALERT
};

/* What is known of one node and one kind; all zero: nothing worth a place. */
struct track {
	uint64_t since_ns;	/* the figure is on the other side since; 0 it is not */
	uint64_t seq;		/* of the active alert; 0 none */
};

struct tracked {
	uint64_t look;		/* the number of the look that saw it last */
	struct track kinds[ALERT_KINDS];
};

struct alerts {
	struct alert *active;	/* in order of raising */
	size_t active_count, active_max;
	struct ring history, changes;
	struct idmap *nodes;	/* id -> struct tracked */
	uint64_t looks, seq, dropped, version;
};

const char *
alerts_kind_text(enum alert_kind kind)
{
	assert(kind < ALERT_KINDS);
	return kinds[kind].text;
}

const char *
alerts_kind_meaning(enum alert_kind kind)
{
	assert(kind < ALERT_KINDS);
	return kinds[kind].meaning;
}

uint64_t
alerts_threshold(enum alert_kind kind)
{
	assert(kind < ALERT_KINDS);
	return kinds[kind].raise;
}

char *
alerts_figure(char to[static ALERTS_FIGURE_CAP], enum alert_kind kind, uint64_t value)
{
	assert(kind < ALERT_KINDS);
	to[0] = '\0';
	switch (kinds[kind].unit) {
	case UNIT_MILLICORES:
		snprintf(to, ALERTS_FIGURE_CAP, "%" PRIu64 ".%02" PRIu64 " cores",
			value / 1000, value % 1000 / 10);
		break;
	case UNIT_PERCENT:
		snprintf(to, ALERTS_FIGURE_CAP, "%" PRIu64 " %%", value);
		break;
	case UNIT_KIB:
		text_bytes(to, ALERTS_FIGURE_CAP, value * 1024);
		break;
	case UNIT_MILLISECONDS:
		snprintf(to, ALERTS_FIGURE_CAP, "%" PRIu64 " ms", value);
		break;
	case UNIT_YES:
		break;
	}
	return to;
}

struct alerts *
alerts_new(size_t active_max, size_t history_max)
{
	struct alerts *a = mem_new(MEM_ALERTS, sizeof(*a));

	a->active = mem_array(active_max, sizeof(*a->active));
	a->active_max = active_max;
	ring_init(&a->history, sizeof(struct alert), history_max);
	/* Fetched after each look, in which each can be raised and each cleared. */
	ring_init(&a->changes, sizeof(struct alert), 2 * active_max);
	a->nodes = idmap_new();
	return a;
}

static void
untrack(struct alerts *a, const struct peer_id *id)
{
	mem_free(MEM_ALERT_TRACK, idmap_remove(a->nodes, id));
}

void
alerts_free(struct alerts *a)
{
	struct idmap_item *it;

	if (a == NULL)
		return;
	while ((it = idmap_first(a->nodes)) != NULL)
		untrack(a, idmap_id(it));
	idmap_free(a->nodes);
	ring_fini(&a->history);
	ring_fini(&a->changes);
	free(a->active);
	mem_free(MEM_ALERTS, a);
}

static void
tell(struct alerts *a, const struct alert *al)
{
	*(struct alert *)ring_push(&a->changes) = *al;
	a->version++;
}

/* NULL when there is no room. */
static struct alert *
raise_one(struct alerts *a, enum alert_kind kind, const struct alert_subject *s,
	uint64_t now_ns, uint64_t wall_ms)
{
	struct alert *al;

	if (a->active_count == a->active_max) {
		a->dropped++;
		a->version++;
		return NULL;
	}
	al = &a->active[a->active_count++];
	*al = (struct alert){ .seq = ++a->seq, .kind = kind, .subject = *s,
		.raised_ns = now_ns, .raised_wall_ms = wall_ms };
	return al;
}

static struct alert *
find(struct alerts *a, uint64_t seq)
{
	for (size_t i = 0; i < a->active_count; i++)
		if (a->active[i].seq == seq)
			return &a->active[i];
	return NULL;
}

/* From the active ones into history; `al` is gone afterwards. why NULL: it is low. */
static void
clear(struct alerts *a, struct alert *al, const char *why, uint64_t now_ns)
{
	size_t at = (size_t)(al - a->active);

	al->cleared_ns = now_ns > 0 ? now_ns : 1;
	if (why != NULL)
		snprintf(al->text, sizeof(al->text), "%s", why);
	a->dropped += a->history.count == a->history.cap;
	*(struct alert *)ring_push(&a->history) = *al;
	tell(a, al);
	a->active_count--;
	memmove(al, al + 1, (a->active_count - at) * sizeof(*al));
}

static bool
tracks_nothing(const struct tracked *t)
{
	for (int i = 0; i < ALERT_KINDS; i++)
		if (t->kinds[i].since_ns != 0 || t->kinds[i].seq != 0)
			return false;
	return true;
}

/* The place of a node, made when its figure is high; NULL: it needs none, or no room. */
static struct tracked *
tracked(struct alerts *a, const struct peer_id *id, bool high)
{
	struct tracked *t = idmap_find(a->nodes, id);

	if (t != NULL || !high)
		return t;
	if (idmap_count(a->nodes) == ALERTS_TRACKED_MAX) {
		a->dropped++;
		return NULL;
	}
	t = mem_new(MEM_ALERT_TRACK, sizeof(*t));
	t->look = a->looks;
	idmap_put(a->nodes, id, t);
	return t;
}

/* Whether a figure has been on the other side of its limit for so long. */
static bool
held(struct track *t, bool beyond, uint64_t hold_ns, uint64_t now_ns)
{
	if (!beyond) {
		t->since_ns = 0;
		return false;
	}
	if (t->since_ns == 0)
		t->since_ns = now_ns > 0 ? now_ns : 1;
	if (now_ns < t->since_ns + hold_ns)
		return false;
	t->since_ns = 0;
	return true;
}

void
alerts_observe(struct alerts *a, enum alert_kind kind, const struct alert_subject *s,
	uint64_t value, uint64_t now_ns, uint64_t wall_ms)
{
	struct tracked *place;
	struct alert *al;
	struct track *t;

	assert(kind < ALERT_KINDS);
	place = tracked(a, &s->id, value >= kinds[kind].raise);
	if (place == NULL)
		return;
	t = &place->kinds[kind];
	al = t->seq != 0 ? find(a, t->seq) : NULL;
	if (al != NULL) {
		a->version += al->value != value;
		al->value = value;
		al->worst = value > al->worst ? value : al->worst;
		if (held(t, value < kinds[kind].clear, kinds[kind].clear_ns, now_ns)) {
			t->seq = 0;
			clear(a, al, NULL, now_ns);
		}
	} else if (held(t, value >= kinds[kind].raise, kinds[kind].raise_ns, now_ns)) {
		al = raise_one(a, kind, s, now_ns, wall_ms);
		if (al != NULL) {
			t->seq = al->seq;
			al->value = al->worst = value;
			tell(a, al);
		}
	}
	if (tracks_nothing(place))
		untrack(a, &s->id);
}

static uint64_t
percent(uint64_t part, uint64_t whole)
{
	return whole > 0 ? part * 100 / whole : 0;
}

static void
look_at(struct alerts *a, const struct directory_entry *en, uint64_t now_ns,
	uint64_t wall_ms)
{
	const struct digest *g = &en->digest;
	const uint64_t values[ALERT_KINDS] = {
		[ALERT_CPU_CORES] = g->cpu_used_mc,
		[ALERT_CPU_BUDGET] = percent(g->cpu_used_mc, g->cpu_budget_mc),
		[ALERT_MEMORY_BYTES] = g->memory_used_kib,
		[ALERT_MEMORY_BUDGET] = percent(g->memory_used_kib, g->memory_budget_kib),
		/* A stall is not told twice. */
		[ALERT_LOOP_LAG] = g->loop_lag_ms < kinds[ALERT_LOOP_STALLED].raise
			? g->loop_lag_ms : 0,
		[ALERT_LOOP_STALLED] = g->loop_lag_ms,
		[ALERT_NAME_COLLISION] = en->name_collides,
	};
	struct tracked *t = idmap_find(a->nodes, &g->id);
	struct alert_subject s = { .id = g->id };
	bool high = t != NULL;

	for (int i = 0; i < ALERT_KINDS && !high; i++)
		high = values[i] >= kinds[i].raise;
	if (!high)
		return;
	directory_name(en, s.name);
	memcpy(s.mesh, g->mesh, sizeof(s.mesh));
	for (int i = 0; i < ALERT_KINDS; i++)
		if (i != ALERT_VERDICT_FAILED)
			alerts_observe(a, (enum alert_kind)i, &s, values[i], now_ns,
				wall_ms);
	t = idmap_find(a->nodes, &g->id);
	if (t != NULL)
		t->look = a->looks;
}

static void
end_all(struct alerts *a, struct tracked *t, uint64_t now_ns)
{
	for (int i = 0; i < ALERT_KINDS; i++) {
		struct alert *al = t->kinds[i].seq != 0 ? find(a, t->kinds[i].seq) : NULL;

		if (al != NULL)
			clear(a, al, "it is no longer live", now_ns);
	}
}

void
alerts_look(struct alerts *a, const struct mesh_row *rows, size_t count,
	const struct peer_id *only, uint64_t now_ns, uint64_t wall_ms)
{
	struct idmap_item *it, *next;

	a->looks++;
	for (size_t m = 0; m < count; m++) {
		const struct directory *d = rows[m].directory;

		for (size_t i = 0; i < directory_count(d); i++) {
			const struct directory_entry *en = directory_at(d, i);
			struct tracked *t;

			if (!directory_is_node(en) ||
				(only != NULL && !id_equal(&en->digest.id, only)))
				continue;
			if (en->liveness == LIVENESS_LIVE) {
				look_at(a, en, now_ns, wall_ms);
			} else if (en->liveness == LIVENESS_SUSPECT) {
				t = idmap_find(a->nodes, &en->digest.id);
				if (t != NULL)
					t->look = a->looks;	/* it may come back */
			}
		}
	}
	for (it = idmap_first(a->nodes); it != NULL; it = next) {
		struct tracked *t = idmap_value(it);
		struct peer_id id = *idmap_id(it);

		next = idmap_next(it);
		if (t->look == a->looks)
			continue;
		end_all(a, t, now_ns);
		untrack(a, &id);
	}
}

static struct alert *
find_subject(struct alerts *a, enum alert_kind kind, const struct alert_subject *s)
{
	for (size_t i = 0; i < a->active_count; i++) {
		struct alert *al = &a->active[i];

		if (al->kind == kind && id_equal(&al->subject.id, &s->id) &&
			strcmp(al->subject.name, s->name) == 0)
			return al;
	}
	return NULL;
}

void
alerts_raise(struct alerts *a, enum alert_kind kind, const struct alert_subject *s,
	const char *text, uint64_t now_ns, uint64_t wall_ms)
{
	struct alert *al;

	assert(kind < ALERT_KINDS && kinds[kind].unit == UNIT_YES);
	if (find_subject(a, kind, s) != NULL)
		return;
	al = raise_one(a, kind, s, now_ns, wall_ms);
	if (al == NULL)
		return;
	al->value = al->worst = 1;
	text_printable(al->text, sizeof(al->text), text, strlen(text));
	tell(a, al);
}

void
alerts_lower(struct alerts *a, enum alert_kind kind, const struct alert_subject *s,
	uint64_t now_ns)
{
	struct alert *al = find_subject(a, kind, s);

	if (al != NULL)
		clear(a, al, NULL, now_ns);
}

bool
alerts_next_change(struct alerts *a, struct alert *to)
{
	if (a->changes.count == 0)
		return false;
	*to = *(struct alert *)ring_at(&a->changes, 0);
	ring_pop(&a->changes);
	return true;
}

bool
alerts_acknowledge(struct alerts *a, uint64_t seq, uint64_t now_ns)
{
	struct alert *al = find(a, seq);

	for (size_t i = 0; al == NULL && i < a->history.count; i++) {
		struct alert *old = ring_at(&a->history, i);

		if (old->seq == seq)
			al = old;
	}
	if (al == NULL)
		return false;
	a->version += !al->acknowledged;
	al->acknowledged = true;
	/* Nothing else would ever end a verdict. */
	if (al->cleared_ns == 0 && al->kind == ALERT_VERDICT_FAILED)
		clear(a, al, NULL, now_ns);
	return true;
}

void
alerts_acknowledge_all(struct alerts *a, uint64_t now_ns)
{
	for (size_t i = 0; i < a->history.count; i++)
		((struct alert *)ring_at(&a->history, i))->acknowledged = true;
	for (size_t i = a->active_count; i-- > 0;)
		alerts_acknowledge(a, a->active[i].seq, now_ns);
	a->version++;
}

size_t
alerts_count(const struct alerts *a)
{
	return a->active_count + a->history.count;
}

const struct alert *
alerts_at(const struct alerts *a, size_t i)
{
	assert(i < alerts_count(a));
	if (i < a->active_count)
		return &a->active[a->active_count - 1 - i];
	return ring_at(&a->history, a->history.count - 1 - (i - a->active_count));
}

size_t
alerts_active(const struct alerts *a)
{
	return a->active_count;
}

size_t
alerts_unacknowledged(const struct alerts *a)
{
	size_t count = 0;

	for (size_t i = 0; i < alerts_count(a); i++)
		count += !alerts_at(a, i)->acknowledged;
	return count;
}

uint64_t
alerts_dropped(const struct alerts *a)
{
	return a->dropped;
}

uint64_t
alerts_version(const struct alerts *a)
{
	return a->version;
}
