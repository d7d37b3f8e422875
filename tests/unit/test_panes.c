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

#include "tests/unit/console_rig.h"
#include "tests/unit/tui_watched.h"
#include "tui/console.h"
#include "tui/keymap.h"

/*
 * Whole screens against files in tests/unit/golden: a model in, lines out. With
 * UPDATE_GOLDEN in the environment the files are written instead; look at what changed
 * before it is committed.
 */
#define START SECONDS(1000)

/* How they started: one failed, one is at it, one took long, one is not known. */
static void
boot_all(struct world *w)
{
	for (size_t i = 0; i < 12; i++)
		world_boot(w, i, 2000 + 137 * i, NULL, false);
	world_boot(w, 12, 9000, NULL, false);
	world_boot(w, 13, 2500, "127.0.0.1:4000: address in use", false);
	world_boot(w, 14, 2500, NULL, true);
	world_boot_unknown(w, 15);
}

/* What an observer of that trouble has seen. */
static void
tell_story(struct world *w)
{
	world_event(w, 0, TIMELINE_PEER_CONNECTED, START, "dialed");
	for (size_t i = 0; i < w->actor_count; i++)
		world_event(w, i, TIMELINE_NODE_LIVE, START + SECONDS(i), "appeared");
	world_event(w, 1, TIMELINE_NODE_SPAWN, START + SECONDS(40), "pid 4711");
	world_event(w, 1, TIMELINE_NODE_READY, START + SECONDS(40), "booted in 12ms");
	world_event(w, 3, TIMELINE_PEER_ACCUSED, START + SECONDS(95),
		"by mesh1.broker.3b6a27: no answer");
	world_event(w, 3, TIMELINE_NODE_SUSPECT, START + SECONDS(95),
		"was live; accused by mesh1.broker.3b6a27: no answer");
	world_event(w, 8, TIMELINE_NODE_LEFT, START + SECONDS(97), "was live");
	world_event(w, 12, TIMELINE_NODE_GONE, START + SECONDS(97), "was suspect");
	world_event(w, 12, TIMELINE_PEER_DISCONNECTED, START + SECONDS(98),
		"stalled: no answer");
	world_event(w, 12, TIMELINE_SEED_RETRY, START + SECONDS(98), "retry 2 in 2.3 s");
	world_event(w, 12, TIMELINE_SEED_GIVEUP, START + SECONDS(98),
		"giveup after 10 attempts; probing goes on every 30 s");
	world_event(w, 5, TIMELINE_NODE_CRASHED, START + SECONDS(98),
		"ended by signal 9 (SIGKILL)");
}

/* Two meshes with one node that left, one accused once, one accused twice and silent. */
static struct world *
troubled_world(void)
{
	struct world *w = world_new(2, 9, START);

	world_adopt(w, 1, START);
	world_leave(w, 8, START + SECONDS(97));
	world_silence(w, 3, true);
	world_silence(w, 12, true);
	for (int s = 6; s <= 96; s += 6)
		world_beat(w, START + SECONDS(s));
	world_accuse(w, 0, 3, START + SECONDS(95));
	world_accuse(w, 9, 12, START + SECONDS(95));
	world_accuse(w, 10, 12, START + SECONDS(95));
	world_beat(w, START + SECONDS(98));
	world_tick(w, START + SECONDS(99));
	tell_story(w);
	boot_all(w);
	return w;
}

/* Presses the keys of `keys` one by one, drawing before each as a person would see it. */
static void
screen(const char *name, struct world *w, const char *keys, int width, int height)
{
	struct canvas *c = canvas_new(width, height, false);
	struct console *console = console_new();
	struct console_command command;

	console_draw(console, &w->model, c);
	for (; *keys; keys++) {
		console_key(console, &w->model, *keys == '\n' ? K_ENTER : (uint8_t)*keys,
			&command);
		console_draw(console, &w->model, c);
	}
	console_rig_golden(name, c);
	console_free(console);
	canvas_free(c);
}

