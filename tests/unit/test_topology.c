/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/err.h"
#include "mesh/topology.h"
#include "mesh_fixture.h"

#define ACTORS 6

static void
link_both(struct actor *a, struct actor *b, uint16_t rtt_a, uint16_t rtt_b)
{
	actor_neighbor(a, b, rtt_a);
	actor_neighbor(b, a, rtt_b);
}

static void
init_all(struct actor a[static ACTORS])
{
	for (unsigned i = 0; i < ACTORS; i++)
		actor_init(&a[i], i + 1, "broker");
}

static struct directory *
say_all(const struct actor a[static ACTORS])
{
	struct directory *d = fixture_directory();

	for (unsigned i = 0; i < ACTORS; i++)
		assert_int_equal(actor_say(&a[i], d, 0), ERR_OK);
	return d;
}

static unsigned
degree_of(const struct topology *t, const struct directory *d, const struct actor *a)
{
	return t->degree[directory_index(d, directory_find(d, &a->digest.id))];
}

/* An edge is what both ends name; it has the smaller round trip of both. */
static void
both_ends_make_an_edge(void **state)
{
	struct actor a[ACTORS];
	struct directory *d;
	struct topology t;

	(void)state;
	init_all(a);
	link_both(&a[0], &a[1], 30, 20);
	link_both(&a[1], &a[2], 5, 7);
	a[2].digest.neighbors[0].path_kind = 1;
	d = say_all(a);
	topology_build(&t, d);
	assert_int_equal(t.node_count, ACTORS);
	assert_int_equal(t.live_count, ACTORS);
	assert_int_equal(t.edge_count, 2);
	assert_int_equal(t.half_count, 0);
	assert_int_equal(t.components, 4);
	assert_int_equal(degree_of(&t, d, &a[1]), 2);
	assert_int_equal(degree_of(&t, d, &a[5]), 0);
	assert_true(t.mean_degree > 0.66 && t.mean_degree < 0.67);
	for (size_t i = 0; i < t.edge_count; i++) {
		assert_true(t.edges[i].a < t.edges[i].b);
		assert_true(t.edges[i].rtt_100us == 20 || t.edges[i].rtt_100us == 5);
		assert_int_equal(t.edges[i].path_kind, t.edges[i].rtt_100us == 5);
	}
	topology_fini(&t);
	directory_free(d);
}

/* What one end only names is counted and not drawn; so is a name that nobody has. */
static void
half_edges_are_not_drawn(void **state)
{
	struct actor a[ACTORS], stranger;
	struct directory *d;
	struct topology t;

	(void)state;
	init_all(a);
	actor_init(&stranger, 100, "broker");
	actor_neighbor(&a[0], &a[1], 1);
	actor_neighbor(&a[0], &stranger, 1);
	d = say_all(a);
	topology_build(&t, d);
	assert_int_equal(t.edge_count, 0);
	assert_int_equal(t.half_count, 1);
	assert_int_equal(t.unknown_count, 1);
	assert_int_equal(t.components, ACTORS);
	assert_int_equal(degree_of(&t, d, &a[0]), 0);
	topology_fini(&t);
	directory_free(d);
}

/*
 * Where one end says that the other does not answer there is no edge but a silent one, in
 * none of the other figures; when it answers it is an edge again.
 */
static void
who_is_not_answered_has_no_edge(void **state)
{
	struct actor a[ACTORS];
	struct directory *d;
	struct topology t;

	(void)state;
	init_all(a);
	link_both(&a[0], &a[1], 30, 20);
	link_both(&a[1], &a[2], 5, 7);
	a[2].digest.neighbors[0].path_kind = DIGEST_PATH_SILENT | 1;
	d = say_all(a);
	topology_build(&t, d);
	assert_int_equal(t.edge_count, 1);
	assert_int_equal(t.silent_count, 1);
	assert_int_equal(t.half_count, 0);
	assert_int_equal(t.silent[0].path_kind, 1);
	assert_int_equal(t.components, 5);
	assert_int_equal(degree_of(&t, d, &a[1]), 1);
	assert_int_equal(degree_of(&t, d, &a[2]), 0);
	topology_fini(&t);
	a[2].digest.neighbors[0].path_kind = 0;
	a[2].digest.seq++;
	assert_int_equal(actor_say(&a[2], d, 0), ERR_OK);
	topology_build(&t, d);
	assert_int_equal(t.edge_count, 2);
	assert_int_equal(t.silent_count, 0);
	topology_fini(&t);
	directory_free(d);
}

