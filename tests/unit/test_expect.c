/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "mesh/directory.h"
#include "scenario/expect.h"

#define N 4

/* Three nodes of mesh a in a chain 0-1-2, and one alone in mesh b. */
struct fixture {
	struct expect_node nodes[N];
	struct lifeline_view views[N];
	struct lifeline_view_node entries[N][N + 1];
};

static void
link_up(struct fixture *f, size_t a, size_t b)
{
	f->views[a].links[f->views[a].link_count++] = f->nodes[b].id;
	f->views[b].links[f->views[b].link_count++] = f->nodes[a].id;
}

static int
setup(void **state)
{
	static struct fixture f;
	static const char *const names[N] = { "a.x.1", "a.x.2", "a.x.3", "b.x.4" };

	memset(&f, 0, sizeof(f));
	for (size_t i = 0; i < N; i++) {
		f.nodes[i].mesh = i < 3 ? "a" : "b";
		f.nodes[i].name = names[i];
		f.nodes[i].id.bytes[0] = (uint8_t)(i + 1);
		f.nodes[i].view = &f.views[i];
		f.views[i].nodes = f.entries[i];
	}
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < N; k++)
			if ((i < 3) == (k < 3))
				f.entries[i][f.views[i].node_count++].id = f.nodes[k].id;
	link_up(&f, 0, 1);
	link_up(&f, 1, 2);
	*state = &f;
	return 0;
}

/* The control: all agree and every overlay is in one piece. */
static void
a_whole_mesh_converged(void **state)
{
	struct fixture *f = *state;
	struct expect_result r;

	expect_converged(f->nodes, N, &r);
	assert_true(r.met);
	assert_int_equal(r.agree, N);
	assert_int_equal(r.edges, 2);
	assert_int_equal(r.half_edges, 0);
	assert_int_equal(r.components, 2);
	assert_string_equal(r.why, "");
}

/* No nodes, no convergence. */
static void
nobody_never_converges(void **state)
{
	struct expect_result r;

	(void)state;
	expect_converged(NULL, 0, &r);
	assert_false(r.met);
	assert_string_equal(r.why, "no node exists");
}

/* One missing answer is enough. */
static void
every_answer_counts(void **state)
{
	struct fixture *f = *state;
	struct expect_result r;

	f->nodes[2].view = NULL;
	expect_converged(f->nodes, N, &r);
	assert_false(r.met);
	assert_int_equal(r.answered, N - 1);
	assert_non_null(strstr(r.why, "a.x.3"));
}

/* Suspect, gone and left nodes that exist are complaints. */
static void
all_must_be_live(void **state)
{
	struct fixture *f = *state;
	struct expect_result r;

	for (uint8_t l = LIVENESS_SUSPECT; l <= LIVENESS_LEFT; l++) {
		f->entries[0][2].liveness = l;
		expect_converged(f->nodes, N, &r);
		assert_false(r.met);
		assert_non_null(strstr(r.why, liveness_text((enum liveness)l)));
	}
}

/*
 * A memory of somebody who is gone or has left is right; somebody live who does not exist
 * is not.
 */
static void
memories_are_no_strangers(void **state)
{
	struct fixture *f = *state;
	struct expect_result r;
	struct lifeline_view_node *stranger = &f->entries[0][f->views[0].node_count++];

	stranger->id.bytes[0] = 99;
	stranger->liveness = LIVENESS_GONE;
	expect_converged(f->nodes, N, &r);
	assert_true(r.met);
	stranger->liveness = LIVENESS_LEFT;
	expect_converged(f->nodes, N, &r);
	assert_true(r.met);
	stranger->liveness = LIVENESS_SUSPECT;
	expect_converged(f->nodes, N, &r);
	assert_false(r.met);
	stranger->liveness = LIVENESS_LIVE;
	expect_converged(f->nodes, N, &r);
	assert_false(r.met);
}

/*
 * A link that one end reports is a half link, and what it would connect is not connected.
 */
static void
both_ends_must_report(void **state)
{
	struct fixture *f = *state;
	struct expect_result r;

	f->views[2].link_count = 0;
	expect_converged(f->nodes, N, &r);
	assert_false(r.met);
	assert_int_equal(r.half_edges, 1);
	assert_int_equal(r.components, 3);
	assert_string_equal(
		r.why, "no way from a.x.1 to a.x.3 over links that both ends report");
}

/* A link between meshes connects nobody. */
static void
links_between_meshes_do_not_count(void **state)
{
	struct fixture *f = *state;
	struct expect_result r;

	f->views[1].link_count = f->views[2].link_count = 1;
	link_up(f, 0, 3);
	link_up(f, 2, 3);
	f->views[2].links[0] = f->nodes[3].id;
	expect_converged(f->nodes, N, &r);
	assert_false(r.met);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(a_whole_mesh_converged),
		T(nobody_never_converges),
		T(every_answer_counts),
		T(all_must_be_live),
		T(memories_are_no_strangers),
		T(both_ends_must_report),
		T(links_between_meshes_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
