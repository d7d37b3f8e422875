/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "unit/node_world.h"

#define WORLDS 20
#define NODES 9

static struct world w;

static void
mesh_of_nine(uint64_t seed)
{
	world_init(&w, seed);
	world_add(&w, "mesh1", "broker", -1, NULL);
	/* One after the other: nodes that start at once meet each other on the way. */
	for (size_t i = 1; i < NODES; i++) {
		world_add(&w, "mesh1", "compute", 0, NULL);
		world_run(&w, MILLISECONDS((seed * 7 + i * 13) % 60), NULL);
	}
	assert_true(world_run(&w, SECONDS(10), world_converged));
}

static bool
somebody_else_changed(struct world *world)
{
	for (size_t i = 1; i < NODES; i++)
		for (size_t j = 1; j < NODES; j++)
			if (world_sees(world, i, j) != LIVENESS_LIVE)
				return true;
	return false;
}

/* The only seed dies the moment all have met, before any shuffle: nobody is cut off. */
static void
a_dead_seed_leaves_no_island(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		mesh_of_nine(seed);
		world_kill(&w, 0);
		if (world_run(&w, SECONDS(20), somebody_else_changed))
			fail_msg("world %u: somebody else changed", (unsigned)seed);
		for (size_t i = 1; i < NODES; i++)
			assert_int_equal(world_sees(&w, i, 0), LIVENESS_GONE);
		world_fini(&w);
	}
}

/* The control: where nobody dies nobody changes, and no handshake is made for it. */
static void
nobody_dies_nobody_changes(void **state)
{
	uint64_t before = 0, after = 0;

	(void)state;
	mesh_of_nine(1);
	assert_false(world_run(&w, SECONDS(20), somebody_else_changed));
	for (size_t i = 0; i < NODES; i++)
		before += world_status(&w, i).handshakes;
	assert_false(world_run(&w, SECONDS(60), somebody_else_changed));
	for (size_t i = 0; i < NODES; i++)
		after += world_status(&w, i).handshakes;
	assert_int_equal(before, after);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dead_seed_leaves_no_island),
		cmocka_unit_test(nobody_dies_nobody_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
