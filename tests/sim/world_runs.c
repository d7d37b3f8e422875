/* SPDX-License-Identifier: MIT */
#include "tests/sim/world_runs.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/world_check.h"

#define NODES 18
#define FREEZE_MIN SECONDS(8)
#define FREEZE_RANGE SECONDS(52)

static struct world *
mesh_of(uint64_t seed, size_t nodes, void (*change)(struct world_config *))
{
	struct world_config c;
	struct world *w;

	world_config_default(&c, seed);
	c.nodes_max = nodes;
	if (change)
		change(&c);
	w = world_new(&c);
	for (size_t i = 0; i < nodes; i++)
		world_add(w, i == 0 ? SIZE_MAX : 0);
	world_run(w, SECONDS(12));
	w->watched = true;
	return w;
}

/* Frees the world; its history, or 0 with the reason. */
static uint64_t
finish(struct world *w, bool good, char *why)
{
	uint64_t history = w->history;
	char reason[WORLD_WHY_CAP];

	if (good && w->others_changed > 0) {
		snprintf(why, WORLD_WHY_CAP, "%llu changes of liveness, the first: %s",
			(unsigned long long)w->others_changed, w->first_change);
		good = false;
	}
	if (!good) {
		snprintf(reason, sizeof(reason), "%s", why);
		snprintf(why, RUNS_WHY_CAP, "seed %llu, n=%zu, at %.3f s: %s",
			(unsigned long long)w->config.seed, w->count,
			(double)(w->now_ns - SECONDS(1000)) / NS_PER_S, reason);
	}
	world_free(w);
	return good ? history : 0;
}

static bool
whole_now(const struct world *w, char *why)
{
	return world_check_overlay(w, why) && world_check_degrees(w, 3, why) &&
	       world_check_directory(w, why) && world_check_bounds(w, why) &&
	       world_check_quiet(w, why);
}

/* Views change now and then for ever, and what is under way is not done at both ends. */
static bool
whole(struct world *w, char *why)
{
	for (int i = 0; i < 40 && !whole_now(w, why); i++)
		world_run(w, MILLISECONDS(250));
	return whole_now(w, why);
}

/* One is frozen at any moment, for any time; of nobody else is anything thought. */
static uint64_t
thawed(uint64_t seed, char *why)
{
	struct world *w = mesh_of(seed, NODES, NULL);
	size_t subject = rng_below(&w->rng, NODES);

	w->subject = subject;
	world_run(w, rng_below(&w->rng, SECONDS(4)));
	world_stall(w, subject, FREEZE_MIN + rng_below(&w->rng, FREEZE_RANGE));
	world_run(w, FREEZE_MIN + FREEZE_RANGE + SECONDS(20));
	return finish(w, whole(w, why), why);
}

static void
starve(struct world *w, uint64_t for_ns, uint64_t most_ns)
{
	uint64_t end_ns = w->now_ns + for_ns;

	while (w->now_ns < end_ns) {
		size_t i = rng_below(&w->rng, w->count);

		if (!w->members[i].frozen)
			world_stall(w, i, rng_below(&w->rng, most_ns));
		world_run(w, rng_below(&w->rng, MILLISECONDS(400)));
	}
	world_run(w, most_ns);
}

/* Everybody's process waits for the CPU, again and again, up to 1.5 s at a time. */
static uint64_t
starved(uint64_t seed, char *why)
{
	struct world *w = mesh_of(seed, NODES, NULL);

	starve(w, SECONDS(60), MILLISECONDS(1500));
	world_run(w, SECONDS(10));
	return finish(w, whole(w, why), why);
}

static void
with_any_clock(struct world_config *c)
{
	c->skew_max_ns = SECONDS(100000);
	c->drift_ppm = 200;
}

static void
with_a_bad_network(struct world_config *c)
{
	with_any_clock(c);
	c->loss_percent = c->seed % 3;
	c->duplicate_percent = 5;
	c->reorder_percent = 10;
}

/* Clocks that differ by a day and drift, on their own: nothing is to be seen of it. */
static uint64_t
skewed(uint64_t seed, char *why)
{
	struct world *w = mesh_of(seed, NODES, with_any_clock);

	world_run(w, SECONDS(60));
	return finish(w, whole(w, why), why);
}

static void
anything(struct world *w)
{
	size_t i = rng_below(&w->rng, w->count), dice = rng_below(&w->rng, 100);
	struct member *m = &w->members[i];

	if (m->node == NULL)
		world_restart(w, i);
	else if (m->frozen || m->leaving || i == 0)
		return;
	else if (dice < 20)
		world_kill(w, i);
	else if (dice < 30)
		world_leave(w, i);
	else if (dice < 60)
		world_stall(w, i, rng_below(&w->rng, SECONDS(15)));
	else
		m->group = dice < 75;
}

/*
 * Whatever can happen to nodes, in any order, over a network that loses, repeats and
 * reorders, with clocks that differ; then nothing more, and all has to come right.
 */
static uint64_t
troubled(uint64_t seed, char *why)
{
	struct world *w = mesh_of(seed, 12 + seed % 12, with_a_bad_network);

	for (int i = 0; i < 60; i++) {
		anything(w);
		world_run(w, rng_below(&w->rng, SECONDS(2)));
	}
	world_run(w, SECONDS(15));
	for (size_t i = 0; i < w->count; i++) {
		w->members[i].group = 0;
		if (w->members[i].node == NULL)
			world_restart(w, i);
	}
	world_run(w, SECONDS(120));
	w->others_changed = 0;
	return finish(w, whole(w, why), why);
}

const struct run world_runs[] = {
	{"thawed", thawed, 2},
	{"starved", starved, 2},
	{"skewed", skewed, 2},
	{"troubled", troubled, 2},
};
const size_t world_runs_count = sizeof(world_runs) / sizeof(*world_runs);

const struct run *
world_runs_find(const char *name)
{
	for (size_t i = 0; i < world_runs_count; i++) {
		if (!strcmp(world_runs[i].name, name))
			return &world_runs[i];
	}
	return runs_find(name);
}
