/* SPDX-License-Identifier: MIT */
/* ECHO to a name: figures, windows, ends, and bytes that are not the same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/echo.h"
#include "node/without.h"
#include "node/shown.h"
#include "node/state.h"
#include "unit/node_world.h"

static struct world w;

static int
set_up(void **state)
{
	(void)state;
	world_init(&w, 7);
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh1", "compute", 0, NULL);
	assert_true(world_run(&w, SECONDS(10), world_converged));
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

static uint64_t
count(size_t i, enum node_count c)
{
	return world_status(&w, i).counts[c];
}

static bool
is_over(size_t i, struct echo_report *r)
{
	for (int turn = 0; turn < 1000; turn++) {
		world_run(&w, MILLISECONDS(10), NULL);
		if (echo_next(w.nodes[i].node, r))
			return true;
	}
	return false;
}

/* ECHO to a name: paced or all at once, with figures; bad names fail with a reason. */
static void
names_are_echoed(void **state)
{
	struct echo_spec spec = { .destination = "mesh1.compute", .data = { NULL, 0 },
		.count = 5, .every_ns = MILLISECONDS(100) };
	char why[ECHO_WHY_CAP];
	struct echo_report r;
	uint64_t number, began = w.now_ns;

	(void)state;
	spec.data = (struct view){ (const uint8_t *)"hello", 5 };
	assert_int_equal(echo_begin(w.nodes[0].node, &spec, w.now_ns, &number, why),
		ERR_OK);
	assert_true(is_over(0, &r));
	assert_int_equal(r.answered, 5);
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.bytes, 5);
	assert_memory_equal(r.receiver, "mesh1.compute.", 14);
	assert_true(r.rtt_min_ns >= MILLISECONDS(2) && r.rtt_max_ns < MILLISECONDS(50));
	assert_true(w.now_ns - began >= MILLISECONDS(400));
	spec.count = 3000;
	spec.every_ns = 0;
	assert_int_equal(echo_begin(w.nodes[0].node, &spec, w.now_ns, &number, why),
		ERR_OK);
	assert_true(is_over(0, &r));
	assert_int_equal(r.answered, 3000);
	assert_int_equal(count(0, NODE_COUNT_ASKED), 0);
	strcpy(spec.destination, "mesh1.registry");
	assert_int_equal(echo_begin(w.nodes[0].node, &spec, w.now_ns, &number, why),
		ERR_OK);
	assert_true(is_over(0, &r));
	assert_int_equal(r.failed, 3000);
	assert_true(r.why[0] != '\0' && r.receiver[0] == '\0');
	spec.count = 0;
	assert_int_equal(echo_begin(w.nodes[0].node, &spec, w.now_ns, &number, why),
		ERR_ARGUMENT);
}

/* So many at once and no more, for so long; and figures of how long each took. */
static void
a_flood_has_a_window_and_an_end(void **state)
{
	struct echo_spec spec = { .destination = "mesh1.compute", .window = 4,
		.count = ECHO_COUNT_MAX, .for_ns = SECONDS(2) };
	uint64_t number, most = 0;
	char why[ECHO_WHY_CAP];
	struct echo_report r;
	bool over = false;

	(void)state;
	assert_int_equal(echo_begin(w.nodes[0].node, &spec, w.now_ns, &number, why),
		ERR_OK);
	for (int turn = 0; turn < 10000 && !over; turn++) {
		world_run(&w, MILLISECONDS(1), NULL);
		if (count(0, NODE_COUNT_ASKED) > most)
			most = count(0, NODE_COUNT_ASKED);
		over = echo_next(w.nodes[0].node, &r);
	}
	assert_true(over);
	/* An upkeep of links may ask a question of its own meanwhile. */
	assert_in_range(most, 4, 6);
	assert_in_range(r.took_ns, SECONDS(2), SECONDS(3));
	assert_int_equal(r.failed, 0);
	assert_true(r.answered > 100 && r.answered == r.count);
	assert_int_equal(r.rtt.count, r.answered);
	assert_in_range(spread_percentile(&r.rtt, 50), r.rtt_min_ns / 1000,
		r.rtt_max_ns / 1000);
}

/* The control of the named test: a node that changes a bit is found out. */
static void
other_bytes_are_noticed(void **state)
{
	struct echo_spec spec = { .destination = "mesh1.compute", .count = 20 };
	struct world_node *node = &w.nodes[1];
	char why[ECHO_WHY_CAP];
	struct echo_report r;
	uint64_t number;

	(void)state;
	world_kill(&w, 1);
	node->config.without = WITHOUT_ECHO;
	world_restart(&w, 1);
	assert_true(world_run(&w, SECONDS(30), world_converged));
	spec.data = (struct view){ (const uint8_t *)"hello", 5 };
	assert_int_equal(echo_begin(w.nodes[0].node, &spec, w.now_ns, &number, why),
		ERR_OK);
	assert_true(is_over(0, &r));
	assert_int_equal(r.answered, 0);
	assert_int_equal(r.different, 20);
}

/* One that is stopped ends with what it has; so does one whose node died. */
static void
echoes_end(void **state)
{
	struct echo_spec spec = { .destination = "mesh1.compute", .count = 1000,
		.every_ns = MILLISECONDS(100) };
	char why[ECHO_WHY_CAP];
	struct echo_report r;
	uint64_t number;

	(void)state;
	assert_int_equal(echo_begin(w.nodes[0].node, &spec, w.now_ns, &number, why),
		ERR_OK);
	world_run(&w, SECONDS(1), NULL);
	echo_stop(w.nodes[0].node, number, w.now_ns);
	assert_true(is_over(0, &r));
	assert_in_range(r.answered, 9, 11);
	assert_int_equal(r.failed, 0);
	spec.count = 30;
	assert_int_equal(echo_begin(w.nodes[0].node, &spec, w.now_ns, &number, why),
		ERR_OK);
	world_run(&w, MILLISECONDS(550), NULL);
	world_kill(&w, 1);
	assert_true(is_over(0, &r));
	assert_in_range(r.answered, 4, 7);
	assert_int_equal(r.answered + r.failed, 30);
	assert_true(r.why[0] != '\0');
}

/* Many that go to a node which is dead are not tried one by one. */
static void
the_dead_are_not_asked_on(void **state)
{
	struct echo_spec spec = { .destination = "mesh1.compute",
		.count = ECHO_COUNT_MAX / 10 };
	uint64_t number, before = w.nodes[0].node->requests.asked;
	char why[ECHO_WHY_CAP];
	struct echo_report r;
	bool over = false;

	(void)state;
	world_kill(&w, 1);
	assert_int_equal(echo_begin(w.nodes[0].node, &spec, w.now_ns, &number, why),
		ERR_OK);
	for (int i = 0; i < 6 && !over; i++)
		over = is_over(0, &r);
	assert_true(over);
	assert_int_equal(r.answered, 0);
	assert_int_equal(r.failed, spec.count);
	assert_true(r.why[0] != '\0');
	/* Those under way when it was lost, and as many that looked for it again. */
	assert_true(w.nodes[0].node->requests.asked - before <= 3 * ECHO_WINDOW);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(names_are_echoed),
		TEST(a_flood_has_a_window_and_an_end),
		TEST(other_bytes_are_noticed),
		TEST(echoes_end),
		TEST(the_dead_are_not_asked_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
