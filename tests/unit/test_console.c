/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/console_rig.h"
#include "tests/unit/tui_world.h"
#include "tui/keymap.h"

#define START SECONDS(1000)

struct fixture {
	struct world *world;
	struct console_rig rig;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->world = world_new(2, 9, START);
	console_rig_init(&f->rig, &f->world->model, 100, 30);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	console_rig_fini(&f->rig);
	world_free(f->world);
	free(f);
	return 0;
}

/* q leaves at once when no node runs in the console. */
static void
quitting_is_plain_without_children(void **state)
{
	struct fixture *f = *state;

	assert_true(console_rig_press(&f->rig, 'q'));
	assert_int_equal(f->rig.command.kind, CONSOLE_QUIT);
}

/* With children it asks, and anything but y changes nothing. */
static void
quitting_asks_with_children(void **state)
{
	struct fixture *f = *state;

	world_adopt(f->world, 0, START);
	assert_false(console_rig_press(&f->rig, 'q'));
	assert_true(console_rig_shows(
		&f->rig, "1 node started here will end with it. Quit?"));
	assert_false(console_rig_press(&f->rig, K_ESC));
	assert_false(console_rig_press(&f->rig, K_CTRL_C));
	assert_true(console_rig_press(&f->rig, 'y'));
	assert_int_equal(f->rig.command.kind, CONSOLE_QUIT);
}

/* Bootstrapping is confirmed first. */
static void
bootstrap_is_confirmed(void **state)
{
	struct fixture *f = *state;

	assert_false(console_rig_press(&f->rig, 'b'));
	assert_false(console_rig_press(&f->rig, 'n'));
	assert_false(console_rig_press(&f->rig, 'b'));
	assert_true(console_rig_press(&f->rig, 'y'));
	assert_int_equal(f->rig.command.kind, CONSOLE_BOOTSTRAP);
}

/*
 * A new node gets a type and a mesh that are labels; the default is the selected node's
 * mesh.
 */
static void
a_new_node_has_labels(void **state)
{
	struct fixture *f = *state;

	console_rig_type(&f->rig, "2");
	console_rig_press(&f->rig, K_END);
	assert_false(console_rig_press(&f->rig, 'n'));
	assert_false(console_rig_press(&f->rig, 'A'));
	assert_false(console_rig_press(&f->rig, K_ENTER));
	assert_true(console_rig_shows(&f->rig, "type: a to z"));
	console_rig_press(&f->rig, K_BACKSPACE);
	console_rig_type(&f->rig, "2");
	assert_true(console_rig_press(&f->rig, K_ENTER));
	assert_int_equal(f->rig.command.kind, CONSOLE_SPAWN);
	assert_string_equal(f->rig.command.type, "2");
	assert_string_equal(f->rig.command.mesh, "mesh2");
}

/* Only a node of our own can be stopped, after a yes. */
static void
only_own_nodes_are_stopped(void **state)
{
	struct fixture *f = *state;

	console_rig_type(&f->rig, "2x");
	assert_true(console_rig_shows(&f->rig, "was not started here"));
	world_adopt(f->world, 0, START);
	console_rig_type(&f->rig, "x");
	assert_true(console_rig_shows(&f->rig, "Stop mesh1.broker.3b6a27 (pid 4711)?"));
	assert_true(console_rig_press(&f->rig, 'y'));
	assert_int_equal(f->rig.command.kind, CONSOLE_STOP);
	assert_int_equal(f->rig.command.child, 7);
	f->world->child.state = CHILD_ENDED;
	console_rig_type(&f->rig, "x");
	assert_true(console_rig_shows(&f->rig, "has ended already"));
}

/* There are ten panes at the most. */
static void
press_until(struct fixture *f, uint32_t key, const char *shown)
{
	for (int i = 0; i < 10 && !console_rig_shows(&f->rig, shown); i++)
		console_rig_press(&f->rig, key);
	assert_true(console_rig_shows(&f->rig, shown));
}

