/* SPDX-License-Identifier: MIT */
/*
 * Whole production nodes in virtual time: meshes that were cut heal, simultaneous joins
 * leave no island, and liveness is quick and right. Each claim has its control.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "tests/sim/healing.h"
#include "tests/sim/world_check.h"

/* Sanitizers make it five times slower and look at memory, not at chance. */
#ifdef __SANITIZE_ADDRESS__
#define SHARE 4
#else
#define SHARE 1
#endif
#define NODES 18

#define CHECK(w, call)                                                                   \
	do {                                                                             \
		char why[WORLD_WHY_CAP] = "";                                            \
		if (!(call))                                                             \
			fail_msg("seed %llu, at %.1f s: %s: %s",                         \
				(unsigned long long)(w)->config.seed,                    \
				(double)(w)->now_ns / NS_PER_S - 1000, #call, why);      \
	} while (0)

static struct world *
mesh_of(uint64_t seed, size_t nodes, unsigned loss_percent)
{
	struct world_config c;
	struct world *w;

	world_config_default(&c, seed);
	c.nodes_max = nodes + 8;
	c.loss_percent = loss_percent;
	w = world_new(&c);
	for (size_t i = 0; i < nodes; i++)
		world_add(w, i == 0 ? SIZE_MAX : 0);
	world_run(w, SECONDS(12));
	return w;
}

static void
is_whole(struct world *w)
{
	char waits[WORLD_WHY_CAP];

	/* Shuffles and healing go on for ever; there are moments without. */
	for (int i = 0; i < 40 && !world_check_quiet(w, waits); i++)
		world_run(w, MILLISECONDS(250));
	CHECK(w, world_check_overlay(w, why));
	CHECK(w, world_check_degrees(w, 3, why));
	CHECK(w, world_check_directory(w, why));
	CHECK(w, world_check_bounds(w, why));
	CHECK(w, world_check_quiet(w, why));
}

/* How often nodes other than `but` changed their mind, of nodes other than `but`. */
static uint64_t
changes(const struct world *w)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->count; i++)
		sum += w->members[i].liveness_events;
	return sum;
}

static bool
all_see(const struct world *w, size_t subject, int liveness)
{
	for (size_t i = 0; i < w->count; i++) {
		if (i != subject && world_alive(w, i) &&
			world_sees(w, i, subject) != liveness)
			return false;
	}
	return true;
}

/* Lets time pass until all see the subject so; fails when that takes too long. */
static void
wait_for(struct world *w, size_t subject, int liveness, uint64_t limit_ns)
{
	uint64_t start_ns = w->now_ns;

	while (!all_see(w, subject, liveness)) {
		if (w->now_ns > start_ns + limit_ns)
			fail_msg("seed %llu: node %zu is not seen as %d by all in %.1f s",
				(unsigned long long)w->config.seed, subject, liveness,
				(double)limit_ns / NS_PER_S);
		world_run(w, MILLISECONDS(20));
	}
}

/* Nobody but the subject is seen by anybody as anything but live. */
static void
nobody_else(struct world *w, size_t subject)
{
	for (size_t j = 0; j < w->count; j++) {
		if (j != subject && world_alive(w, j) && !all_see(w, j, LIVENESS_LIVE))
			fail_msg("seed %llu: node %zu is not seen as live by all",
				(unsigned long long)w->config.seed, j);
	}
}

/* A mesh of 18 that starts at once is whole, the same seed gives the same history. */
static void
starts_at_once(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4 / SHARE; seed++) {
		struct world *w = mesh_of(seed, NODES, 0), *again;
		uint64_t events;

		is_whole(w);
		events = w->events;
		world_free(w);
		again = mesh_of(seed, NODES, 0);
		is_whole(again);
		assert_int_equal(again->events, events);
		world_free(again);
	}
}

/* All join at once through one seed, which dies in the first second: no island. */
static void
seed_dies_at_once(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8 / SHARE; seed++) {
		struct world_config c;
		struct world *w;

		world_config_default(&c, seed);
		w = world_new(&c);
		for (size_t i = 0; i < 40; i++)
			world_add(w, i == 0 ? SIZE_MAX : 0);
		world_run(w, MILLISECONDS(150 + seed * 70));
		world_kill(w, 0);
		world_run(w, SECONDS(45));
		is_whole(w);
		world_free(w);
	}
}

/*
 * Killed: suspect within 1 s and gone within 3 s, everywhere; nobody else changes. (Of
 * itself two may change back for a moment: when its last digest comes after the first
 * accusation, by a Graft because it fell out of the tree.)
 */
static void
killed(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8 / SHARE; seed++) {
		struct world *w = mesh_of(seed, NODES, 0);
		size_t subject = seed % NODES;
		uint64_t before = changes(w);

		w->watched = true;
		w->subject = subject;
		world_kill(w, subject);
		wait_for(w, subject, LIVENESS_SUSPECT, SECONDS(1));
		wait_for(w, subject, LIVENESS_GONE, SECONDS(2));
		assert_true(changes(w) - before >= 2 * (NODES - 1));
		assert_int_equal(w->others_changed, 0);
		world_run(w, SECONDS(20));
		nobody_else(w, subject);
		is_whole(w);
		world_free(w);
	}
}

