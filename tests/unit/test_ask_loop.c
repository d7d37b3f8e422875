/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>

#include "tests/unit/console_rig.h"
#include "tests/unit/tui_world.h"
#include "tui/keymap.h"

#define START SECONDS(1000)

struct fixture {
	struct world *world;
	struct console_rig rig;
	struct model_loop loop;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->world = world_new(2, 9, START);
	f->world->model.loop = &f->loop;
	console_rig_init(&f->rig, &f->world->model, 80, 24);
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

/* Opens the form, types over those of its fields that are not NULL, and sends it. */
static void
fill_in(struct fixture *f, const char *cadence, const char *seed, const char *what)
{
	const char *fields[] = { cadence, seed, what };

	console_rig_press(&f->rig, '8');
	assert_false(console_rig_press(&f->rig, 'L'));
	for (size_t i = 0; i < 3; i++) {
		if (fields[i]) {
			console_rig_press(&f->rig, K_CTRL_U);
			console_rig_type(&f->rig, fields[i]);
		}
		if (i < 2)
			console_rig_press(&f->rig, K_TAB);
	}
	assert_false(console_rig_press(&f->rig, K_ENTER));
}

static bool
say_the_word(struct fixture *f, const char *word)
{
	console_rig_press(&f->rig, K_CTRL_U);
	console_rig_type(&f->rig, word);
	return console_rig_press(&f->rig, K_ENTER);
}

/* A loop of what is mild wants a yes, and is what was asked for. */
static void
a_mild_loop_wants_a_yes(void **state)
{
	struct fixture *f = *state;
	const struct model_loop_wish *w;

	fill_in(f, NULL, "42", NULL);
	assert_true(console_rig_shows(&f->rig, "Every 30s one of"));
	assert_true(console_rig_press(&f->rig, 'y'));
	assert_int_equal(f->rig.command.kind, CONSOLE_LOOP);
	w = f->rig.command.loop;
	assert_int_equal(w->cadence_ns, SECONDS(30));
	assert_int_equal(w->seed, 42);
	for (unsigned i = 0; i < PRIMITIVES; i++)
		assert_int_equal(w->primitives >> i & 1,
			i != PRIMITIVE_SHAM && !catalog_at((enum primitive)i)->severe);
}

/* One with something severe in it wants a word: a yes will not do, nor another word. */
static void
a_severe_loop_wants_a_word(void **state)
{
	struct fixture *f = *state;

	fill_in(f, "1s", "7", "slow-link, kill");
	assert_true(console_rig_shows(&f->rig, "1 of"));
	assert_false(say_the_word(f, "y"));
	assert_true(console_rig_shows(&f->rig, "that is not the word"));
	assert_true(say_the_word(f, "loop"));
	assert_int_equal(f->rig.command.loop->cadence_ns, SECONDS(1));
	assert_int_equal(f->rig.command.loop->primitives,
		1u << PRIMITIVE_SLOW_LINK | 1u << PRIMITIVE_KILL);
	fill_in(f, NULL, NULL, "all");
	assert_true(say_the_word(f, "loop"));
	assert_int_equal(f->rig.command.loop->primitives,
		((1u << PRIMITIVES) - 1) & ~(1u << PRIMITIVE_SHAM));
}

/* Control: Esc in the form, and anything but a yes, begin nothing. */
static void
no_means_no(void **state)
{
	struct fixture *f = *state;

	console_rig_press(&f->rig, '8');
	assert_false(console_rig_press(&f->rig, 'L'));
	assert_false(console_rig_press(&f->rig, K_ESC));
	fill_in(f, NULL, NULL, "sham");
	assert_true(console_rig_shows(&f->rig, "Begin?"));
	assert_false(console_rig_press(&f->rig, K_ENTER));
	assert_false(console_rig_press(&f->rig, 'n'));
	assert_int_equal(f->rig.command.kind, CONSOLE_NOTHING);
}

/* What is wrong in the form is said, and it stays open. */
static void
wrong_fields_are_said(void **state)
{
	static const struct {
		const char *cadence, *seed, *what, *says;
	} bad[] = {
		{ "999ms", NULL, NULL, "a time from 1s to 1h" },
		{ "2h", NULL, NULL, "a time from 1s to 1h" },
		{ "often", NULL, NULL, "a time from 1s to 1h" },
		{ NULL, "x", NULL, "a seed is a number" },
		{ NULL, NULL, "slow", "no fault is called 'slow'" },
		{ NULL, NULL, ",", "names of faults, mild or all" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fill_in(f, bad[i].cadence, bad[i].seed, bad[i].what);
		if (!console_rig_shows(&f->rig, bad[i].says))
			fail_msg("not said: %s", bad[i].says);
		assert_true(console_rig_shows(&f->rig, "cadence"));
		console_rig_press(&f->rig, K_ESC);
	}
}

/* What a loop did stands in a line, and L stops it; off, there is no line, and a form. */
static void
a_loop_is_shown_and_stopped(void **state)
{
	struct fixture *f = *state;

	f->loop = (struct model_loop){ .on = true,
		.wish = { SECONDS(30), 42, 1u << PRIMITIVE_SHAM },
		.due_ns = START + SECONDS(12), .begun = 5, .refused = 1,
		.why = "9 of 18 may be faulted at once" };
	console_rig_press(&f->rig, '8');
	assert_true(console_rig_shows(&f->rig,
		"loop: every 30s, seed 42, next in 12s, 5 begun, 1 refused: 9 of"));
	assert_true(console_rig_press(&f->rig, 'L'));
	assert_int_equal(f->rig.command.kind, CONSOLE_LOOP_STOP);
	f->loop.on = false;
	console_rig_press(&f->rig, K_HOME);
	assert_false(console_rig_shows(&f->rig, "loop: every"));
	assert_false(console_rig_press(&f->rig, 'L'));
	assert_true(console_rig_shows(&f->rig, "cadence"));
}

/* The line and the form at the promised sizes. */
static void
it_looks_as_agreed(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 160, 48 }, { 40, 12 } };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		console_rig_resize(&f->rig, sizes[i][0], sizes[i][1]);
		f->loop = (struct model_loop){ .on = true,
			.wish = { SECONDS(90), 42, 1u << PRIMITIVE_SHAM },
			.due_ns = START + SECONDS(12), .begun = 5 };
		console_rig_press(&f->rig, '8');
		console_rig_golden("chaos-loop", f->rig.canvas);
		f->loop.on = false;
		console_rig_press(&f->rig, 'L');
		console_rig_golden("chaos-loop-form", f->rig.canvas);
		console_rig_press(&f->rig, K_ESC);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_mild_loop_wants_a_yes),
		TEST(a_severe_loop_wants_a_word),
		TEST(no_means_no),
		TEST(wrong_fields_are_said),
		TEST(a_loop_is_shown_and_stopped),
		TEST(it_looks_as_agreed),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
