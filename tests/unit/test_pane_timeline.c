/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/tui_world.h"
#include "tui/console.h"
#include "tui/keymap.h"
#include "tui/matches.h"

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
draw(struct fixture *f)
{
	console_draw(f->console, &f->world->model, f->canvas);
}

static void
press(struct fixture *f, uint32_t key)
{
	console_key(f->console, &f->world->model, key, &f->command);
	draw(f);
}

static void
press_all(struct fixture *f, const char *keys)
{
	for (; *keys; keys++)
		press(f, (uint8_t)*keys);
}

/* Line y of the body as text; to be freed. */
static char *
line(const struct fixture *f, int y)
{
	char *dump = canvas_dump(f->canvas), *at = dump, *text;

	for (int i = 0; i < y + 2; i++)
		at = strchr(at, '\n') + 1;
	text = strndup(at, strcspn(at, "\n"));
	free(dump);
	return text;
}

static void
line_holds(const struct fixture *f, int y, const char *want)
{
	char *text = line(f, y);

	if (!strstr(text, want))
		fail_msg("line %d is \"%s\", without \"%s\"", y, text, want);
	free(text);
}

static bool
shows(const struct fixture *f, const char *text)
{
	char *dump = canvas_dump(f->canvas);
	bool found = strstr(dump, text) != NULL;

	free(dump);
	return found;
}

static void
add(struct fixture *f, size_t actor, enum timeline_kind kind, const char *text)
{
	world_event(f->world, actor, kind, START, text);
}

/* The newest event is on top, with its age. */
static void
newest_first(void **state)
{
	struct fixture *f = *state;

	press_all(f, "4");
	assert_true(shows(f, "nothing has happened yet"));
	add(f, 0, TIMELINE_NODE_LIVE, "first");
	add(f, 1, TIMELINE_NODE_GONE, "second");
	world_tick(f->world, START + SECONDS(75));
	draw(f);
	line_holds(f, 1, "1m node.gone");
	line_holds(f, 1, "second");
	line_holds(f, 2, "first");
}

/* A chosen event stays in its place while others come; the first row follows the news. */
static void
a_chosen_event_stays(void **state)
{
	struct fixture *f = *state;
	char text[32];

	for (int i = 1; i <= 30; i++) {
		snprintf(text, sizeof(text), "event %d.", i);
		add(f, 0, TIMELINE_SEED_RETRY, text);
	}
	press_all(f, "4");
	line_holds(f, 1, "event 30.");
	press_all(f, "jj");
	line_holds(f, 3, "event 28.");
	add(f, 0, TIMELINE_SEED_RETRY, "event 31.");
	draw(f);
	line_holds(f, 3, "event 28.");
	line_holds(f, 19, "seen by mesh1.observer.0b5e7e: event 28.");
	press_all(f, "g");
	line_holds(f, 1, "event 31.");
	add(f, 0, TIMELINE_SEED_RETRY, "event 32.");
	draw(f);
	line_holds(f, 1, "event 32.");
	press_all(f, "G");
	line_holds(f, 18, "event 1.");
}

/* Space holds the list still and says how much came since; the control goes on. */
static void
it_can_be_held_still(void **state)
{
	struct fixture *f = *state;

	add(f, 0, TIMELINE_NODE_LIVE, "before");
	press_all(f, "4 ");
	add(f, 0, TIMELINE_NODE_LIVE, "after");
	draw(f);
	line_holds(f, 1, "before");
	assert_true(shows(f, "PAUSED, 1 newer"));
	press_all(f, " ");
	line_holds(f, 1, "after");
	assert_false(shows(f, "PAUSED"));
}

