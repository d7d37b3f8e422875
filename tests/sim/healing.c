/* SPDX-License-Identifier: MIT */
#include "tests/sim/healing.h"

#include "tests/sim/world_check.h"

#define CALM SECONDS(30)
#define LOOK_EVERY MILLISECONDS(500)
/* More than these start 20 ms apart: a thousand first digests at once cost minutes. */
#define AT_ONCE_MAX 200
/* A large mesh that forms: digests come on changes alone, at most once in 4 minutes. */
#define FORMING SECONDS(600)
/* Of 1,000 nodes in a minute; a mesh that grows together churns by the hundred. */
#define EVICTIONS_A_NODE_MAX 0.1

static void
cut(struct world *w, size_t apart)
{
	for (size_t i = 0; i < w->count; i++)
		w->members[i].group = i >= w->count - apart;
}

static bool
sides_forgot(const struct world *w)
{
	for (size_t i = 0; i < w->count; i++) {
		for (size_t j = 0; j < w->count; j++) {
			if (w->members[i].group != w->members[j].group &&
				world_sees(w, i, j) == LIVENESS_LIVE)
				return false;
		}
	}
	return true;
}

static void
sums(const struct world *w, uint64_t *evicted, uint64_t *changes)
{
	*evicted = *changes = 0;
	for (size_t i = 0; i < w->count; i++) {
		*evicted += w->members[i].evicted;
		*changes += w->members[i].liveness_events;
	}
}

static void
watch(struct world *w, struct healing *h)
{
	uint64_t start_ns = w->now_ns;

	h->overlay_ns = h->directory_ns = NEVER;
	while (w->now_ns <= start_ns + HEALING_LIMIT) {
		if (h->overlay_ns == NEVER && world_check_overlay(w, h->why))
			h->overlay_ns = w->now_ns - start_ns;
		if (h->overlay_ns != NEVER && h->directory_ns == NEVER &&
			world_check_directory(w, h->why))
			h->directory_ns = w->now_ns - start_ns;
		if (h->directory_ns != NEVER)
			return;
		world_run(w, LOOK_EVERY);
	}
}

struct world *
healing_form(const struct healing *h)
{
	bool large = h->nodes > AT_ONCE_MAX;
	struct world_config c;
	struct world *w;

	world_config_default(&c, h->seed);
	c.nodes_max = h->nodes;
	c.announce_ns = large && h->idle_ns ? FORMING : h->announce_ns;
	w = world_new(&c);
	for (size_t i = 0; i < h->nodes; i++) {
		world_add(w, i == 0 ? SIZE_MAX : 0);
		if (large)
			world_run(w, MILLISECONDS(20));
	}
	world_run(w, CALM);
	if (c.announce_ns != h->announce_ns) {
		world_announce_every(w, h->announce_ns);
		world_run(w, h->announce_ns * h->nodes / 250);
	}
	return w;
}

static void
let_the_cut_pass(struct world *w, const struct healing *h)
{
	if (h->idle_ns == 0 || h->cut_ns <= 2 * HEALING_SETTLE) {
		world_run(w, h->cut_ns);
		return;
	}
	world_run(w, HEALING_SETTLE);
	world_announce_every(w, h->idle_ns);
	world_run(w, h->cut_ns - 2 * HEALING_SETTLE);
	world_announce_every(w, h->announce_ns);
	world_run(w, HEALING_SETTLE);
}

void
healing_cut(struct healing *h, struct world *w)
{
	uint64_t evicted, changes, evicted_then, changes_then;

	h->formed = world_check_overlay(w, h->why) && world_check_directory(w, h->why);
	cut(w, h->apart);
	let_the_cut_pass(w, h);
	h->was_cut = sides_forgot(w);
	cut(w, 0);
	watch(w, h);
	if (h->directory_ns != NEVER) {
		/* The first half minute still is part of growing together. */
		world_run(w, SECONDS(30));
		sums(w, &evicted_then, &changes_then);
		world_run(w, h->churn_minutes * SECONDS(60));
		sums(w, &evicted, &changes);
		h->evictions_a_minute =
			(double)(evicted - evicted_then) / h->churn_minutes;
		h->changes_a_minute =
			(double)(changes - changes_then) / h->churn_minutes;
	}
	h->events = w->events;
	world_free(w);
}

void
healing_run(struct healing *h)
{
	healing_cut(h, healing_form(h));
}

bool
healing_good(const struct healing *h)
{
	return h->formed && h->overlay_ns <= HEALING_LIMIT &&
	       h->directory_ns <= HEALING_LIMIT &&
	       h->evictions_a_minute <= EVICTIONS_A_NODE_MAX * (double)h->nodes &&
	       h->changes_a_minute <= EVICTIONS_A_NODE_MAX * (double)h->nodes;
}
