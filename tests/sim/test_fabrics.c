/* SPDX-License-Identifier: MIT */
/* Several meshes of whole nodes in virtual time: what grows, what heals, what crosses. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/sim/fabric_runs.h"

#ifdef __SANITIZE_ADDRESS__
#define MESHES_MOST 4
#else
#define MESHES_MOST 8
#endif
#define NODES 6
#define SEEDS 6

static void
is_whole(struct fabric_run *r, uint64_t limit_ns)
{
	char why[128] = "";

	if (!fabric_runs_settle(r, limit_ns)) {
		(void)fabric_runs_is_whole(r, why, sizeof(why));
		fail_msg("not within %.0f s: %s", (double)limit_ns / NS_PER_S, why);
	}
}

static void
nothing_crossed(const struct fabric_run *r)
{
	char why[128] = "";

	if (!fabric_runs_nothing_crossed(r, why, sizeof(why)))
		fail_msg("%s", why);
}

/* The mean of some seeds: one mesh of twelve differs from another by several percent. */
static struct fabric_traffic
traffic_of(size_t meshes)
{
	struct fabric_traffic sum = {0};

	for (uint64_t seed = 3; seed < 3 + SEEDS; seed++) {
		struct fabric_run r = fabric_runs_new(seed, meshes, 12, 2);
		struct fabric_traffic t;

		is_whole(&r, SECONDS(60));
		world_run(r.world, SECONDS(60));
		t = fabric_runs_traffic(&r, SECONDS(60));
		sum.backbone += t.backbone / SEEDS;
		sum.inner += t.inner / SEEDS;
		nothing_crossed(&r);
		world_free(r.world);
	}
	print_message("%zu meshes: backbone %.0f B/s, inner %.0f B/s\n", meshes,
		sum.backbone, sum.inner);
	return sum;
}

/* Twice the meshes: twice the bytes on the backbone, and as many as before inside. */
static void
only_the_backbone_grows(void **state)
{
	struct fabric_traffic first = traffic_of(2), before = first;

	(void)state;
	for (size_t meshes = 4; meshes <= MESHES_MOST; meshes *= 2) {
		struct fabric_traffic t = traffic_of(meshes);

		assert_true(t.backbone < 3.0 * before.backbone);
		assert_true(t.backbone > 1.2 * before.backbone);
		assert_true(t.inner < 1.05 * first.inner);
		assert_true(t.inner > 0.95 * first.inner);
		before = t;
	}
}

/* Meshes cut from each other work alone, say so with an age, and meet again in 30 s. */
static void
cut_meshes_meet_again(void **state)
{
	static const unsigned cuts_s[] = {20, 120, 900};
	char why[BACKBONE_WHY_CAP];

	(void)state;
	for (size_t c = 0; c < sizeof(cuts_s) / sizeof(*cuts_s); c++) {
		struct fabric_run r = fabric_runs_new(4 + c, 2, NODES, 2);
		uint64_t start_ns;

		is_whole(&r, SECONDS(60));
		for (size_t i = NODES; i < 2 * NODES; i++)
			r.world->members[i].group = 1;
		world_run(r.world, SECONDS(cuts_s[c]));
		for (size_t i = 0; i < 2 * NODES; i += NODES) {
			const struct backbone *b =
				node_backbone(r.world->members[i].node);
			size_t other = i == 0 ? 1 : 0;

			if (cuts_s[c] > 600) {
				/* It is forgotten by then; its gateways are not. */
				assert_int_equal(fabric_runs_hears(&r, i, other), -1);
				continue;
			}
			assert_int_equal(fabric_runs_hears(&r, i, other),
				BACKBONE_UNREACHABLE);
			backbone_why(b, other ? "mesh2" : "mesh1", r.world->now_ns, why);
			assert_non_null(strstr(why, "its gateways are silent for"));
			/* Inside nothing is missed. */
			assert_int_equal(world_sees(r.world, i, i + NODES - 1),
				LIVENESS_LIVE);
		}
		for (size_t i = NODES; i < 2 * NODES; i++)
			r.world->members[i].group = 0;
		start_ns = r.world->now_ns;
		is_whole(&r, SECONDS(40));
		print_message("cut %u s: whole again after %.1f s\n", cuts_s[c],
			(double)(r.world->now_ns - start_ns) / NS_PER_S);
		nothing_crossed(&r);
		world_free(r.world);
	}
}

/* Two halves of a mesh, each with a gateway, become one again. */
static void
halves_become_one(void **state)
{
	struct fabric_run r = fabric_runs_new(9, 3, 10, 2);

	(void)state;
	is_whole(&r, SECONDS(60));
	/* Of mesh1 the one half with its gateway goes with all others. */
	for (size_t i = 1; i < 10; i += 2)
		r.world->members[i].group = 1;
	world_run(r.world, SECONDS(120));
	assert_int_equal(world_sees(r.world, 0, 2), LIVENESS_LIVE);
	assert_int_not_equal(world_sees(r.world, 0, 1), LIVENESS_LIVE);
	for (size_t i = 0; i < 10; i++)
		r.world->members[i].group = 0;
	is_whole(&r, SECONDS(40));
	nothing_crossed(&r);
	world_free(r.world);
}

/* Nodes die and come for two minutes, with seeds of any mesh: nothing ever crosses. */
static void
churn_crosses_nothing(void **state)
{
	struct fabric_run r = fabric_runs_new(7, 3, NODES, 2);
	struct rng rng;

	(void)state;
	rng_init_u64(&rng, 7);
	is_whole(&r, SECONDS(60));
	for (int i = 0; i < 40; i++) {
		size_t m = rng_below(&rng, 3);
		size_t victim = m * NODES + 2 + rng_below(&rng, NODES - 2);
		/* What it takes for a place of its mesh is anybody's. */
		size_t of = rng_below(&rng, 3 * NODES);
		struct seed s = {r.world->members[of].config.identity.id,
			r.world->members[of].config.bound[0]};

		if (world_alive(r.world, victim))
			world_kill(r.world, victim);
		else
			world_restart(r.world, victim);
		if (world_alive(r.world, victim))
			(void)node_add_seed(r.world->members[victim].node, &s, "",
				r.world->now_ns);
		world_run(r.world, SECONDS(3));
		nothing_crossed(&r);
	}
	for (size_t i = 0; i < 3 * NODES; i++)
		if (!world_alive(r.world, i))
			world_restart(r.world, i);
	is_whole(&r, SECONDS(60));
	nothing_crossed(&r);
	world_free(r.world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_backbone_grows),
		cmocka_unit_test(cut_meshes_meet_again),
		cmocka_unit_test(halves_become_one),
		cmocka_unit_test(churn_crosses_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
