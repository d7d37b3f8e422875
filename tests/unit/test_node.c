/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "unit/node_world.h"

static struct world w;

static int
set_up(void **state)
{
	(void)state;
	world_init(&w, 1);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	world_fini(&w);
	for (int c = 0; c < MEM_CLASSES; c++)
		assert_int_equal(mem_live((enum mem_class)c), 0);
	return 0;
}

static void
mesh_of(size_t count)
{
	world_add(&w, "mesh1", "broker", -1, NULL);
	for (size_t i = 1; i < count; i++)
		world_add(&w, "mesh1", "compute", 0, NULL);
	assert_true(world_run(&w, SECONDS(10), world_converged));
}

/* Two nodes, one of them a seed of the other, know each other within a second. */
static void
two_meet(void **state)
{
	(void)state;
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh1", "gateway", 0, NULL);
	assert_true(world_run(&w, SECONDS(1), world_converged));
}

/* Without the seed they never do: the test above can fail. */
static void
without_a_seed_nobody_meets(void **state)
{
	(void)state;
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh1", "gateway", -1, NULL);
	assert_false(world_run(&w, SECONDS(60), world_converged));
}

/*
 * Nine nodes converge, and an idle minute after that costs no handshake and no liveness
 * change.
 */
static void
idle_is_idle(void **state)
{
	uint64_t handshakes = 0, after = 0;

	(void)state;
	mesh_of(9);
	world_run(&w, SECONDS(20), NULL);
	for (size_t i = 0; i < w.count; i++) {
		handshakes += world_status(&w, i).handshakes;
		w.nodes[i].liveness_events = 0;
	}
	world_run(&w, SECONDS(180), NULL);
	for (size_t i = 0; i < w.count; i++) {
		after += world_status(&w, i).handshakes;
		assert_int_equal(w.nodes[i].liveness_events, 0);
	}
	assert_int_equal(after, handshakes);
	assert_true(world_converged(&w));
}

static bool
last_is_gone(struct world *world)
{
	for (size_t i = 0; i + 1 < world->count; i++)
		if (world_sees(world, i, world->count - 1) != LIVENESS_GONE)
			return false;
	return true;
}

/* A killed node is gone everywhere within 10 s, and nobody else changes. */
static void
a_killed_node_is_gone(void **state)
{
	(void)state;
	mesh_of(9);
	world_run(&w, SECONDS(5), NULL);
	world_kill(&w, 8);
	assert_true(world_run(&w, SECONDS(10), last_is_gone));
	for (size_t i = 0; i < 8; i++)
		for (size_t j = 0; j < 8; j++)
			assert_int_equal(world_sees(&w, i, j), LIVENESS_LIVE);
}

/* A frozen node is gone within 10 s; when it thaws it is live again. */
static void
a_frozen_node_comes_back(void **state)
{
	(void)state;
	mesh_of(9);
	world_run(&w, SECONDS(5), NULL);
	w.nodes[8].frozen = true;
	assert_true(world_run(&w, SECONDS(11), last_is_gone));
	w.nodes[8].frozen = false;
	assert_true(world_run(&w, SECONDS(40), world_converged));
}

/* What node 3 noted about others while it was itself frozen for so long. */
static uint64_t
noted_while_frozen(uint64_t for_ns, bool says_so)
{
	uint64_t before;

	mesh_of(9);
	before = world_status(&w, 3).liveness_changes;
	w.nodes[3].frozen = true;
	world_run(&w, for_ns, NULL);
	w.nodes[3].frozen = false;
	if (says_so) {
		node_set_load(w.nodes[3].node,
			&(struct node_load){ .lag_500ms_at_ns = w.now_ns });
		node_late(w.nodes[3].node, for_ns);
	}
	world_run(&w, SECONDS(20), NULL);
	assert_true(world_converged(&w));
	return world_status(&w, 3).liveness_changes - before;
}

/* Who was frozen blames nobody for what it did not hear: 12 s, beyond every limit. */
static void
own_absence_is_nobodys_fault(void **state)
{
	(void)state;
	assert_int_equal(noted_while_frozen(SECONDS(12), true), 0);
	world_fini(&w);
	world_init(&w, 1);
	assert_true(noted_while_frozen(SECONDS(12), false) > 0);
}

/* The control of both: with nobody killed or frozen, nobody is ever gone. */
static void
nobody_is_gone_without_cause(void **state)
{
	(void)state;
	mesh_of(9);
	assert_false(world_run(&w, SECONDS(60), last_is_gone));
}

static bool
last_has_left(struct world *world)
{
	for (size_t i = 0; i + 1 < world->count; i++)
		if (world_sees(world, i, world->count - 1) != LIVENESS_LEFT)
			return false;
	return node_left(world->nodes[world->count - 1].node);
}

/* A node that leaves is seen as left by everyone within a second. */
static void
leaving_is_said(void **state)
{
	(void)state;
	mesh_of(9);
	world_run(&w, SECONDS(5), NULL);
	node_leave(w.nodes[8].node, w.now_ns);
	assert_true(world_run(&w, SECONDS(1), last_has_left));
}