/* Kinds, meshes and words narrow the list together; Esc shows all again. */
static void
filters_narrow(void **state)
{
	struct fixture *f = *state;
	char group[MATCHES_GROUP_CAP];

	add(f, 0, TIMELINE_NODE_LIVE, "one");
	add(f, 9, TIMELINE_NODE_GONE, "two");
	add(f, 9, TIMELINE_PEER_CONNECTED, "three");
	press_all(f, "4f");
	assert_true(shows(f, "node.* 2 of 3"));
	press_all(f, "f");
	assert_true(shows(f, "peer.* 1 of 3"));
	line_holds(f, 1, "three");
	for (unsigned i = 2; matches_group(i, group) != NULL; i++)
		press_all(f, "f");
	assert_true(shows(f, "3 events"));
	press_all(f, "mm");
	assert_true(shows(f, "mesh2 2 of 3"));
	press_all(f, "f/gone");
	press(f, K_ENTER);
	assert_true(shows(f, "node.* mesh2 \"gone\" 1 of 3"));
	press_all(f, "/x");
	press(f, K_ENTER);
	assert_true(shows(f, "no event matches"));
	press(f, K_ESC);
	assert_true(shows(f, "3 events"));
}

/* o shows the events of the chosen one's node, whose name is said; o again shows all. */
static void
one_node_is_followed(void **state)
{
	struct fixture *f = *state;

	press_all(f, "4o");	/* of nobody: nothing happens */
	add(f, 0, TIMELINE_NODE_LIVE, "one");
	add(f, 1, TIMELINE_NODE_LIVE, "two");
	add(f, 0, TIMELINE_NODE_GONE, "three");
	press_all(f, "o");
	assert_true(shows(f, "of mesh1.broker.3b6a27 2 of 3"));
	line_holds(f, 1, "three");
	line_holds(f, 2, "one");
	press_all(f, "f");
	assert_true(shows(f, "of mesh1.broker.3b6a27 node.* 2 of 3"));
	press_all(f, "o");
	assert_true(shows(f, " node.* 3 of 3"));
	line_holds(f, 2, "two");
	press_all(f, "jo");
	press(f, K_ESC);
	assert_true(shows(f, "3 events"));
}

/* The filter of the timeline is not that of the tables. */
static void
filters_are_apart(void **state)
{
	struct fixture *f = *state;

	add(f, 0, TIMELINE_NODE_LIVE, "one");
	press_all(f, "4/zzz");
	press(f, K_ENTER);
	press_all(f, "2");
	assert_false(shows(f, "zzz"));
	press_all(f, "/gate");
	press(f, K_ENTER);
	press_all(f, "4");
	assert_true(shows(f, "\"zzz\" 0 of 1"));
}

/* Enter leads to the node of the event, even when a filter hid it there. */
static void
enter_leads_to_the_node(void **state)
{
	struct fixture *f = *state;

	add(f, 10, TIMELINE_NODE_SUSPECT, "x");
	press_all(f, "2/gate");
	press(f, K_ENTER);
	press_all(f, "4");
	press(f, K_ENTER);
	assert_true(shows(f, "HEARD"));
	press(f, K_ENTER);
	assert_true(shows(f, "neighbors"));
	assert_true(shows(f, "mesh2.compute.f7eac1") || shows(f, " mesh2.compute."));
	/* A node that nobody knows is said. */
	struct timeline_event e = { .kind = TIMELINE_NODE_SPAWN, .node = "mesh1.broker" };

	press(f, K_ESC);
	timeline_add(f->world->timeline, &e);
	press_all(f, "4");
	press(f, K_ENTER);
	assert_true(shows(f, "in no directory"));
}

/* It is shown before any node is known: a child that crashed at once, above all. */
static void
it_is_shown_without_nodes(void **state)
{
	struct fixture *f = *state;
	struct timeline_event e = { .kind = TIMELINE_NODE_CRASHED,
		.node = "mesh1.broker",
		.text = "exited with status 69" };

	f->world->model.mesh_count = 0;
	timeline_add(f->world->timeline, &e);
	press_all(f, "4");
	assert_true(shows(f, "node.crashed"));
}

/* A new event is a reason for a frame in this pane, and in no other. */
static void
news_is_drawn(void **state)
{
	struct fixture *f = *state;
	struct model *m = &f->world->model;

	for (const char *pane = "124"; *pane; pane++) {
		press(f, (uint8_t)*pane);
		m->now_ns += CONSOLE_FRAME_NS;
		assert_false(console_due(f->console, m));
		add(f, 0, TIMELINE_NODE_LIVE, "x");
		assert_int_equal(console_due(f->console, m), *pane == '4');
	}
}

