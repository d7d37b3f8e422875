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

#include "tests/unit/tui_world.h"
#include "tui/console.h"
#include "tui/keymap.h"

#define START SECONDS(1000)
#define SHOWN 24	/* of the registry: golden lines stay when it grows */

struct fixture {
	struct world *world;
	struct canvas *canvas;
	struct console *console;
	struct console_command command;
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
	f->canvas = canvas_new(80, 24, false);
	f->console = console_new();
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

	console_free(f->console);
	canvas_free(f->canvas);
	world_free(f->world);
	free(f->tests);
	free(f);
	return 0;
}

static bool
press(struct fixture *f, uint32_t key)
{
	bool commanded = console_key(f->console, &f->world->model, key, &f->command);

	console_draw(f->console, &f->world->model, f->canvas);
	return commanded;
}

static bool
shows(const struct fixture *f, const char *text)
{
	char *dump = canvas_dump(f->canvas);
	bool found = strstr(dump, text) != NULL;

	free(dump);
	return found;
}

/* Every test of the registry can be gone to, and is run by its own number. */
static void
every_test_is_there(void **state)
{
	struct fixture *f = *state;

	f->world->model.test_count = registry_count();
	press(f, '9');
	for (size_t i = 0; i < registry_count(); i++) {
		assert_true(shows(f, f->tests[i].test->name));
		assert_true(press(f, K_ENTER));
		assert_int_equal(f->command.kind, CONSOLE_RUN_TEST);
		assert_int_equal(f->command.test, i);
		press(f, K_DOWN);
	}
	assert_true(press(f, 'x'));
	assert_int_equal(f->command.kind, CONSOLE_CANCEL_TEST);
	assert_int_equal(f->command.test, registry_count() - 1);
}

/* A report is read and left; where there is none v does nothing. */
static void
a_report_is_read(void **state)
{
	struct fixture *f = *state;

	press(f, '9');
	assert_false(press(f, 'v'));
	assert_true(shows(f, "WHAT IT SHOWS"));
	end(&f->tests[0], VERDICT_PASS, "all equal");
	assert_false(press(f, 'v'));
	assert_true(shows(f, "line two"));
	assert_false(shows(f, "WHAT IT SHOWS"));
	press(f, K_DOWN);
	press(f, K_PAGE_DOWN);
	press(f, K_END);
	assert_true(shows(f, "line three"));
	assert_false(press(f, K_ESC));
	assert_true(shows(f, "WHAT IT SHOWS"));
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
	press(f, '9');
	for (size_t i = 0; i < sham; i++)
		press(f, K_DOWN);
	assert_true(shows(f, "unproven, as it has to be"));
	end(&f->tests[sham], VERDICT_PASS, "somebody saw something");
	press(f, K_CTRL_L);
	assert_false(shows(f, "as it has to be"));
}

static void
compare(const struct fixture *f, const char *name)
{
	const char *source = getenv("SRCDIR");
	char path[512], *dump = canvas_dump(f->canvas), *want;
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/unit/golden/%s-%dx%d.txt",
		source ? source : ".", name, f->canvas->width, f->canvas->height);
	file = fopen(path, getenv("UPDATE_GOLDEN") ? "w" : "r");
	if (!file)
		fail_msg("%s cannot be opened", path);
	if (getenv("UPDATE_GOLDEN")) {
		fputs(dump, file);
	} else {
		size_t len = strlen(dump);

		want = calloc(1, len + 4096);
		if (fread(want, 1, len + 4095, file) != len || strcmp(want, dump) != 0)
			fail_msg("%s differs from what was drawn:\n%s", path, dump);
		free(want);
	}
	fclose(file);
	free(dump);
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
		canvas_free(f->canvas);
		f->canvas = canvas_new(sizes[i][0], sizes[i][1], false);
		press(f, '9');
		press(f, K_HOME);
		press(f, K_DOWN);
		press(f, K_DOWN);
		compare(f, "tests");
		press(f, 'v');
		compare(f, "tests-report");
		press(f, 'v');
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
