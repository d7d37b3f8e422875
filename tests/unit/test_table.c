/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tui_world.h"
#include "tui/table.h"
#include "tui/words.h"

#define START SECONDS(1000)

struct fixture {
	struct world *world;
	struct canvas *canvas;
	struct peer_id selected;
	void *pane;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->world = world_new(2, 9, START);
	f->canvas = canvas_new(80, 20, false);
	f->pane = pane_nodes_ops.new();
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	pane_nodes_ops.free(f->pane);
	canvas_free(f->canvas);
	world_free(f->world);
	free(f);
	return 0;
}

static void
draw(struct fixture *f, const char *filter)
{
	struct pane_context x = { &f->world->model, &f->selected, filter };

	canvas_clear(f->canvas);
	pane_nodes_ops.draw(f->pane, &x, f->canvas);
}

static bool
act(struct fixture *f, enum action a)
{
	struct pane_context x = { &f->world->model, &f->selected, "" };

	return pane_nodes_ops.act(f->pane, &x, a);
}

/* The line of the canvas that holds the text, or -1. */
static int
line_of(const struct canvas *c, const char *text)
{
	char *dump = canvas_dump(c), *at = strstr(dump, text);
	int line = at ? 0 : -1;

	for (char *p = dump; at && p < at; p++)
		line += *p == '\n';
	free(dump);
	return line;
}

static int
selected_line(const struct canvas *c)
{
	for (int y = 0; y < c->height; y++)
		if (c->cells[y * c->stride].style & THEME_SELECTED)
			return y;
	return -1;
}

/* The cursor stays on its node when rows before it go. */
static void
selection_follows_the_node(void **state)
{
	struct fixture *f = *state;
	struct peer_id chosen;

	draw(f, "");
	assert_int_equal(selected_line(f->canvas), 1);
	for (int i = 0; i < 5; i++)
		assert_true(act(f, ACTION_SELECT_DOWN));
	chosen = f->selected;
	draw(f, "");
	assert_int_equal(selected_line(f->canvas), 6);
	act(f, ACTION_REVERSE);
	draw(f, "");
	assert_true(id_equal(&chosen, &f->selected));
	assert_int_not_equal(selected_line(f->canvas), -1);
}

/* When the selected node is filtered away, the cursor stays in the table. */
static void
a_vanished_node_leaves_the_cursor(void **state)
{
	struct fixture *f = *state;

	draw(f, "");
	act(f, ACTION_LAST);
	draw(f, "registry");
	assert_int_equal(selected_line(f->canvas), 2);
	assert_int_not_equal(line_of(f->canvas, "2 of 18 match"), -1);
	draw(f, "no such node");
	assert_int_equal(selected_line(f->canvas), -1);
	assert_int_not_equal(line_of(f->canvas, "no node matches"), -1);
}

/* All words of a filter must occur, in any case, anywhere in the row. */
static void
filters_are_words(void **state)
{
	struct fixture *f = *state;
	struct rows r;

	rows_build(&r, &f->world->model, "MESH2 broker");
	assert_int_equal(r.count, 3);
	assert_int_equal(r.total, 18);
	rows_fini(&r);
	rows_build(&r, &f->world->model, "127.0.0.1:40003");
	assert_int_equal(r.count, 1);
	rows_fini(&r);
	rows_build(&r, &f->world->model, "suspect");
	assert_int_equal(r.count, 0);
	rows_fini(&r);
}

/* Sorting goes through the columns that are shown; CPU has the busiest first. */
static void
sorting_puts_the_most_first(void **state)
{
	struct fixture *f = *state;

	draw(f, "");
	for (int i = 0; i < 4; i++)
		act(f, ACTION_SORT);
	draw(f, "");
	assert_int_equal(line_of(f->canvas, "86%"), 1);
	assert_int_not_equal(line_of(f->canvas, "CPU▲"), -1);
	act(f, ACTION_REVERSE);
	draw(f, "");
	assert_int_equal(line_of(f->canvas, "86%"), 18);
}

/* The state column puts the worst first. */
static void
sorting_by_state_shows_trouble(void **state)
{
	struct fixture *f = *state;

	draw(f, "");
	act(f, ACTION_SORT);
	draw(f, "");
	assert_int_equal(line_of(f->canvas, "suspect"), -1);
	world_accuse(f->world, 10, 13, START + SECONDS(1));
	draw(f, "");
	assert_int_equal(line_of(f->canvas, "suspect"), 1);
}

/*
 * Whatever the width: columns do not overlap, stay inside, and the name is always there.
 */
static void
columns_fit_every_width(void **state)
{
	static const struct table_column columns[] = {
		{ "A", 10, 20, 0, false },
		{ "B", 5, 5, 2, true },
		{ "C", 7, 30, 1, false },
	};
	static const struct table_ops ops = { columns, 3, NULL, NULL };
	int x[TABLE_COLUMNS_MAX], w[TABLE_COLUMNS_MAX];

	(void)state;
	for (int width = 10; width < 200; width++) {
		int end = 0;

		table_layout(&ops, width, x, w);
		assert_true(w[0] >= 10);
		for (int i = 0; i < 3; i++) {
			if (w[i] == 0)
				continue;
			assert_true(x[i] >= end);
			end = x[i] + w[i];
		}
		assert_true(end <= width);
	}
	table_layout(&ops, 18, x, w);
	assert_true(w[2] > 0 && w[1] == 0);
}

/* A node that is gone shows no figures: what it last said is no measurement of now. */
static void
gone_nodes_show_no_figures(void **state)
{
	struct fixture *f = *state;
	int line;

	draw(f, "registry mesh1");
	assert_int_not_equal(line_of(f->canvas, "M "), -1);
	world_leave(f->world, 5, START + SECONDS(1));
	draw(f, "registry mesh1");
	line = line_of(f->canvas, "left 0s");
	assert_int_equal(line, 1);
	assert_int_equal(line_of(f->canvas, "%"), -1);
}

/* Ages and counts fit their columns up to the largest values. */
static void
figures_fit_their_columns(void **state)
{
	static const uint64_t values[] = { 0, 1, 999, 9999, 10000, 99949, 99950, 123456,
		999499, 999500, 1000000, UINT64_MAX };
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_true(strlen(words_count(text, sizeof(text), values[i])) <= 5);
		assert_true(strlen(words_kib(text, sizeof(text), values[i])) <= 5);
		assert_true(
			strlen(words_percent(text, sizeof(text), values[i], 100)) <= 4);
	}
	assert_string_equal(words_count(text, sizeof(text), 12400), "12.4k");
	assert_string_equal(words_kib(text, sizeof(text), 5222), "5.1M");
	assert_string_equal(words_age(text, sizeof(text), SECONDS(187)), "3m");
	assert_string_equal(words_age_long(text, sizeof(text), SECONDS(187)), "3m07s");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(selection_follows_the_node),
		TEST(a_vanished_node_leaves_the_cursor),
		TEST(filters_are_words),
		TEST(sorting_puts_the_most_first),
		TEST(sorting_by_state_shows_trouble),
		TEST(columns_fit_every_width),
		TEST(gone_nodes_show_no_figures),
		TEST(figures_fit_their_columns),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
