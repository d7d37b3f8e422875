/* SPDX-License-Identifier: MIT */
/*
 * Several meshes in one fabric: gateways find each other and hear of each other's meshes,
 * and no node of one mesh ever gets into a directory of another.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "unit/node_world.h"

static struct world w;

static int
set_up(void **state)
{
	(void)state;
	world_init(&w, 5);
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

/* `gateways` gateways and two brokers; returns the first. */
static size_t
mesh(const char *name, size_t gateways)
{
	size_t first = w.count;

	for (size_t i = 0; i < gateways + 2; i++)
		world_add(&w, name, i < gateways ? "gateway" : "broker",
			i == 0 ? -1 : (int)first, NULL);
	return first;
}

static void
seed(size_t i, size_t of)
{
	const struct seed s = { w.nodes[of].config.identity.id,
		w.nodes[of].config.bound[0] };

	assert_int_equal(node_add_seed(w.nodes[i].node, &s, "", w.now_ns), 0);
}

/* How node i sees this mesh on the backbone: -1 not at all, else the state. */
static int
hears(size_t i, const char *name)
{
	const struct backbone *b = node_backbone(w.nodes[i].node);
	const struct backbone_mesh *m = b != NULL ? backbone_find(b, name) : NULL;

	return m != NULL ? (int)m->state : -1;
}

static bool
gateways_hear(const char *name)
{
	for (size_t i = 0; i < w.count; i++)
		if (w.nodes[i].node != NULL &&
			strcmp(w.nodes[i].config.type, "gateway") == 0 &&
			hears(i, name) != BACKBONE_HEARD)
			return false;
	return true;
}

static bool
both_heard(struct world *world)
{
	(void)world;
	return gateways_hear("mesh1") && gateways_hear("mesh2");
}

static bool
both_heard_and_whole(struct world *world)
{
	return both_heard(world) && world_converged(world);
}

/* Every directory holds nodes of its own mesh alone, and nobody was ever given others. */
static void
nothing_crossed(void)
{
	for (size_t i = 0; i < w.count; i++) {
		struct mesh_row row;
		struct node_status s;

		if (w.nodes[i].node == NULL)
			continue;
		assert_int_equal(node_meshes(w.nodes[i].node, &row, 1), 1);
		for (size_t k = 0; k < directory_count(row.directory); k++)
			assert_string_equal(directory_at(row.directory, k)->digest.mesh,
				w.nodes[i].config.mesh);
		s = world_status(&w, i);
		assert_int_equal(s.counts[NODE_COUNT_DIGESTS_FOREIGN], 0);
		assert_int_equal(s.counts[NODE_COUNT_GOSSIP_FOREIGN], 0);
		assert_int_equal(s.counts[NODE_COUNT_BACKBONE_FOREIGN], 0);
	}
}

/* One seed across is enough: all gateways hear of both meshes, with whom to ask there. */
static void
one_seed_across_is_enough(void **state)
{
	size_t a, b;
	const struct backbone_mesh *m;

	(void)state;
	a = mesh("mesh1", 2);
	b = mesh("mesh2", 2);
	seed(b, a);
	assert_true(world_run(&w, SECONDS(30), both_heard_and_whole));
	world_run(&w, SECONDS(12), NULL);
	m = backbone_find(node_backbone(w.nodes[a + 1].node), "mesh2");
	assert_int_equal(summary_total(&m->summary).live, 4);
	assert_int_equal(m->summary.gateway_count, 2);
	assert_int_equal(m->speaker_count, 2);
	nothing_crossed();
}

/* Without it they never hear of each other: the test above can fail. */
static void
without_it_nobody_is_heard(void **state)
{
	(void)state;
	mesh("mesh1", 2);
	mesh("mesh2", 2);
	assert_false(world_run(&w, SECONDS(60), both_heard));
	assert_true(world_converged(&w));
	nothing_crossed();
}

/* Brokers are not on the backbone: they know their own mesh, and nothing of others. */
static void
brokers_know_their_own_mesh(void **state)
{
	size_t a, b;

	(void)state;
	a = mesh("mesh1", 1);
	b = mesh("mesh2", 1);
	seed(b, a);
	assert_true(world_run(&w, SECONDS(30), both_heard_and_whole));
	assert_null(node_backbone(w.nodes[a + 1].node));
	assert_non_null(node_backbone(w.nodes[a].node));
	nothing_crossed();
}