/* A restarted node is the same node: converged again, one entry, a later incarnation. */
static void
a_restart_is_the_same_node(void **state)
{
	(void)state;
	mesh_of(9);
	world_kill(&w, 4);
	world_run(&w, SECONDS(1), NULL);
	world_restart(&w, 4);
	assert_true(world_run(&w, SECONDS(10), world_converged));
}

/* Whether a node joins through a seed that it remembers at another place. */
static bool
joins_a_seed_that_moved(bool told_where)
{
	struct node_config *c;

	mesh_of(2);
	world_kill(&w, 1);
	c = &w.nodes[1].config;
	c->remembered[0].id = w.nodes[0].config.identity.id;
	c->remembered[0].address = world_address(WORLD_NOWHERE_PORT_BASE);
	c->remembered_count = 1;
	if (!told_where)
		c->seed_count = 0;
	/* The other one knows no place of it either, and does not call it. */
	world_kill(&w, 0);
	world_restart(&w, 0);
	world_restart(&w, 1);
	return world_run(&w, SECONDS(10), world_converged);
}

/* Who is named on the command line is there, and not where it was some time ago. */
static void
a_named_seed_beats_a_remembered_one(void **state)
{
	(void)state;
	assert_true(joins_a_seed_that_moved(true));
}

/* The control: by what it remembers alone it would not find it. */
static void
what_is_remembered_is_not_enough(void **state)
{
	(void)state;
	assert_false(joins_a_seed_that_moved(false));
}

/* One fabric key joins; another key, or none, is refused, and both sides say why. */
static void
strangers_are_refused(void **state)
{
	struct fabric_key key, other;

	(void)state;
	fabric_key_mint(&key);
	fabric_key_mint(&other);
	world_add(&w, "mesh1", "broker", -1, &key);
	world_add(&w, "mesh1", "broker", 0, &key);
	assert_true(world_run(&w, SECONDS(2), world_converged));
	world_add(&w, "mesh1", "broker", 0, &other);
	world_run(&w, SECONDS(5), NULL);
	assert_int_equal(world_sees(&w, 0, 2), -1);
	assert_int_equal(world_sees(&w, 2, 0), -1);
	assert_non_null(strstr(w.nodes[0].refused, "keys differ"));
	assert_non_null(strstr(w.nodes[2].refused, "keys differ"));
}

/* A node of another mesh is refused and nothing of it gets into a directory. */
static void
meshes_stay_apart(void **state)
{
	(void)state;
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh2", "broker", 0, NULL);
	world_run(&w, SECONDS(5), NULL);
	assert_int_equal(world_sees(&w, 0, 1), -1);
	assert_int_equal(world_sees(&w, 1, 0), -1);
	assert_non_null(strstr(w.nodes[1].refused, "another mesh"));
}

static uint64_t
overlay_hash(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < 9; i++) {
		struct link_row rows[LINKS_MAX];
		size_t count = node_links(w.nodes[i].node, rows, LINKS_MAX);

		for (size_t k = 0; k < count; k++)
			if (rows[k].overlay)
				sum += (i + 1) * (uint64_t)(rows[k].peer.bytes[0] * 256 +
					rows[k].peer.bytes[1] + 1);
	}
	return sum;
}

/* An observer sees everyone; its coming and going changes no link of the overlay. */
static void
an_observer_changes_nothing(void **state)
{
	uint64_t before;

	(void)state;
	mesh_of(9);
	world_run(&w, SECONDS(10), NULL);
	before = overlay_hash();
	world_add(&w, "", "observer", 3, NULL);
	assert_true(world_run(&w, SECONDS(2), world_converged));
	assert_int_equal(overlay_hash(), before);
	world_kill(&w, 9);
	world_run(&w, SECONDS(20), NULL);
	assert_int_equal(overlay_hash(), before);
	assert_true(world_converged(&w));
}

/* Ten percent of all packets lost: still one mesh. */
static void
loss_is_survived(void **state)
{
	(void)state;
	w.loss_percent = 10;
	mesh_of(9);
}

/* All seeds down, then up again: joined at the next slow probe at the latest. */
static void
never_isolated_for_ever(void **state)
{
	(void)state;
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh1", "broker", 0, NULL);
	world_kill(&w, 0);
	world_run(&w, SECONDS(600), NULL);
	world_restart(&w, 0);
	assert_true(world_run(&w, SECONDS(40), world_converged));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(two_meet),
		TEST(without_a_seed_nobody_meets),
		TEST(idle_is_idle),
		TEST(a_killed_node_is_gone),
		TEST(a_frozen_node_comes_back),
		TEST(own_absence_is_nobodys_fault),
		TEST(nobody_is_gone_without_cause),
		TEST(leaving_is_said),
		TEST(a_restart_is_the_same_node),
		TEST(a_named_seed_beats_a_remembered_one),
		TEST(what_is_remembered_is_not_enough),
		TEST(strangers_are_refused),
		TEST(meshes_stay_apart),
		TEST(an_observer_changes_nothing),
		TEST(loss_is_survived),
		TEST(never_isolated_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