/* Each pane at the three sizes that are promised. */
static void
panes_look_as_agreed(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 160, 48 }, { 40, 12 } };
	struct world *w = troubled_world();

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int width = sizes[i][0], height = sizes[i][1];

		screen("topology", w, "1", width, height);
		screen("topology-selected", w, "1jjj", width, height);
		screen("nodes", w, "2jj", width, height);
		screen("directory", w, "3", width, height);
		screen("timeline", w, "4jj", width, height);
		screen("boot", w, "5jj", width, height);
		screen("boot-failed", w, "5", width, height);
		screen("boot-all", w, "5v", width, height);
		screen("help", w, "?", width, height);
		screen("detail", w, "2jj\n", width, height);
		screen("detail-live", w, "2/cecc15\n\n", width, height);
	}
	world_free(w);
}

/* What a watched node tells: frames, a trace over two nodes, links and objects. */
static void
watched_looks_as_agreed(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 160, 48 }, { 40, 12 } };
	struct world *w = troubled_world();
	struct tui_watched x;

	(void)state;
	tui_watched_init(&x, w, 0, 2);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int width = sizes[i][0], height = sizes[i][1];

		screen("messages", w, "2g6j", width, height);
		screen("trace", w, "5tj", width, height);
		screen("detail-watched", w, "2g\n    ", width, height);
	}
	screen("messages-kind", w, "2g6fff", 80, 24);
	screen("messages-none", w, "6", 80, 24);
	screen("timeline-lost", w, "4", 80, 24);
	screen("trace-failed", w, "5t", 80, 24);
	screen("trace-of", w, "2/6b79c5\ng5to", 80, 24);
	tui_watched_fini(&x);
	world_free(w);
}

/* Two are too high, one was, one was seen by somebody. */
static struct world *
alarmed_world(void)
{
	struct world *w = troubled_world();

	for (int s = 0; s <= 40; s += 2) {
		uint64_t at = START + SECONDS(50 + s);

		world_figure(w, 7, ALERT_LOOP_STALLED, s == 0 ? 3400 : 2, at);
		world_figure(w, 2, ALERT_CPU_BUDGET, 91 + (uint64_t)s / 10, at);
		if (s >= 20)
			world_figure(w, 10, ALERT_MEMORY_BYTES, 1258291, at);
		if (s >= 30)
			world_figure(w, 11, ALERT_NAME_COLLISION, 1, at);
	}
	alerts_acknowledge(w->alerts, 2, START + SECONDS(95));
	return w;
}

/* Alerts at the promised sizes, with a filter, and with none. */
static void
alerts_look_as_agreed(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 160, 48 }, { 40, 12 } };
	struct world *w = alarmed_world();

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		screen("alerts", w, "7j", sizes[i][0], sizes[i][1]);
	screen("alerts-filtered", w, "7/loop over\n", 80, 24);
	world_free(w);
	w = troubled_world();
	screen("alerts-none", w, "7", 80, 24);
	world_free(w);
}

/* Every form of the overlay, and prompts over it. */
static void
forms_and_prompts_look_as_agreed(void **state)
{
	struct world *w = troubled_world();

	(void)state;
	screen("topology-tiles", w, "1v", 80, 24);
	screen("topology-matrix", w, "1v", 160, 48);
	screen("spawn", w, "n", 80, 24);
	screen("stop", w, "2/cecc15\nx", 80, 24);
	screen("quit", w, "q", 80, 24);
	screen("filter", w, "2/comp", 80, 24);
	screen("timeline-filtered", w, "4fmm/gone\n ", 80, 24);
	world_free(w);
}

/* With nobody there the screen says where it looked and what one can do. */
static void
emptiness_is_explained(void **state)
{
	struct world *w = world_new(0, 9, START);

	(void)state;
	w->model.self = NULL;
	screen("empty", w, "", 80, 24);
	screen("empty", w, "", 40, 12);
	w->model.searching = true;
	screen("searching", w, "", 80, 24);
	world_free(w);
}

