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
#include "tui/console.h"
#include "tui/keymap.h"

#define START SECONDS(1000)

struct fixture {
	struct world *world;
	struct console *console;
	struct canvas *canvas;
	struct console_command command;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->world = world_new(2, 9, START);
	f->console = console_new();
	f->canvas = canvas_new(100, 24, false);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	console_free(f->console);
	canvas_free(f->canvas);
	world_free(f->world);
	free(f);
	return 0;
}

static void
press_all(struct fixture *f, const char *keys)
{
	for (; *keys; keys++) {
		console_key(f->console, &f->world->model, *keys == '\n' ? K_ENTER
			: (uint8_t)*keys, &f->command);
		console_draw(f->console, &f->world->model, f->canvas);
	}
}

/* The first line of the screen that holds this, or NULL; to be freed. */
static char *
line_with(const struct fixture *f, const char *text)
{
	char *dump = canvas_dump(f->canvas), *at = strstr(dump, text), *begin = at;
	char *line = NULL;

	if (at) {
		while (begin > dump && begin[-1] != '\n')
			begin--;
		line = strndup(begin, strcspn(begin, "\n"));
	}
	free(dump);
	return line;
}

static void
line_holds(const struct fixture *f, const char *with, const char *text)
{
	char *line = line_with(f, with);

	if (!line || !strstr(line, text))
		fail_msg("\"%s\" is not in \"%s\"", text, line ? line : "(no line)");
	free(line);
}

static void
is_there(const struct fixture *f, const char *text)
{
	char *line = line_with(f, text);

	assert_non_null(line);
	free(line);
}

static void
is_absent(const struct fixture *f, const char *text)
{
	assert_null(line_with(f, text));
}

/* A step that took 200 ms is a bar of that length, with its figures beside it. */
static void
a_long_step_is_a_long_bar(void **state)
{
	struct fixture *f = *state;

	world_boot(f->world, 0, 200000, NULL, false);
	press_all(f, "5");
	line_holds(f, "booted in", "mesh1.broker.3b6a27 booted in 200430 us, 7 spans");
	line_holds(f, "identity_loaded", "+30     200000  ━━━━━━━━━━━━━━━━━━━━━━━━");
	line_holds(f, "endpoint_created", "+200030        100");
	line_holds(f, "joined", "▸");
	line_holds(f, "version", "0.1.0");
}

/* A failed step is marked, says why, and comes before all others; so does an open one. */
static void
trouble_is_first(void **state)
{
	struct fixture *f = *state;

	world_boot(f->world, 0, 900000, NULL, false);
	world_boot(f->world, 1, 2000, NULL, true);
	world_boot(f->world, 2, 1000, "address in use", false);
	press_all(f, "5");
	line_holds(f, "failed after", "mesh1.gateway.");
	line_holds(f, "endpoint_created", "✗");
	is_there(f, "address in use");
	is_absent(f, "alpn_registered");
	press_all(f, "j");
	line_holds(f, "boots since", "mesh1.compute.");
	line_holds(f, "endpoint_created", "open");
	press_all(f, "j");
	line_holds(f, "booted in", "mesh1.broker.");
	press_all(f, "jjg");
	line_holds(f, "failed after", "mesh1.gateway.");
}

/* An open step grows with the time, as long as its process lives. */
static void
open_steps_grow(void **state)
{
	struct fixture *f = *state;

	world_boot(f->world, 0, 1000, NULL, true);
	world_tick(f->world, START + SECONDS(3));
	press_all(f, "5");
	line_holds(f, "boots since", "3001030 us");
	f->world->boots[0].over = true;
	press_all(f, "5");
	line_holds(f, "ended after", "1030 us");
}

/* All boots on one scale: the list has the pane, and the same one stays chosen. */
static void
all_are_overlaid(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < 10; i++)
		world_boot(f->world, i, i == 4 ? 20000 : 1000, NULL, false);
	press_all(f, "5v");
	is_absent(f, "booted in");
	line_holds(f, "20430", "iiiiiiiiiiiiiiiiiiiiiiiiiiii");
	line_holds(f, "1430", "iii");
	press_all(f, "jv");
	line_holds(f, "booted in", "booted in 1430 us");
}

/* A boot that is not known says so; that of a node is one step from its row. */
static void
the_unknown_is_said(void **state)
{
	struct fixture *f = *state;

	world_boot_unknown(f->world, 0);
	press_all(f, "5");
	is_there(f, "has not told of its boot yet");
	press_all(f, "\n");
	is_there(f, "HEARD");
}

/* Boots are shown before any node is known: one that failed has no directory. */
static void
a_failed_first_node_is_shown(void **state)
{
	struct fixture *f = *state;

	world_boot(f->world, 0, 100, "no", false);
	f->world->model.mesh_count = 0;
	press_all(f, "5");
	is_there(f, "failed after");
	press_all(f, "\n");
	is_there(f, "in no directory");
}

/* News of a boot is a reason for a frame, while boots are looked at. */
static void
news_is_drawn(void **state)
{
	struct fixture *f = *state;
	struct model *m = &f->world->model;

	for (const char *pane = "15"; *pane; pane++) {
		press_all(f, (const char[]){ *pane, '\0' });
		m->now_ns += CONSOLE_FRAME_NS;
		assert_false(console_due(f->console, m));
		world_boot(f->world, 0, 1000, NULL, false);
		assert_int_equal(console_due(f->console, m), *pane == '5');
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_long_step_is_a_long_bar),
		TEST(trouble_is_first),
		TEST(open_steps_grow),
		TEST(all_are_overlaid),
		TEST(the_unknown_is_said),
		TEST(a_failed_first_node_is_shown),
		TEST(news_is_drawn),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