/* Frozen: suspect within 6 s, gone within 10 s, live again within 5 s of its end. */
static void
frozen_and_resumed(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8 / SHARE; seed++) {
		struct world *w = mesh_of(seed, NODES, 0);
		size_t subject = seed % NODES;

		world_freeze(w, subject);
		wait_for(w, subject, LIVENESS_SUSPECT, SECONDS(6));
		wait_for(w, subject, LIVENESS_GONE, SECONDS(4));
		nobody_else(w, subject);
		world_run(w, SECONDS(seed * 5));
		world_resume(w, subject);
		/* What it missed is nobody's fault. */
		assert_int_equal(w->members[subject].suspected, 0);
		wait_for(w, subject, LIVENESS_LIVE, SECONDS(5));
		world_run(w, SECONDS(30));
		assert_int_equal(w->members[subject].suspected, 0);
		is_whole(w);
		world_free(w);
	}
}

/* One that leaves has left, everywhere, within 1 s. */
static void
leaves(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8 / SHARE; seed++) {
		struct world *w = mesh_of(seed, NODES, 0);
		size_t subject = seed % NODES;
		uint64_t before = changes(w);

		world_leave(w, subject);
		wait_for(w, subject, LIVENESS_LEFT, SECONDS(1));
		assert_int_equal(changes(w) - before, NODES); /* itself, too */
		world_run(w, SECONDS(20));
		nobody_else(w, subject);
		is_whole(w);
		world_free(w);
	}
}

/* Restarted at once, ten times: one entry, live, and the tables are those of before. */
static void
restarted(void **state)
{
	struct world *w = mesh_of(1, NODES, 0);

	(void)state;
	for (int i = 0; i < 10; i++) {
		world_kill(w, 3);
		world_run(w, MILLISECONDS(100));
		world_restart(w, 3);
		wait_for(w, 3, LIVENESS_LIVE, SECONDS(5));
		world_run(w, SECONDS(3));
	}
	world_run(w, SECONDS(60));
	is_whole(w);
	for (size_t i = 0; i < NODES; i++)
		assert_int_equal(directory_count(world_directory(w, i)), NODES);
	world_free(w);
}

/* At 5 % loss nobody is called gone in an hour; suspicions are counted. */
static void
five_percent_loss(void **state)
{
	struct world *w = mesh_of(1, NODES, 5);
	uint64_t suspected = 0, gone = 0;

	(void)state;
	world_run(w, SECONDS(400 / SHARE));
	for (size_t i = 0; i < NODES; i++) {
		suspected += w->members[i].suspected;
		gone += w->members[i].called_gone;
	}
	print_message("# 5 %% loss, %d s: %llu suspicions, %llu called gone\n",
		400 / SHARE, (unsigned long long)suspected, (unsigned long long)gone);
	assert_int_equal(gone, 0);
	assert_true(suspected <= NODES);
	is_whole(w);
	world_free(w);
}

static uint64_t
accusations_of_a_frozen_one(bool all_late)
{
	struct world *w = mesh_of(2, NODES, 0);
	uint64_t accusers = 0;

	world_freeze(w, 5);
	for (int i = 0; i < 70; i++) {
		for (size_t k = 0; all_late && k < NODES; k++)
			world_late(w, k, MILLISECONDS(600));
		world_run(w, MILLISECONDS(100));
	}
	for (size_t i = 0; i < NODES; i++) {
		const struct directory_entry *e = directory_find(
			world_directory(w, i), &w->members[5].config.identity.id);

		if (i != 5 && e != NULL)
			accusers += e->accuser_count;
	}
	world_free(w);
	return accusers;
}

/* Whose own loop is late accuses nobody; the control is on time and accuses. */
static void
late_loops_accuse_nobody(void **state)
{
	(void)state;
	assert_int_equal(accusations_of_a_frozen_one(true), 0);
	assert_true(accusations_of_a_frozen_one(false) > 0);
}

static void
heals(uint64_t cut_ns, size_t apart)
{
	struct healing h = {
		.seed = 1,
		.nodes = 20,
		.apart = apart,
		.cut_ns = cut_ns,
		.announce_ns = SECONDS(2),
		.churn_minutes = 5};

	healing_run(&h);
	print_message("# cut %.0f s, %zu of 20: overlay after %.1f s, directory after "
		      "%.1f s, %.1f evictions a minute\n",
		(double)cut_ns / NS_PER_S, apart, (double)h.overlay_ns / NS_PER_S,
		(double)h.directory_ns / NS_PER_S, h.evictions_a_minute);
	if (!healing_good(&h))
		fail_msg("%s", h.why);
	/* A cut of a minute or more was one. */
	assert_true(h.was_cut || cut_ns < SECONDS(60));
}

/* Cuts of 1 s, 1 min and 10 min, halves and one alone: one mesh within 2 minutes. */
static void
cuts_heal(void **state)
{
	static const uint64_t cuts[] = {1, 60, 600};

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts) - (SHARE > 1); i++) {
		heals(SECONDS(cuts[i]), 10);
		heals(SECONDS(cuts[i]), 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_at_once),
		cmocka_unit_test(seed_dies_at_once),
		cmocka_unit_test(killed),
		cmocka_unit_test(frozen_and_resumed),
		cmocka_unit_test(leaves),
		cmocka_unit_test(restarted),
		cmocka_unit_test(five_percent_loss),
		cmocka_unit_test(late_loops_accuse_nobody),
		cmocka_unit_test(cuts_heal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