/* A child whose loop stands still is STALLED, which one whose loop turns is not. */
static void
a_stall_is_shown(void **state)
{
	struct world *w = world_new(1, 6, START);
	struct canvas *c = canvas_new(80, 24, false);
	struct console *console = console_new();
	struct console_command command;
	char *dump;

	(void)state;
	world_adopt(w, 1, START);
	for (uint32_t stalled_ms = 0; stalled_ms <= 3200; stalled_ms += 3200) {
		w->child.stalled_ms = stalled_ms;
		w->child.heartbeat_ns = START - MILLISECONDS(stalled_ms);
		console_draw(console, &w->model, c);
		console_key(console, &w->model, '2', &command);
		console_draw(console, &w->model, c);
		dump = canvas_dump(c);
		assert_int_equal(strstr(dump, "STALLED 3s") != NULL, stalled_ms != 0);
		free(dump);
	}
	console_free(console);
	canvas_free(c);
	world_free(w);
}

/* A pair is told not to hear each other, and one node had a fault that is over. */
static void
tell(struct world *w, struct model_fault faults[static 2],
	const struct model_fault *shown[static 2])
{
	const struct peer_id *first = world_id(w, 0), *second = world_id(w, 5);

	faults[0] = (struct model_fault){ .number = 2,
		.primitive = PRIMITIVE_PARTITION_PAIR, .phase = TRIAL_INJECTED,
		.ids = { *first, *second }, .target_count = 2,
		.begun_ns = w->model.now_ns, .ends_ns = w->model.now_ns + SECONDS(12) };
	faults[1] = (struct model_fault){ .number = 1, .primitive = PRIMITIVE_SLOW_LINK,
		.phase = TRIAL_DONE, .ids = { *world_id(w, 10) }, .target_count = 1,
		.begun_ns = START, .ends_ns = w->model.now_ns + SECONDS(5),
		.over_ns = START + SECONDS(20) };
	shown[0] = &faults[0];
	shown[1] = &faults[1];
	w->model.faults = shown;
	w->model.fault_count = 2;
}

/*
 * Who was told to fail is marked, in all layouts, in the table and in the detail; who was
 * told apart has a cross between, and an edge that one end gets no answer over is none.
 */
static void
orders_look_as_agreed(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 160, 48 }, { 40, 12 } };
	struct world *w = troubled_world();
	const struct model_fault *shown[2];
	struct model_fault faults[2];

	(void)state;
	tell(w, faults, shown);
	world_unanswered(w, 11, 12);
	world_unanswered(w, 13, 14);
	world_beat(w, w->model.now_ns);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int width = sizes[i][0], height = sizes[i][1];

		screen("told-topology", w, "1", width, height);
		screen("told-nodes", w, "2g", width, height);
		screen("told-detail", w, "2g\n", width, height);
	}
	screen("told-ring", w, "1v", 80, 24);
	screen("told-tiles", w, "1vv", 80, 24);
	screen("told-matrix", w, "1v", 160, 48);
	world_free(w);
}

/* Marks on the screen that these keys lead to; all told, all forms have the same. */
static size_t
marks_on(struct world *w, const char *keys, int width, int height)
{
	struct canvas *c = canvas_new(width, height, false);
	struct console *console = console_new();
	struct console_command command;
	size_t marks = 0;

	console_draw(console, &w->model, c);
	for (; *keys; keys++) {
		console_key(console, &w->model, (uint8_t)*keys, &command);
		console_draw(console, &w->model, c);
	}
	/* The last lines have what the marks mean. */
	for (int i = 0; i < c->stride * (height - 4); i++)
		marks += (c->cells[i].style & THEME_STYLE_MASK) == STYLE_TOLD;
	console_free(console);
	canvas_free(c);
	return marks;
}