/* The oldest are dropped while one of them is chosen: an older one takes its place. */
static void
drops_are_survived(void **state)
{
	struct fixture *f = *state;
	char text[32];

	for (int i = 0; i < TIMELINE_EVENTS_MAX; i++)
		add(f, 0, TIMELINE_SEED_RETRY, "old");
	press_all(f, "4Gk");
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "new %d", i);
		add(f, 0, TIMELINE_SEED_RETRY, text);
	}
	draw(f);
	assert_true(shows(f, "10000 events, 100 dropped"));
	line_holds(f, 18, "old");
	for (int i = 0; i < 2 * TIMELINE_EVENTS_MAX; i++)
		add(f, 0, TIMELINE_SEED_RETRY, "newer");
	draw(f);
	line_holds(f, 18, "newer");
}

/* The wheel of a mouse sends hundreds of keys: 10,000 through 10,000 filtered rows. */
static void
a_wheel_is_fast(void **state)
{
	struct fixture *f = *state;
	struct timespec begin, end;
	double s;

	for (int i = 0; i < TIMELINE_EVENTS_MAX; i++)
		add(f, (size_t)i % 18, i % 2 ? TIMELINE_NODE_LIVE : TIMELINE_SEED_RETRY,
			"text");
	press_all(f, "4/text");
	press(f, K_ENTER);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < TIMELINE_EVENTS_MAX; i++)
		console_key(f->console, &f->world->model, K_DOWN, &f->command);
	clock_gettime(CLOCK_MONOTONIC, &end);
	draw(f);
	line_holds(f, 18, "seed.retry");
	assert_true(shows(f, "10000 of 10000"));
	s = (double)(end.tv_sec - begin.tv_sec) +
		(double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	/* About 10 ms; a look at every event for every key would be 20 s. */
	assert_true(s < 2);
}

/* Only what is wanted matches, found again or not. */
static void
matches_are_kept(void **state)
{
	struct fixture *f = *state;
	struct timeline *t = f->world->timeline;
	const struct peer_id nobody = { 0 };
	struct matches m;

	matches_init(&m);
	for (int i = 0; i < 10; i++)
		add(f, 0, i % 2 ? TIMELINE_NODE_LIVE : TIMELINE_VIEW_UP, "a b");
	matches_follow(&m, t, "LIVE a", 0, "", &nobody);
	assert_int_equal(m.count, 5);
	assert_int_equal(m.seqs[0], 2);
	assert_int_equal(matches_upto(&m, 4), 2);
	assert_int_equal(matches_upto(&m, 5), 2);
	assert_int_equal(matches_upto(&m, 1), 0);
	add(f, 0, TIMELINE_NODE_LIVE, "a");
	matches_follow(&m, t, "LIVE a", 0, "", &nobody);
	assert_int_equal(m.count, 6);
	matches_follow(&m, t, "LIVE c", 0, "", &nobody);
	assert_int_equal(m.count, 0);
	matches_follow(&m, t, "", 0, "mesh2", &nobody);
	assert_int_equal(m.count, 0);
	matches_follow(&m, t, "", 4, "mesh1", &nobody);
	assert_int_equal(m.count, 5);
	matches_follow(&m, t, "", 4, "mesh1", world_id(f->world, 0));
	assert_int_equal(m.count, 5);
	matches_follow(&m, t, "", 4, "mesh1", world_id(f->world, 1));
	assert_int_equal(m.count, 0);
	matches_fini(&m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(newest_first),
		TEST(a_chosen_event_stays),
		TEST(it_can_be_held_still),
		TEST(filters_narrow),
		TEST(one_node_is_followed),
		TEST(filters_are_apart),
		TEST(enter_leads_to_the_node),
		TEST(it_is_shown_without_nodes),
		TEST(news_is_drawn),
		TEST(drops_are_survived),
		TEST(a_wheel_is_fast),
		TEST(matches_are_kept),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
