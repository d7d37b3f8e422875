/* SPDX-License-Identifier: MIT */
#include "tests/sim/soak.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "chaos/orders.h"
#include "scenario/plan.h"
#include "tests/sim/soak_watch.h"
#include "tests/sim/world_check.h"

#define SLOTS_MAX 16
#define FORMING SECONDS(12)
/* As SETTLE of scenario/schedule.c: how long the mesh may be wrong about targets. */
#define EXCUSED SECONDS(15)
#define QUIET_MAX SECONDS(120)
/* Digests that begin in a window, and how long the last one may take. */
#define WINDOW SECONDS(4)
#define WINDOW_REST SECONDS(12)
#define CHECK_EVERY 5

/* A place in the plan, and who has it now. */
struct slot {
	size_t member;
	uint64_t start_ns;	/* NEVER, or when a dead one is followed by the next */
	bool same;		/* that has the same identity */
};

struct soak_sim {
	struct world *world;
	struct scenario *scenario;
	struct plan *plan;
	struct slot slots[SLOTS_MAX];
	size_t count;
	struct soak_watch watch;
	struct soak_figures *figures;
	struct rng rng;
	uint64_t over_ns;	/* when the last fault is */
	bool good;
	char *why;
};

static bool
failed(struct soak_sim *s, const char *why)
{
	if (s->good)
		snprintf(s->why, WORLD_WHY_CAP, "%s", why);
	s->good = false;
	return false;
}

static void
make_plan(struct soak_sim *s, uint64_t seed)
{
	unsigned nodes = 8 + (unsigned)(seed % 9);
	/* A mesh is cut in two while it has no other fault: every third seed has time. */
	bool calm = seed % 3 == 0;
	unsigned cadence_s = calm ? 28 : 4 + (unsigned)(seed % 5);
	char yaml[800], why[PLAN_WHY_CAP];
	struct problems p;
	int len = snprintf(yaml, sizeof(yaml),
		"name: simulated\n"
		"meshes:\n"
		"  mesh1: { broker: %u, compute: %u, registry: 2 }\n"
		"guards: { share: 40%% }\n"
		"steps:\n"
		"  - soak:\n"
		"      duration: 10m\n"
		"      cadence: %us\n"
		"      every: %u\n"
		"      primitives: { kill: 2, restart: 2, burst-kill: 2, wedge: 2,\n"
		"        disk-full: 1, partition-pair: 3, partition-subset: %u,\n"
		"        flap-link: 2, firewall-inbound: 2, clock-skew: 1,\n"
		"        nat-shift: 2, slow-link: 2, lossy-link: 2 }\n",
		nodes / 2, nodes - nodes / 2 - 2, cadence_s, CHECK_EVERY, calm ? 10 : 1);

	problems_init(&p);
	s->scenario = scenario_parse(
		(struct view){(const uint8_t *)yaml, (size_t)len}, SLOTS_MAX, &p);
	problems_fini(&p);
	assert(s->scenario != NULL);
	s->plan = plan_make(s->scenario, seed, why);
	assert(s->plan != NULL && s->plan->node_count == nodes);
}

static void
set_network(struct world_config *c)
{
	c->nodes_max = SOAK_MEMBERS_MAX;
	c->skew_max_ns = c->seed % 2 ? SECONDS(100000) : 0;
	c->drift_ppm = c->seed % 2 ? 200 : 0;
	c->loss_percent = c->seed / 2 % 3;
	c->duplicate_percent = c->seed / 6 % 2 ? 5 : 0;
	c->reorder_percent = c->seed / 12 % 2 ? 10 : 0;
	c->hints = c->seed / 24 % 3 > 0;
}

static void
add_slot(struct soak_sim *s, size_t at)
{
	const struct plan_node *n = &s->plan->nodes[at];

	/* Two, because one may move to another port in this very moment. */
	s->slots[at].member = world_add_as(s->world, n->mesh, n->type,
		at == 0 ? SIZE_MAX : s->slots[0].member,
		at < 2 ? SIZE_MAX : s->slots[1].member);
	s->slots[at].start_ns = NEVER;
}