/* A digest that names one peer many times, or itself, makes one edge and no more. */
static void
repetition_makes_no_edges(void **state)
{
	struct actor a[ACTORS];
	struct directory *d;
	struct topology t;

	(void)state;
	init_all(a);
	link_both(&a[0], &a[1], 1, 1);
	actor_neighbor(&a[0], &a[1], 2);
	actor_neighbor(&a[0], &a[1], 3);
	actor_neighbor(&a[0], &a[0], 4);
	d = say_all(a);
	topology_build(&t, d);
	assert_int_equal(t.edge_count, 1);
	assert_int_equal(t.half_count, 0);
	assert_int_equal(degree_of(&t, d, &a[0]), 1);
	topology_fini(&t);
	directory_free(d);
}

/*
 * Who left names nobody: its edges are gone at once, and the mesh falls apart where it
 * was.
 */
static void
the_departed_hold_nothing_together(void **state)
{
	struct actor a[ACTORS];
	struct directory *d;
	struct topology t;

	(void)state;
	init_all(a);
	for (unsigned i = 0; i + 1 < ACTORS; i++)
		link_both(&a[i], &a[i + 1], 1, 1);
	d = say_all(a);
	topology_build(&t, d);
	assert_int_equal(t.components, 1);
	assert_int_equal(t.edge_count, ACTORS - 1);
	topology_fini(&t);
	a[2].digest.flags = DIGEST_LEFT;
	assert_int_equal(actor_beat(&a[2], d, 1), ERR_OK);
	topology_build(&t, d);
	assert_int_equal(t.live_count, ACTORS - 1);
	assert_int_equal(t.edge_count, ACTORS - 3);
	assert_int_equal(t.half_count, 2);
	assert_int_equal(t.components, 2);
	topology_fini(&t);
	directory_free(d);
}

/* A suspect keeps its edges on the picture, but holds no component together. */
static void
suspects_are_drawn(void **state)
{
	struct actor a[ACTORS];
	struct directory *d;
	struct topology t;

	(void)state;
	init_all(a);
	link_both(&a[0], &a[1], 1, 1);
	link_both(&a[1], &a[2], 1, 1);
	d = say_all(a);
	assert_int_equal(accuse(&a[0], &a[1], d, 1), ERR_OK);
	topology_build(&t, d);
	assert_int_equal(t.edge_count, 2);
	assert_int_equal(t.live_count, ACTORS - 1);
	assert_int_equal(t.components, ACTORS - 1);
	topology_fini(&t);
	directory_free(d);
}

/* Links with an observer are no part of the overlay, whoever names them. */
static void
observers_are_not_drawn(void **state)
{
	struct actor a[ACTORS];
	struct directory *d;
	struct topology t;

	(void)state;
	init_all(a);
	a[0].digest.flags = DIGEST_OBSERVER;
	link_both(&a[0], &a[1], 1, 1);
	d = say_all(a);
	topology_build(&t, d);
	assert_int_equal(t.edge_count, 0);
	assert_int_equal(t.half_count, 0);
	assert_int_equal(t.live_count, ACTORS - 1);
	topology_fini(&t);
	directory_free(d);
}

/* Nobody is a topology too. */
static void
an_empty_directory_is_empty(void **state)
{
	struct directory *d = fixture_directory();
	struct topology t;

	(void)state;
	topology_build(&t, d);
	assert_int_equal(t.node_count, 0);
	assert_int_equal(t.components, 0);
	assert_true(t.mean_degree == 0);
	topology_fini(&t);
	directory_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_make_an_edge),
		cmocka_unit_test(half_edges_are_not_drawn),
		cmocka_unit_test(who_is_not_answered_has_no_edge),
		cmocka_unit_test(repetition_makes_no_edges),
		cmocka_unit_test(the_departed_hold_nothing_together),
		cmocka_unit_test(suspects_are_drawn),
		cmocka_unit_test(observers_are_not_drawn),
		cmocka_unit_test(an_empty_directory_is_empty),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