/* Of three gateways two speak; when both die, the third one does before it is missed. */
static void
others_take_over(void **state)
{
	size_t a, b, dead = 0;
	const struct backbone *seen;

	(void)state;
	a = mesh("mesh1", 1);
	b = mesh("mesh2", 3);
	seed(a, b);
	assert_true(world_run(&w, SECONDS(30), both_heard_and_whole));
	world_run(&w, SECONDS(30), NULL);
	seen = node_backbone(w.nodes[a].node);
	assert_int_equal(backbone_find(seen, "mesh2")->speaker_count, 2);
	for (size_t i = b; i < b + 3; i++) {
		const struct backbone_mesh *m = backbone_find(seen, "mesh2");
		const struct peer_id *id = &w.nodes[i].config.identity.id;

		if (id_equal(id, &m->speakers[0].id) ||
			id_equal(id, &m->speakers[1].id)) {
			world_kill(&w, i);
			dead++;
		}
	}
	assert_int_equal(dead, 2);
	for (int i = 0; i < 40; i++) {
		world_run(&w, SECONDS(1), NULL);
		assert_int_equal(hears(a, "mesh2"), BACKBONE_HEARD);
	}
	assert_int_equal(backbone_find(seen, "mesh2")->speaker_count, 3);
	nothing_crossed();
}

static bool
mesh2_unreachable(struct world *world)
{
	(void)world;
	return hears(0, "mesh2") == BACKBONE_UNREACHABLE;
}

/* A mesh whose gateways are dead is unreachable, by name and with a reason. */
static void
silence_has_a_name(void **state)
{
	size_t a, b;
	char why[BACKBONE_WHY_CAP];

	(void)state;
	a = mesh("mesh1", 1);
	b = mesh("mesh2", 1);
	seed(b, a);
	assert_true(world_run(&w, SECONDS(30), both_heard_and_whole));
	assert_false(world_run(&w, SECONDS(60), mesh2_unreachable));	/* control */
	world_kill(&w, b);
	assert_true(world_run(&w, SECONDS(20), mesh2_unreachable));
	backbone_why(node_backbone(w.nodes[a].node), "mesh2", w.now_ns, why);
	assert_non_null(strstr(why, "mesh2 is unreachable: its gateways are silent for"));
	/* It comes back, and is found again. */
	world_restart(&w, b);
	assert_true(world_run(&w, SECONDS(60), both_heard_and_whole));
	nothing_crossed();
}

/*
 * A node that takes one of another mesh for a seed is refused and told why; of a mesh
 * without a gateway others so know the name, and that it cannot be reached.
 */
static void
a_seed_of_another_mesh_is_refused(void **state)
{
	size_t a, b;
	char why[BACKBONE_WHY_CAP];

	(void)state;
	a = mesh("mesh1", 1);
	b = mesh("mesh3", 0);
	seed(b, a);
	assert_true(world_run(&w, SECONDS(30), world_converged));
	world_run(&w, SECONDS(40), NULL);
	assert_non_null(strstr(w.nodes[b].refused, "another mesh (mesh"));
	assert_int_equal(hears(a, "mesh3"), BACKBONE_NAMED);
	backbone_why(node_backbone(w.nodes[a].node), "mesh3", w.now_ns, why);
	assert_non_null(
		strstr(why, "mesh3 is unreachable: it has nodes, but no gateway"));
	nothing_crossed();
}

/* A gateway that takes a broker of another mesh for a seed gets no gossip out of it. */
static void
a_broker_is_no_way_in(void **state)
{
	size_t a, b;

	(void)state;
	a = mesh("mesh1", 1);
	b = mesh("mesh2", 0);
	seed(a, b);
	world_run(&w, SECONDS(60), NULL);
	assert_int_equal(hears(a, "mesh2"), BACKBONE_NAMED);
	assert_int_equal(hears(a, "mesh1"), BACKBONE_HEARD);
	assert_true(world_converged(&w));
	nothing_crossed();
}

/*
 * Everybody gets stale addresses: ports that are in use by nodes of the other mesh now,
 * and every node of the other mesh for a seed; then half of them restart with what they
 * remember. Nothing merges.
 */
static void
stale_caches_merge_nothing(void **state)
{
	size_t a, b;

	(void)state;
	a = mesh("mesh1", 2);
	b = mesh("mesh2", 2);
	assert_true(world_run(&w, SECONDS(10), world_converged));
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 4; k++) {
			struct seed s = { w.nodes[a + k].config.identity.id,
				w.nodes[b + i].config.bound[0] };

			seed(a + i, b + k);
			seed(b + i, a + k);
			/* The id of one mesh at the port of the other. */
			(void)node_add_seed(w.nodes[a + i].node, &s, "mesh1", w.now_ns);
		}
	for (size_t i = 0; i < 4; i++) {
		struct node_config *c = &w.nodes[a + i].config;

		c->remembered_count = node_remembered(
			w.nodes[a + i].node, c->remembered, REMEMBERED_PEERS_MAX);
		for (size_t k = 0; k < 4; k++) {
			c->remembered[c->remembered_count].id =
				w.nodes[b + k].config.identity.id;
			c->remembered[c->remembered_count++].address =
				w.nodes[b + (k + 1) % 4].config.bound[0];
		}
		if (i % 2 == 0) {
			world_kill(&w, a + i);
			world_restart(&w, a + i);
		}
	}
	assert_true(world_run(&w, SECONDS(60), both_heard_and_whole));
	world_run(&w, SECONDS(60), NULL);
	assert_true(both_heard_and_whole(&w));
	nothing_crossed();
}