static void
form(struct soak_sim *s, uint64_t seed)
{
	struct world_config c;

	world_config_default(&c, seed);
	set_network(&c);
	s->world = world_new(&c);
	soak_watch_begin(&s->watch, s->world);
	s->count = s->plan->node_count;
	for (size_t i = 0; i < s->count; i++)
		add_slot(s, i);
	world_run(s->world, FORMING);
}

/* Time passes, and who has to be started is. */
static void
advance(struct soak_sim *s, uint64_t to_ns)
{
	struct world *w = s->world;

	while (s->good) {
		struct slot *next = NULL;

		for (size_t i = 0; i < s->count; i++)
			if (s->slots[i].start_ns <= to_ns &&
				(next == NULL || s->slots[i].start_ns < next->start_ns))
				next = &s->slots[i];
		if (next == NULL)
			break;
		if (next->start_ns > w->now_ns)
			world_run(w, next->start_ns - w->now_ns);
		if (next->same)
			world_restart(w, next->member);
		else if (w->count < SOAK_MEMBERS_MAX)
			add_slot(s, (size_t)(next - s->slots));
		next->start_ns = NEVER;
	}
	if (to_ns > w->now_ns)
		world_run(w, to_ns - w->now_ns);
	if (s->watch.why[0] != '\0')
		failed(s, s->watch.why);
}

static void
excuse(struct soak_sim *s, const struct trial_spec *spec)
{
	uint64_t until_ns = s->world->now_ns + spec->lease_ns + EXCUSED;
	bool side = catalog_at(spec->primitive)->reach == REACH_SIDE;

	if (!side && !catalog_removes(spec->primitive))
		return;
	for (size_t i = 0; side && i < s->count; i++)
		soak_watch_excuse(&s->watch, s->slots[i].member, until_ns);
	for (size_t k = 0; k < spec->target_count; k++)
		soak_watch_excuse(
			&s->watch, s->slots[spec->targets[k]].member, until_ns);
}

static void
roster(const struct soak_sim *s, struct trial_node nodes[static SLOTS_MAX])
{
	for (size_t i = 0; i < s->count; i++)
		nodes[i] = (struct trial_node){.mesh = s->plan->nodes[i].mesh,
			.name = s->plan->nodes[i].name,
			.id = s->world->members[s->slots[i].member].config.identity.id,
			.ready = world_alive(s->world, s->slots[i].member)};
}

static bool
inject(struct soak_sim *s, const struct plan_fault *f)
{
	const struct trial_spec *spec = &f->spec;
	struct trial_node nodes[SLOTS_MAX];

	excuse(s, spec);
	for (size_t k = 0; k < orders_count(spec); k++) {
		struct slot *target = &s->slots[spec->targets[k]];
		struct fault_order o;
		int err;

		roster(s, nodes);
		orders_inject(&o, spec, s->count, nodes, k, &s->rng);
		err = world_fault(s->world, target->member, &o);
		if (err != ERR_OK)
			return failed(s, err_text(err));
		if (catalog_kills(spec->primitive)) {
			target->start_ns = s->world->now_ns + spec->lease_ns;
			target->same = spec->primitive == PRIMITIVE_RESTART;
		}
	}
	if (s->over_ns < s->world->now_ns + spec->lease_ns)
		s->over_ns = s->world->now_ns + spec->lease_ns;
	if (s->figures != NULL)
		s->figures->faults[spec->primitive]++;
	return true;
}

/*
 * Contacts that look for lost peers go on for ever, and where nobody tells of closed
 * ports somebody is at it at any time. So each has to be seen without any, not all at
 * once.
 */
static bool
seen_quiet(const struct world *w, bool *seen, char *why)
{
	bool all = true;

	for (size_t i = 0; i < w->count; i++) {
		if (!world_alive(w, i) || seen[i])
			continue;
		seen[i] = world_check_node_quiet(w, i, why);
		all = all && seen[i];
	}
	return all;
}

static bool
whole_now(const struct world *w, bool *seen, char *why)
{
	bool quiet = seen_quiet(w, seen, why);

	return world_check_overlay(w, why) && world_check_degrees(w, 3, why) &&
	       world_check_directory(w, why) && world_check_bounds(w, why) && quiet;
}

