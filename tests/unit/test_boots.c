/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/boots.h"
#include "base/mem.h"

static const struct peer_id one = { { 1 } }, two = { { 2 } };

static struct child_row
child(unsigned id)
{
	struct child_row row = { .id = id, .pid = 4711 };

	strcpy(row.spec.mesh, "mesh1");
	strcpy(row.spec.type, "broker");
	return row;
}

static const struct model_boot *
row_at(const struct boots *b, size_t i, size_t count)
{
	size_t there;
	const struct model_boot *rows = boots_rows(b, &there);

	assert_int_equal(there, count);
	return &rows[i];
}

/* A child's boot is there from its first word, and stays when the child has failed. */
static void
children_are_kept(void **state)
{
	struct boots *b = boots_new();
	struct child_row row = child(3);
	struct span span = { .name = "mesh.node.ready" };
	struct span_set set = { .spans = &span, .count = 1, .wall_us = 1 };

	(void)state;
	boots_child(b, &row);
	assert_null(row_at(b, 0, 1)->spans);
	assert_string_equal(row_at(b, 0, 1)->name, "mesh1.broker");
	row.spans = &set;
	row.spans_ns = 5;
	boots_child(b, &row);
	assert_int_equal(row_at(b, 0, 1)->heard_ns, 5);
	assert_string_equal(row_at(b, 0, 1)->spans->spans[0].name, "mesh.node.ready");
	assert_false(row_at(b, 0, 1)->over);
	row.state = CHILD_ENDED;
	boots_child(b, &row);
	row.spans = NULL;
	assert_true(row_at(b, 0, 1)->over);
	assert_int_equal(row_at(b, 0, 1)->spans->count, 1);
	/* No other child has its number; the next one has a row of its own. */
	row = child(4);
	boots_child(b, &row);
	assert_int_not_equal(row_at(b, 0, 2)->key, row_at(b, 1, 2)->key);
	boots_free(b);
	boots_free(NULL);
	assert_int_equal(mem_live(MEM_BOOTS), 0);
}

/* What other nodes tell is kept after they are gone; the next life is another row. */
static void
others_are_told(void **state)
{
	struct boots *b = boots_new();
	struct span_set set = { .wall_us = 7 };

	(void)state;
	boots_node(b, &two, "mesh1.gateway.020000");
	boots_node(b, &two, "mesh1.gateway.020000");
	assert_null(row_at(b, 0, 1)->spans);
	boots_told(b, &two, "mesh1.gateway.020000", &set, 9);
	assert_true(row_at(b, 0, 1)->spans->wall_us == 7);
	assert_int_equal(row_at(b, 0, 1)->heard_ns, 9);
	boots_gone(b, &two);
	assert_true(row_at(b, 0, 1)->over);
	set.wall_us = 8;
	boots_told(b, &two, "mesh1.gateway.020000", &set, 10);
	assert_true(row_at(b, 0, 2)->spans->wall_us == 7);
	assert_true(row_at(b, 1, 2)->spans->wall_us == 8);
	/* One that told nothing has nothing to keep. */
	boots_node(b, &one, "mesh1.broker.010000");
	boots_gone(b, &one);
	boots_gone(b, &one);
	row_at(b, 1, 2);
	boots_free(b);
}

/* A child that others know, before or after READY, is one row; its lifeline counts. */
static void
a_child_is_one_row(void **state)
{
	struct boots *b = boots_new();
	struct child_row row = child(1);
	struct span_set set = { .wall_us = 7 };

	(void)state;
	boots_child(b, &row);
	boots_node(b, &one, "mesh1.broker.010000");
	row_at(b, 0, 2);
	row.ready.id = one;
	row.ready_ns = 1;
	strcpy(row.ready.name, "mesh1.broker.010000");
	boots_child(b, &row);
	assert_true(row_at(b, 0, 1)->child);
	boots_told(b, &one, "mesh1.broker.010000", &set, 9);
	boots_gone(b, &one);
	assert_null(row_at(b, 0, 1)->spans);
	assert_string_equal(row_at(b, 0, 1)->name, "mesh1.broker.010000");
	boots_free(b);
}

/* There is room for so many; the oldest goes, a living child stays. */
static void
rows_are_bounded(void **state)
{
	struct boots *b = boots_new();
	struct child_row row = child(0);
	size_t count;

	(void)state;
	boots_child(b, &row);
	for (unsigned i = 0; i < 2 * BOOTS_MAX; i++) {
		struct peer_id id = { { 9, (uint8_t)i, (uint8_t)(i >> 8) } };

		boots_node(b, &id, "x");
	}
	boots_rows(b, &count);
	assert_int_equal(count, BOOTS_MAX);
	assert_true(row_at(b, 0, BOOTS_MAX)->child);
	assert_int_equal(row_at(b, BOOTS_MAX - 1, BOOTS_MAX)->key, 2 * BOOTS_MAX + 1);
	boots_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_are_kept),
		cmocka_unit_test(others_are_told),
		cmocka_unit_test(a_child_is_one_row),
		cmocka_unit_test(rows_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