/* Alerts are counted above until they are seen; the chosen one is acted on. */
static void
alerts_are_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct alerts *a = f->world->alerts;

	console_rig_type(&f->rig, "7");
	assert_true(console_rig_shows(&f->rig, "nothing is or was too high"));
	assert_false(console_rig_press(&f->rig, 'a'));
	world_figure(f->world, 1, ALERT_LOOP_LAG, 400, START);
	world_figure(f->world, 2, ALERT_LOOP_LAG, 500, START);
	assert_true(console_due(f->rig.console, &f->world->model) ||
		f->world->model.now_ns < START + CONSOLE_FRAME_NS);
	console_rig_type(&f->rig, "2");
	assert_true(console_rig_shows(&f->rig, "2 alerts"));
	console_rig_type(&f->rig, "7");
	/* The newest is the first; it is the first that is acted on. */
	assert_true(console_rig_press(&f->rig, 'a'));
	assert_int_equal(f->rig.command.kind, CONSOLE_ACKNOWLEDGE);
	assert_int_equal(f->rig.command.alert, 2);
	alerts_acknowledge(a, f->rig.command.alert, START);
	console_rig_press(&f->rig, K_DOWN);
	assert_true(console_rig_shows(&f->rig, "1 alert "));
	world_figure(f->world, 3, ALERT_LOOP_LAG, 600, START + SECONDS(1));
	/* And not the one that took its row. */
	assert_true(console_rig_press(&f->rig, 'a'));
	assert_int_equal(f->rig.command.alert, 1);
	assert_true(console_rig_press(&f->rig, 'A'));
	assert_int_equal(f->rig.command.alert, 0);
	alerts_acknowledge_all(a, START);
	console_rig_press(&f->rig, K_ENTER);
	assert_true(console_rig_shows(&f->rig, "HEARD"));
	assert_false(console_rig_shows(&f->rig, "alert "));
}

/* Keys lead to the panes, Tab goes round, and detail opens and closes. */
static void
panes_are_reached(void **state)
{
	struct fixture *f = *state;
	struct console_wants wants;

	console_rig_type(&f->rig, "2");
	assert_true(console_rig_shows(&f->rig, "NODE"));
	console_rig_type(&f->rig, "3");
	assert_true(console_rig_shows(&f->rig, "WHERE"));
	console_rig_press(&f->rig, K_TAB);
	assert_true(console_rig_shows(&f->rig, "nothing has happened yet"));
	console_wants(f->rig.console, &wants);
	assert_int_equal(wants.all, 1u << WATCHED_EVENTS);
	console_rig_press(&f->rig, K_TAB);
	assert_true(console_rig_shows(&f->rig, "no boot is known"));
	console_wants(f->rig.console, &wants);
	assert_int_equal(wants.all, 1u << WATCHED_BOOT | 1u << WATCHED_SPANS);
	console_rig_type(&f->rig, "2j6");
	console_wants(f->rig.console, &wants);
	assert_int_equal(wants.of_selected, 1u << WATCHED_MESSAGES);
	assert_false(id_is_zero(&wants.selected));
	console_rig_type(&f->rig, "2\n");
	console_wants(f->rig.console, &wants);
	assert_int_equal(wants.of_selected, 1u << WATCHED_LINKS | 1u << WATCHED_OBJECTS);
	console_rig_type(&f->rig, "2");
	console_wants(f->rig.console, &wants);
	assert_int_equal(wants.all | wants.of_selected, 0);
	press_until(f, K_TAB, "Everywhere");
	console_rig_press(&f->rig, K_ESC);
	assert_false(console_rig_shows(&f->rig, "Everywhere"));
	press_until(f, K_BACKTAB, "no boot is known");
	console_rig_press(&f->rig, K_BACKTAB);
	assert_true(console_rig_shows(&f->rig, "nothing has happened yet"));
	console_rig_press(&f->rig, K_BACKTAB);
	assert_true(console_rig_shows(&f->rig, "WHERE"));
	console_rig_press(&f->rig, K_BACKTAB);
	assert_true(console_rig_shows(&f->rig, "NODE"));
	console_rig_press(&f->rig, K_ENTER);
	assert_true(console_rig_shows(&f->rig, "neighbors"));
	console_rig_press(&f->rig, K_ESC);
	assert_true(console_rig_shows(&f->rig, "NODE"));
}