/* An observer of one mesh hears of both, and is on no list. */
static void
observers_listen(void **state)
{
	size_t a, b, o;

	(void)state;
	a = mesh("mesh1", 1);
	b = mesh("mesh2", 1);
	seed(b, a);
	assert_true(world_run(&w, SECONDS(30), both_heard_and_whole));
	o = world_add(&w, "", "console", (int)(a + 1), NULL);
	world_run(&w, SECONDS(8), NULL);
	assert_int_equal(hears(o, "mesh1"), BACKBONE_HEARD);
	assert_int_equal(hears(o, "mesh2"), BACKBONE_HEARD);
	assert_int_equal(world_sees(&w, o, b), -1);
}

/*
 * What a node knows and has as neighbors, in its mesh and on the backbone: one number.
 * Observers are left out, for they are what comes and goes.
 */
static uint64_t
sets(size_t i)
{
	struct link_row rows[LINKS_MAX];
	size_t count = node_links(w.nodes[i].node, rows, LINKS_MAX);
	const struct backbone *b = node_backbone(w.nodes[i].node);
	struct mesh_row mesh_row;
	uint64_t sum = 0;

	node_meshes(w.nodes[i].node, &mesh_row, 1);
	for (size_t k = 0; k < directory_count(mesh_row.directory); k++) {
		const struct directory_entry *e = directory_at(mesh_row.directory, k);

		sum += (e->digest.id.bytes[0] + 256u * e->digest.id.bytes[1]) *
		       (e->liveness + 1);
	}
	for (size_t k = 0; k < count; k++)
		if (!rows[k].observer && (rows[k].overlay || rows[k].backbone))
			sum += UINT64_C(1000003) * (rows[k].peer.bytes[0] +
				256u * rows[k].peer.bytes[1]) * (1 + rows[k].overlay +
				2u * rows[k].backbone);
	for (size_t k = 0; b != NULL && k < backbone_count(b); k++)
		sum += UINT64_C(7919) * (backbone_at(b, k)->state + 1);
	return sum;
}

/* A console over both meshes comes and is killed: no set of nodes or edges changes. */
static void
a_killed_console_changes_nothing(void **state)
{
	uint64_t before[18];
	size_t a, b, o;

	(void)state;
	a = mesh("mesh1", 2);
	b = mesh("mesh2", 2);
	for (size_t i = 8; i < 18; i++)
		world_add(&w, i % 2 ? "mesh1" : "mesh2", "compute",
			(int)(i % 2 ? a : b), NULL);
	seed(b, a);
	assert_true(world_run(&w, SECONDS(60), both_heard_and_whole));
	world_run(&w, SECONDS(90), NULL);
	for (size_t i = 0; i < 18; i++)
		before[i] = sets(i);
	o = world_add(&w, "", "console", (int)(a + 1), NULL);
	world_run(&w, SECONDS(1), NULL);
	(void)node_watch_mesh(w.nodes[o].node, "mesh2", w.now_ns);
	seed(o, b + 1);
	world_run(&w, SECONDS(20), NULL);
	assert_int_equal(hears(o, "mesh2"), BACKBONE_HEARD);
	assert_int_equal(world_sees(&w, o, a), LIVENESS_LIVE);
	assert_int_equal(world_sees(&w, o, b), LIVENESS_LIVE);
	for (size_t i = 0; i < 18; i++)
		assert_true(before[i] == sets(i));
	world_kill(&w, o);
	world_run(&w, SECONDS(20), NULL);
	for (size_t i = 0; i < 18; i++)
		assert_true(before[i] == sets(i));
	/* The control: a node that dies is seen by this. */
	world_kill(&w, 17);
	world_run(&w, SECONDS(20), NULL);
	assert_true(before[a] != sets(a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(one_seed_across_is_enough),
		TEST(without_it_nobody_is_heard),
		TEST(brokers_know_their_own_mesh),
		TEST(others_take_over),
		TEST(silence_has_a_name),
		TEST(a_seed_of_another_mesh_is_refused),
		TEST(a_broker_is_no_way_in),
		TEST(stale_caches_merge_nothing),
		TEST(observers_listen),
		TEST(a_killed_console_changes_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