/* All faults are over: all has to come right, and every digest to go everywhere. */
static bool
check(struct soak_sim *s)
{
	struct world *w = s->world;
	uint64_t began_ns, whole_ns;
	char why[WORLD_WHY_CAP] = "";
	bool seen[SOAK_MEMBERS_MAX] = {false};

	advance(s, s->over_ns);
	began_ns = w->now_ns;
	while (s->good && !whole_now(w, seen, why)) {
		if (w->now_ns >= began_ns + QUIET_MAX)
			return failed(s, why);
		advance(s, w->now_ns + MILLISECONDS(250));
	}
	if (!s->good)
		return false;
	whole_ns = w->now_ns;
	if (s->figures != NULL && whole_ns - began_ns > s->figures->quiet_max_ns)
		s->figures->quiet_max_ns = whole_ns - began_ns;
	advance(s, whole_ns + WINDOW + WINDOW_REST);
	if (!s->good || !soak_watch_delivered(&s->watch, whole_ns, whole_ns + WINDOW))
		return failed(s, s->watch.why);
	for (int i = 0; i < 40 && s->good && !soak_watch_objects(&s->watch, why); i++)
		advance(s, w->now_ns + MILLISECONDS(250));
	if (!s->good || !soak_watch_objects(&s->watch, why))
		return failed(s, why);
	if (s->figures != NULL)
		s->figures->checks++;
	return true;
}

static void
soak(struct soak_sim *s)
{
	struct world *w = s->world;
	uint64_t began_ns, end_ns = w->now_ns - FORMING + SOAK_TIME, shift_ns = 0;
	size_t since = 0;

	if (!check(s))
		return;
	began_ns = w->now_ns;
	for (size_t i = 0; i < s->plan->fault_count && s->good; i++) {
		const struct plan_fault *f = &s->plan->faults[i];
		uint64_t at_ns = began_ns + f->at_ns + shift_ns;

		if (f->skipped) {
			if (s->figures != NULL)
				s->figures->skipped++;
			continue;
		}
		if (at_ns + f->spec.lease_ns > end_ns)
			break;
		advance(s, at_ns);
		if (!s->good || !inject(s, f))
			return;
		if (++since < CHECK_EVERY)
			continue;
		since = 0;
		if (!check(s))
			return;
		shift_ns += w->now_ns - at_ns;
	}
	advance(s, end_ns);
	(void)(s->good && check(s));
}

static void
add_figures(struct soak_sim *s)
{
	struct soak_figures *f = s->figures;

	if (f == NULL)
		return;
	f->deliveries += s->watch.deliveries;
	f->suspected += s->watch.suspected;
	f->gone += s->watch.gone;
	for (size_t i = 0; i < s->world->count; i++) {
		struct node_status n;

		f->neighbors_lost += s->world->members[i].lost;
		if (!world_alive(s->world, i))
			continue;
		world_status(s->world, i, &n);
		f->impaired += n.counts[NODE_COUNT_IMPAIRED];
	}
}

uint64_t
soak_run_with(uint64_t seed, struct soak_figures *figures, char *why)
{
	char reason[WORLD_WHY_CAP] = "";
	struct soak_sim s = {.figures = figures, .good = true, .why = reason};
	uint64_t history, at_ns;
	size_t nodes;

	soak_watch_init(&s.watch);
	make_plan(&s, seed);
	rng_init_u64(&s.rng, seed ^ 0x50a4);
	form(&s, seed);
	soak(&s);
	add_figures(&s);
	history = s.world->history;
	at_ns = s.world->now_ns;
	nodes = s.count;
	world_free(s.world);
	plan_free(s.plan);
	scenario_free(s.scenario);
	if (!soak_watch_end(&s.watch))
		failed(&s, s.watch.why);
	if (!s.good)
		snprintf(why, RUNS_WHY_CAP, "seed %llu, n=%zu, at %.3f s: %s",
			(unsigned long long)seed, nodes,
			(double)(at_ns - SECONDS(1000)) / NS_PER_S, reason);
	return s.good ? history : 0;
}

uint64_t
soak_run(uint64_t seed, char *why)
{
	return soak_run_with(seed, NULL, why);
}