/* Who is selected in the topology is selected in the tables. */
static void
the_selection_is_shared(void **state)
{
	struct fixture *f = *state;

	console_rig_type(&f->rig, "1m");
	console_rig_type(&f->rig, "m2");
	console_rig_press(&f->rig, K_ENTER);
	assert_true(console_rig_shows(&f->rig, " mesh2.broker.2ebbc3"));
}

/* A filter works while it is typed; Esc brings the old one back. */
static void
filters_work_as_typed(void **state)
{
	struct fixture *f = *state;

	console_rig_type(&f->rig, "2/reg");
	assert_true(console_rig_shows(&f->rig, "2 of 18 match"));
	console_rig_press(&f->rig, K_ESC);
	assert_false(console_rig_shows(&f->rig, "match"));
	console_rig_type(&f->rig, "/gate");
	console_rig_press(&f->rig, K_ENTER);
	assert_true(console_rig_shows(&f->rig, "4 of 18 match"));
	console_rig_press(&f->rig, K_ESC);
	assert_false(console_rig_shows(&f->rig, "match"));
}

/* A frame is due for a reason: the second hand, a change that can be seen, a key. */
static void
frames_have_a_reason(void **state)
{
	struct fixture *f = *state;
	struct model *m = &f->world->model;

	assert_true(console_due(f->rig.console, m));
	console_draw(f->rig.console, m, f->rig.canvas);
	assert_false(console_due(f->rig.console, m));
	/* New digests alone wait for the second hand. */
	world_beat(f->world, START + MILLISECONDS(300));
	assert_false(console_due(f->rig.console, m));
	assert_int_equal(console_deadline(f->rig.console, m), START + SECONDS(1));
	world_accuse(f->world, 0, 3, START + MILLISECONDS(301));
	assert_true(console_due(f->rig.console, m));
	console_draw(f->rig.console, m, f->rig.canvas);
	assert_false(console_due(f->rig.console, m));
	world_tick(f->world, START + SECONDS(1));
	assert_true(console_due(f->rig.console, m));
}

/* However many keys come, at most ten frames a second are drawn. */
static void
frames_are_limited(void **state)
{
	struct fixture *f = *state;
	struct model *m = &f->world->model;

	console_draw(f->rig.console, m, f->rig.canvas);
	console_key(f->rig.console, m, 'j', &f->rig.command);
	world_tick(f->world, START + MILLISECONDS(99));
	assert_false(console_due(f->rig.console, m));
	assert_int_equal(console_deadline(f->rig.console, m), START + MILLISECONDS(100));
	world_tick(f->world, START + MILLISECONDS(100));
	assert_true(console_due(f->rig.console, m));
}

/* A node does not move in the picture when others come and go. */
static void
the_picture_is_still(void **state)
{
	struct fixture *f = *state;
	char *before, *after, *name;
	size_t at;

	f->world->model.mesh_count = 1;
	console_rig_type(&f->rig, "1");
	before = canvas_dump(f->rig.canvas);
	name = strstr(before, "f4bd46");
	assert_non_null(name);
	at = (size_t)(name - before);
	/* Gone, and 60 s later forgotten: six of nine slots are empty. */
	for (size_t i = 0; i < 9; i++)
		world_silence(f->world, i, i != 5 && i != 1 && i != 2);
	for (int s = 2; s < 130; s += 2)
		world_beat(f->world, START + SECONDS(s));
	assert_int_equal(directory_count(f->world->directories[0]), 3);
	console_draw(f->rig.console, &f->world->model, f->rig.canvas);
	after = canvas_dump(f->rig.canvas);
	assert_non_null(strstr(after, "f4bd46"));
	/* The same line; columns differ in bytes, since others are blank now. */
	for (char *p = before, *q = after; ; p++, q++) {
		while (p < before + at && *p != '\n')
			p++;
		while (*q != '\n' && strncmp(q, "f4bd46", 6) != 0)
			q++;
		assert_int_equal(p >= before + at, *q != '\n');
		if (p >= before + at)
			break;
	}
	free(before);
	free(after);
}