/* Control: an order that is not out yet, or is over, or none at all, marks nobody. */
static void
what_is_over_marks_nobody(void **state)
{
	static const struct {
		const char *keys;
		int width, height;
	} screens[] = { { "1", 80, 24 }, { "1v", 80, 24 }, { "1vv", 80, 24 },
		{ "1", 160, 48 }, { "1v", 160, 48 }, { "2", 80, 24 } };
	struct world *w = troubled_world();
	const struct model_fault *shown[2];
	struct model_fault faults[2];

	(void)state;
	for (size_t i = 0; i < sizeof(screens) / sizeof(screens[0]); i++) {
		const char *keys = screens[i].keys;
		int width = screens[i].width, height = screens[i].height;

		tell(w, faults, shown);
		assert_true(marks_on(w, keys, width, height) >= 2);
		faults[0].phase = TRIAL_PREPARING;
		assert_int_equal(marks_on(w, keys, width, height), 0);
		faults[0].phase = TRIAL_REVERTED;
		assert_int_equal(marks_on(w, keys, width, height), 0);
		faults[0].phase = TRIAL_DONE;
		faults[0].over_ns = w->model.now_ns;
		assert_int_equal(marks_on(w, keys, width, height), 0);
		w->model.fault_count = 0;
		assert_int_equal(marks_on(w, keys, width, height), 0);
	}
	world_free(w);
}

/*
 * Twelve meshes do not fit at once: it says how many are missing, and m goes on to them.
 */
static void
many_meshes_are_paged(void **state)
{
	struct world *w = world_new(12, 6, START);

	(void)state;
	screen("many-meshes", w, "1", 80, 24);
	screen("many-meshes-last", w, "1mmmmmmmmmmmm", 80, 24);
	world_free(w);
}

/* 200 nodes of one mesh: tiles, with the selected one in view. */
static void
a_large_mesh_is_tiles(void **state)
{
	struct world *w = world_new(1, 200, START);

	(void)state;
	screen("large", w, "1jjjjjjjjjjjjjjjjjjjjjjjjjj", 80, 24);
	screen("large", w, "1", 200, 60);
	world_free(w);
}

/* No screen in a C locale holds a byte above 0x7e, nor an escape of a peer's. */
static void
ascii_screens_are_ascii(void **state)
{
	struct world *w = alarmed_world();
	struct canvas *c = canvas_new(160, 48, true);
	struct console *console = console_new();
	struct console_command command;

	(void)state;
	for (const char *keys = "1jvv234jf5jv7j?2\n"; *keys; keys++) {
		char *dump;

		console_key(console, &w->model, *keys == '\n' ? K_ENTER : (uint8_t)*keys,
			&command);
		console_draw(console, &w->model, c);
		dump = canvas_dump(c);
		for (const char *p = dump; *p; p++)
			assert_true(*p == '\n' || (*p >= 0x20 && *p <= 0x7e));
		free(dump);
	}
	console_free(console);
	canvas_free(c);
	world_free(w);
}

/* Below 40x12 only a sentence is drawn; no size at all does harm. */
static void
every_size_is_survived(void **state)
{
	struct world *w = alarmed_world();
	struct console *console = console_new();
	struct console_command command;
	char *dump;

	(void)state;
	for (int width = 1; width <= 520; width += width < 100 ? 7 : 60)
		for (int height = 1; height <= 210; height += height < 60 ? 5 : 50) {
			struct canvas *c = canvas_new(width, height, false);

			for (const char *keys = "123457?2jn"; *keys; keys++) {
				console_key(console, &w->model, (uint8_t)*keys, &command);
				console_draw(console, &w->model, c);
			}
			console_key(console, &w->model, K_ESC, &command);
			canvas_free(c);
		}
	struct canvas *c = canvas_new(32, 9, false);

	console_draw(console, &w->model, c);
	dump = canvas_dump(c);
	assert_non_null(strstr(dump, "terminal too small: 32x9, need"));
	free(dump);
	canvas_free(c);
	console_free(console);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(panes_look_as_agreed),
		cmocka_unit_test(watched_looks_as_agreed),
		cmocka_unit_test(alerts_look_as_agreed),
		cmocka_unit_test(forms_and_prompts_look_as_agreed),
		cmocka_unit_test(emptiness_is_explained),
		cmocka_unit_test(a_stall_is_shown),
		cmocka_unit_test(orders_look_as_agreed),
		cmocka_unit_test(what_is_over_marks_nobody),
		cmocka_unit_test(many_meshes_are_paged),
		cmocka_unit_test(a_large_mesh_is_tiles),
		cmocka_unit_test(ascii_screens_are_ascii),
		cmocka_unit_test(every_size_is_survived),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
