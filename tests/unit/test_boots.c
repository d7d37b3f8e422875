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
#include "control/answer.h"
#include "control/request.h"

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

static char *
answer_of(const struct peer_id *id, uint64_t wall_us)
{
	struct node_status status = { .id = *id, .name = "mesh1.gateway.020000" };
	struct span_set s = { .wall_us = wall_us };
	struct control_view v = { .status = &status, .spans = &s, .now_ns = 1 };
	const char *line = control_request_line(CONTROL_LIST_SPANS);

	return control_answer(&v, line, strlen(line));
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
	/* Nobody asks a child. */
	assert_null(boots_to_ask(b));
	/* No other child has its number; the next one has a row of its own. */
	row = child(4);
	boots_child(b, &row);
	assert_int_not_equal(row_at(b, 0, 2)->key, row_at(b, 1, 2)->key);
	boots_free(b);
	boots_free(NULL);
	assert_int_equal(mem_live(MEM_BOOTS), 0);
}

/* Other nodes are asked once, and what they answer is kept after they are gone. */
static void
others_are_asked(void **state)
{
	struct boots *b = boots_new();
	char *text = answer_of(&two, 7), *other = answer_of(&one, 8);

	(void)state;
	boots_found(b, "/a.sock", &two, "mesh1.gateway.020000");
	assert_string_equal(boots_to_ask(b), "/a.sock");
	assert_null(boots_to_ask(b));
	assert_true(row_at(b, 0, 1)->asked);
	/* From somebody else, or nonsense: no news. */
	boots_answered(b, "/a.sock", other, strlen(other), 8);
	boots_answered(b, "/a.sock", "{}", 2, 8);
	boots_answered(b, "/b.sock", text, strlen(text), 8);
	assert_null(row_at(b, 0, 1)->spans);
	boots_answered(b, "/a.sock", text, strlen(text), 9);
	assert_true(row_at(b, 0, 1)->spans->wall_us == 7);
	assert_int_equal(row_at(b, 0, 1)->heard_ns, 9);
	assert_null(boots_to_ask(b));
	boots_lost(b, "/a.sock");
	assert_true(row_at(b, 0, 1)->over);
	/* One that was never asked has nothing to keep. */
	boots_found(b, "/c.sock", &one, "mesh1.broker.010000");
	assert_string_equal(boots_to_ask(b), "/c.sock");
	boots_lost(b, "/c.sock");
	row_at(b, 0, 1);
	free(text);
	free(other);
	boots_free(b);
}

/* A child that is found by its socket, before or after READY, is one row and no two. */
static void
a_child_is_one_row(void **state)
{
	struct boots *b = boots_new();
	struct child_row row = child(1);

	(void)state;
	boots_child(b, &row);
	boots_found(b, "/a.sock", &one, "mesh1.broker.010000");
	row_at(b, 0, 2);
	row.ready.id = one;
	row.ready_ns = 1;
	strcpy(row.ready.name, "mesh1.broker.010000");
	boots_child(b, &row);
	assert_true(row_at(b, 0, 1)->child);
	boots_found(b, "/a.sock", &one, "mesh1.broker.010000");
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
		char path[32];

		snprintf(path, sizeof(path), "/%u.sock", i);
		boots_found(b, path, &id, "x");
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
		cmocka_unit_test(others_are_asked),
		cmocka_unit_test(a_child_is_one_row),
		cmocka_unit_test(rows_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
