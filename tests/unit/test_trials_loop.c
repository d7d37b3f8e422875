/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "app/trials_loop.h"
#include "base/err.h"
#include "tui/wish.h"

#define START SECONDS(1000)
#define NODES 18
#define ROUNDS 40

struct mesh {
	struct child_row rows[NODES];
	const struct child_row *shown[NODES];
};

/* Two meshes of nine: three each of broker, compute, gateway. */
static void
fill(struct mesh *m)
{
	static const char *const types[] = { "broker", "compute", "gateway" };

	memset(m, 0, sizeof(*m));
	for (size_t i = 0; i < NODES; i++) {
		struct child_row *r = &m->rows[i];

		r->id = (unsigned)i + 1;
		r->state = CHILD_READY;
		r->ready_ns = START;
		r->ready.id.bytes[0] = (uint8_t)(i + 1);
		snprintf(r->spec.mesh, sizeof(r->spec.mesh), "mesh%zu", 1 + i / 9);
		snprintf(r->spec.type, sizeof(r->spec.type), "%s", types[i % 3]);
		snprintf(r->ready.name, sizeof(r->ready.name), "%s.%s.%02zx0000",
			r->spec.mesh, r->spec.type, i + 1);
		m->shown[i] = r;
	}
}

#define set_of(p) (UINT32_C(1) << (p))
#define MILD (set_of(PRIMITIVE_SLOW_LINK) | set_of(PRIMITIVE_PARTITION_PAIR) | \
	set_of(PRIMITIVE_CLOCK_SKEW))

static const struct model_loop_wish every_second = { SECONDS(1), 42, MILD };

static void
run(const struct mesh *m, uint64_t seed, struct model_wish to[static ROUNDS])
{
	struct model_loop_wish w = every_second;
	struct trials_loop l;

	w.seed = seed;
	trials_loop_start(&l, &w, START);
	for (unsigned i = 0; i < ROUNDS; i++) {
		assert_true(trials_loop_next(
			&l, m->shown, NODES, START + SECONDS(i), &to[i]));
		trials_loop_count(&l, ERR_OK, "");
	}
	assert_int_equal(l.shown.begun, ROUNDS);
	assert_int_equal(l.shown.refused, 0);
}

/* The same seed gives the same faults; control: another one gives others. */
static void
a_seed_is_the_same_loop(void **state)
{
	static struct model_wish one[ROUNDS], two[ROUNDS], other[ROUNDS];
	uint32_t seen = 0;
	struct mesh m;

	(void)state;
	fill(&m);
	run(&m, 42, one);
	run(&m, 42, two);
	run(&m, 43, other);
	assert_memory_equal(one, two, sizeof(one));
	assert_memory_not_equal(one, other, sizeof(one));
	for (size_t i = 0; i < ROUNDS; i++) {
		seen |= set_of(one[i].primitive);
		assert_int_equal(one[i].child_count,
			one[i].primitive == PRIMITIVE_PARTITION_PAIR ? 2 : 1);
		assert_int_equal(one[i].lease_ns, catalog_at(one[i].primitive)->lease_ns);
	}
	/* All that may be is chosen, and nothing else. */
	assert_int_equal(seen, MILD);
}

/* A pair is of one mesh, and of two nodes. */
static void
targets_are_of_one_mesh(void **state)
{
	struct model_loop_wish w = { SECONDS(1), 1, set_of(PRIMITIVE_PARTITION_PAIR) };
	struct trials_loop l;
	struct model_wish got;
	struct mesh m;

	(void)state;
	fill(&m);
	trials_loop_start(&l, &w, START);
	for (unsigned i = 0; i < ROUNDS; i++) {
		assert_true(trials_loop_next(
			&l, m.shown, NODES, START + SECONDS(i), &got));
		assert_int_not_equal(got.children[0], got.children[1]);
		assert_int_equal(
			(got.children[0] - 1) / 9, (got.children[1] - 1) / 9);
	}
}

/* One in each cadence, however often it is asked, and none for what was slept through. */
static void
a_cadence_is_kept(void **state)
{
	struct model_loop_wish w = { SECONDS(30), 42, MILD };
	uint64_t now_ns = START;
	struct trials_loop l;
	struct model_wish got;
	unsigned due = 0;
	struct mesh m;

	(void)state;
	fill(&m);
	trials_loop_start(&l, &w, START);
	assert_int_equal(trials_loop_deadline(&l), START);
	for (; now_ns < START + SECONDS(300); now_ns += MILLISECONDS(100))
		due += trials_loop_next(&l, m.shown, NODES, now_ns, &got);
	assert_int_equal(due, 10);
	assert_int_equal(trials_loop_deadline(&l), START + SECONDS(300));
	now_ns = START + SECONDS(1000);
	assert_true(trials_loop_next(&l, m.shown, NODES, now_ns, &got));
	assert_false(trials_loop_next(&l, m.shown, NODES, now_ns, &got));
	assert_int_equal(trials_loop_deadline(&l), now_ns + SECONDS(30));
}

