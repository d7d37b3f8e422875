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
#include "tests/unit/tui_world.h"
#include "tui/keymap.h"

#define START SECONDS(1000)
#define SHOWN 24	/* of the registry: golden lines stay when it grows */

struct fixture {
	struct world *world;
	struct console_rig rig;
	struct model_test *tests;
};

static void
end(struct model_test *t, enum verdict v, const char *reason)
{
	t->state = MODEL_TEST_ENDED;
	t->began_ns = START;
	t->ended_ns = START + MILLISECONDS(4200);
	t->seed = 42;
	t->verdict = v;
	t->as_expected = v == t->test->expected;
	snprintf(t->reason, sizeof(t->reason), "%s", reason);
	t->report = "line one\nline two\nline three\n";
}

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->world = world_new(2, 9, START);
	console_rig_init(&f->rig, &f->world->model, 80, 24);
	f->tests = calloc(registry_count(), sizeof(*f->tests));
	for (size_t i = 0; i < registry_count(); i++)
		f->tests[i].test = registry_at(i);
	f->world->model.tests = f->tests;
	f->world->model.test_count = SHOWN;
	f->world->model.now_ns = START + SECONDS(7);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	console_rig_fini(&f->rig);
	world_free(f->world);
	free(f->tests);
	free(f);
	return 0;
}

/* Every test of the registry can be gone to, and is run by its own number. */
static void
every_test_is_there(void **state)
{
	struct fixture *f = *state;

	f->world->model.test_count = registry_count();
	console_rig_press(&f->rig, '9');
	for (size_t i = 0; i < registry_count(); i++) {
		assert_true(console_rig_shows(&f->rig, f->tests[i].test->name));
		assert_true(console_rig_press(&f->rig, K_ENTER));
		assert_int_equal(f->rig.command.kind, CONSOLE_RUN_TEST);
		assert_int_equal(f->rig.command.test, i);
		console_rig_press(&f->rig, K_DOWN);
	}
	assert_true(console_rig_press(&f->rig, 'x'));
	assert_int_equal(f->rig.command.kind, CONSOLE_CANCEL_TEST);
	assert_int_equal(f->rig.command.test, registry_count() - 1);
}

/* A report is read and left; where there is none v does nothing. */
static void
a_report_is_read(void **state)
{
	struct fixture *f = *state;

	console_rig_press(&f->rig, '9');
	assert_false(console_rig_press(&f->rig, 'v'));
	assert_true(console_rig_shows(&f->rig, "WHAT IT SHOWS"));
	end(&f->tests[0], VERDICT_PASS, "all equal");
	assert_false(console_rig_press(&f->rig, 'v'));
	assert_true(console_rig_shows(&f->rig, "line two"));
	assert_false(console_rig_shows(&f->rig, "WHAT IT SHOWS"));
	console_rig_press(&f->rig, K_DOWN);
	console_rig_press(&f->rig, K_PAGE_DOWN);
	console_rig_press(&f->rig, K_END);
	assert_true(console_rig_shows(&f->rig, "line three"));
	assert_false(console_rig_press(&f->rig, K_ESC));
	assert_true(console_rig_shows(&f->rig, "WHAT IT SHOWS"));
}

/* One that has to be unproven and was is well; one that passed so is not. */
static void
what_is_expected_is_well(void **state)
{
	struct fixture *f = *state;
	size_t sham = 0;

	while (strcmp(f->tests[sham].test->name, "sham") != 0)
		sham++;
	f->world->model.test_count = registry_count();
	end(&f->tests[sham], VERDICT_UNPROVEN, "nobody saw anything");
	console_rig_press(&f->rig, '9');
	for (size_t i = 0; i < sham; i++)
		console_rig_press(&f->rig, K_DOWN);
	assert_true(console_rig_shows(&f->rig, "unproven, as it has to be"));
	end(&f->tests[sham], VERDICT_PASS, "somebody saw something");
	console_rig_press(&f->rig, K_CTRL_L);
	assert_false(console_rig_shows(&f->rig, "as it has to be"));
}

/* The pane at the promised sizes, with tests in every state. */
static void
it_looks_as_agreed(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 160, 48 }, { 40, 12 } };
	struct fixture *f = *state;

	end(&f->tests[0], VERDICT_PASS, "10,000 frames by chance, all equal");
	end(&f->tests[2], VERDICT_FAIL, "context 17 came back otherwise");
	end(&f->tests[3], VERDICT_UNPROVEN, "not seen to its end: ended by a person");
	f->tests[4].state = MODEL_TEST_RUNS;
	f->tests[4].began_ns = START + SECONDS(4);
	snprintf(f->tests[4].progress, sizeof(f->tests[4].progress),
		"step 1 of 3: wait until converged, 3 of 4 ready");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		console_rig_resize(&f->rig, sizes[i][0], sizes[i][1]);
		console_rig_press(&f->rig, '9');
		console_rig_press(&f->rig, K_HOME);
		console_rig_press(&f->rig, K_DOWN);
		console_rig_press(&f->rig, K_DOWN);
		console_rig_golden("tests", f->rig.canvas);
		console_rig_press(&f->rig, 'v');
		console_rig_golden("tests-report", f->rig.canvas);
		console_rig_press(&f->rig, 'v');
	}
}

int
main(void)
{
#define TEST_OF(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST_OF(every_test_is_there),
		TEST_OF(a_report_is_read),
		TEST_OF(what_is_expected_is_well),
		TEST_OF(it_looks_as_agreed),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