/* Cells that differ between two canvases of one size. */
static size_t
difference(const struct canvas *a, const struct canvas *b)
{
	size_t cells = 0;

	for (int i = 0; i < a->width * a->height; i++)
		cells += memcmp(&a->cells[i], &b->cells[i], sizeof(a->cells[0])) != 0;
	return cells;
}

/*
 * A calm mesh makes a calm screen: in the topology nothing changes from second to second,
 * in the nodes table only figures do. 18 rows with 6 changing figures of 2 digits are 216
 * cells in the 2 s between digests, well under 1 kB/s.
 */
static void
a_calm_mesh_is_a_calm_screen(void **state)
{
	static const struct { const char *pane; size_t cells_max; } bounds[] = {
		{ "1", 0 }, { "2", 216 }, { "?", 0 },
	};
	struct fixture *f = *state;
	struct canvas *before = canvas_new(80, 24, false),
		      *after = canvas_new(80, 24, false);
	uint64_t now_ns = START + SECONDS(120);

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		world_beat(f->world, now_ns);
		console_rig_type(&f->rig, bounds[i].pane);
		console_draw(f->rig.console, &f->world->model, before);
		now_ns += SECONDS(2);
		world_beat(f->world, now_ns);
		console_draw(f->rig.console, &f->world->model, after);
		assert_true(difference(before, after) <= bounds[i].cells_max);
	}
	canvas_free(before);
	canvas_free(after);
}

/* What a peer calls its build cannot steer the terminal. */
static void
peers_cannot_write_escapes(void **state)
{
	struct fixture *f = *state;
	char *dump;

	world_build(f->world, 0, "\033[2J\xe2\x80\xaex");
	world_beat(f->world, START + SECONDS(1));
	console_rig_type(&f->rig, "2");
	console_rig_press(&f->rig, K_ENTER);
	dump = canvas_dump(f->rig.canvas);
	assert_null(strchr(dump, '\033'));
	assert_null(strstr(dump, "\xe2\x80\xae"));
	free(dump);
}

/* News is shown with its age and goes away; bad news stays longer. */
static void
news_has_an_age(void **state)
{
	struct fixture *f = *state;

	world_notice(f->world, MODEL_NOTICE_INFO, START, "mesh1.broker.3b6a27 is ready");
	console_rig_type(&f->rig, "2");
	assert_true(console_rig_shows(&f->rig, "mesh1.broker.3b6a27 is ready"));
	world_beat(f->world, START + SECONDS(5));
	console_rig_type(&f->rig, "2");
	assert_true(console_rig_shows(&f->rig, "is ready 5s ago"));
	world_beat(f->world, START + SECONDS(11));
	console_rig_type(&f->rig, "2");
	assert_false(console_rig_shows(&f->rig, "is ready"));
	world_notice(f->world, MODEL_NOTICE_ERROR, START, "could not start");
	console_rig_type(&f->rig, "2");
	assert_true(console_rig_shows(&f->rig, "could not start 11s ago"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(quitting_is_plain_without_children),
		TEST(quitting_asks_with_children),
		TEST(bootstrap_is_confirmed),
		TEST(a_new_node_has_labels),
		TEST(only_own_nodes_are_stopped),
		TEST(alerts_are_acknowledged),
		TEST(panes_are_reached),
		TEST(the_selection_is_shared),
		TEST(filters_work_as_typed),
		TEST(frames_have_a_reason),
		TEST(frames_are_limited),
		TEST(the_picture_is_still),
		TEST(a_calm_mesh_is_a_calm_screen),
		TEST(peers_cannot_write_escapes),
		TEST(news_has_an_age),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