/* Control: what was never started, or was stopped, wants nothing. */
static void
what_is_off_does_nothing(void **state)
{
	struct trials_loop l = { 0 };
	struct model_wish got;
	struct mesh m;

	(void)state;
	fill(&m);
	assert_int_equal(trials_loop_deadline(&l), NEVER);
	assert_false(trials_loop_next(&l, m.shown, NODES, START, &got));
	assert_false(trials_loop_stop(&l));
	trials_loop_start(&l, &every_second, START);
	assert_true(trials_loop_next(&l, m.shown, NODES, START, &got));
	assert_true(trials_loop_stop(&l));
	assert_int_equal(trials_loop_deadline(&l), NEVER);
	assert_false(trials_loop_next(&l, m.shown, NODES, START + SECONDS(9), &got));
}

/* With too few nodes, or none that is ready, it is refused, counted, and goes on. */
static void
too_few_nodes_are_counted(void **state)
{
	struct model_loop_wish w = { SECONDS(1), 7, set_of(PRIMITIVE_PARTITION_PAIR) };
	struct trials_loop l;
	struct model_wish got;
	struct mesh m;

	(void)state;
	fill(&m);
	trials_loop_start(&l, &w, START);
	assert_false(trials_loop_next(&l, m.shown, 1, START, &got));
	assert_int_equal(l.shown.refused, 1);
	assert_string_not_equal(l.shown.why, "");
	for (size_t i = 0; i < NODES; i++)
		m.rows[i].state = CHILD_ENDED;
	assert_false(
		trials_loop_next(&l, m.shown, NODES, START + SECONDS(1), &got));
	assert_int_equal(l.shown.refused, 2);
	for (size_t i = 0; i < NODES; i++)
		m.rows[i].state = CHILD_READY;
	assert_true(trials_loop_next(&l, m.shown, NODES, START + SECONDS(2), &got));
	assert_int_equal(l.shown.refused, 2);
}

/*
 * With faults that do not end the guards refuse one after the other: fewer than half of
 * the nodes are ever faulted. Control: with faults that end at once none is refused.
 */
static void
guards_stop_a_loop_that_piles_up(void **state)
{
	(void)state;
	for (int ends = 0; ends < 2; ends++) {
		struct model_loop_wish w = { SECONDS(1), 42,
			set_of(PRIMITIVE_SLOW_LINK) };
		static struct model_fault faults[ROUNDS];
		const struct model_fault *shown[ROUNDS];
		size_t count = 0;
		struct trials_loop l;
		struct mesh m;

		fill(&m);
		memset(faults, 0, sizeof(faults));
		trials_loop_start(&l, &w, START);
		for (unsigned i = 0; i < ROUNDS; i++) {
			uint64_t now_ns = START + SECONDS(i);
			char why[WISH_WHY_CAP] = "";
			struct guards_margin margin;
			struct model_wish got;
			int err;

			assert_true(trials_loop_next(&l, m.shown, NODES, now_ns, &got));
			err = wish_check(&got, m.shown, NODES, shown, count, &margin,
				why);
			trials_loop_count(&l, err, why);
			if (err != ERR_OK)
				continue;
			faults[count].target_count = 1;
			faults[count].ids[0] = m.rows[got.children[0] - 1].ready.id;
			faults[count].over_ns = ends ? now_ns : 0;
			shown[count] = &faults[count];
			count++;
		}
		assert_int_equal(l.shown.begun + l.shown.refused, ROUNDS);
		assert_int_equal(l.shown.begun, count);
		if (ends) {
			assert_int_equal(l.shown.refused, 0);
			continue;
		}
		assert_true(l.shown.begun > 1 && l.shown.begun <= NODES / 2);
		assert_string_not_equal(l.shown.why, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_is_the_same_loop),
		cmocka_unit_test(targets_are_of_one_mesh),
		cmocka_unit_test(a_cadence_is_kept),
		cmocka_unit_test(what_is_off_does_nothing),
		cmocka_unit_test(too_few_nodes_are_counted),
		cmocka_unit_test(guards_stop_a_loop_that_piles_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
