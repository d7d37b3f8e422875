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

#include "base/err.h"
#include "tests/unit/tui_world.h"
#include "tui/console.h"
#include "tui/keymap.h"
#include "tui/wish.h"

#define START SECONDS(1000)
#define NODES 18

struct fixture {
	struct world *world;
	struct canvas *canvas;
	struct console *console;
	struct console_command command;
	struct child_row rows[NODES];
	const struct child_row *children[NODES];
	struct model_fault faults[4];
	const struct model_fault *shown[4];
};

/* Every node of the world is a child of this console. */
static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->world = world_new(2, 9, START);
	f->canvas = canvas_new(80, 24, false);
	f->console = console_new();
	for (size_t i = 0; i < NODES; i++) {
		const struct directory *d = f->world->meshes[i / 9].directory;
		const struct directory_entry *en =
			directory_find(d, world_id(f->world, i));
		struct child_row *r = &f->rows[i];

		r->id = (unsigned)i + 1;
		r->state = CHILD_READY;
		r->ready_ns = START;
		r->ready.id = en->digest.id;
		snprintf(r->spec.mesh, sizeof(r->spec.mesh), "%s", en->digest.mesh);
		snprintf(r->spec.type, sizeof(r->spec.type), "%s", en->digest.type);
		directory_name(en, r->ready.name);
		f->children[i] = r;
	}
	f->world->model.children = f->children;
	f->world->model.child_count = NODES;
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

static bool
press(struct fixture *f, uint32_t key)
{
	bool commanded = console_key(f->console, &f->world->model, key, &f->command);

	console_draw(f->console, &f->world->model, f->canvas);
	return commanded;
}

static void
type(struct fixture *f, const char *keys)
{
	for (; *keys; keys++)
		assert_false(press(f, (uint8_t)*keys));
}

static bool
shows(const struct fixture *f, const char *text)
{
	char *dump = canvas_dump(f->canvas);
	bool found = strstr(dump, text) != NULL;

	free(dump);
	return found;
}

/* The pane, with this primitive selected and its form open. */
static void
open_form(struct fixture *f, enum primitive p)
{
	press(f, '8');
	press(f, K_HOME);
	for (int i = 0; i < (int)p; i++)
		press(f, K_DOWN);
	assert_false(press(f, K_ENTER));
}

/* A fault goes on the selected node after a yes, with the defaults of the catalog. */
static void
a_fault_is_asked_for_and_confirmed(void **state)
{
	struct fixture *f = *state;

	type(f, "2jj");	/* a node is selected in the nodes pane */
	open_form(f, PRIMITIVE_SLOW_LINK);
	assert_true(shows(f, "delay 100ms"));
	assert_false(press(f, K_ENTER));
	assert_true(shows(f, "Begin?"));
	assert_true(press(f, 'y'));
	assert_int_equal(f->command.kind, CONSOLE_INJECT);
	assert_int_equal(f->command.wish->primitive, PRIMITIVE_SLOW_LINK);
	assert_int_equal(f->command.wish->child_count, 1);
	assert_int_equal(f->command.wish->lease_ns, SECONDS(15));
	assert_int_equal(
		f->command.wish->params[PARAM_DELAY], MILLISECONDS(100));
}

/* Control: anything but a yes, and Esc in the form, order nothing. */
static void
no_means_no(void **state)
{
	struct fixture *f = *state;

	open_form(f, PRIMITIVE_SHAM);
	assert_false(press(f, K_ESC));
	open_form(f, PRIMITIVE_SHAM);
	assert_false(press(f, K_ENTER));
	assert_false(press(f, K_ENTER));	/* Enter is no yes */
	assert_false(press(f, 'n'));
	assert_int_equal(f->command.kind, CONSOLE_NOTHING);
}

/* What is severe wants its name. */
static void
a_severe_one_wants_its_name(void **state)
{
	struct fixture *f = *state;

	open_form(f, PRIMITIVE_KILL);
	assert_false(press(f, K_ENTER));
	assert_true(shows(f, "Type kill to go on"));
	assert_false(press(f, 'y'));
	assert_false(press(f, K_ENTER));
	assert_true(shows(f, "that is not its name"));
	press(f, K_BACKSPACE);
	type(f, "kill");
	assert_true(press(f, K_ENTER));
	assert_int_equal(f->command.kind, CONSOLE_INJECT);
	assert_int_equal(f->command.wish->primitive, PRIMITIVE_KILL);
}

/* What cannot be is said in the form, which stays open with what was typed. */
static void
wrong_fields_are_said(void **state)
{
	static const struct {
		enum primitive p;
		size_t field;
		const char *text, *says;
	} bad[] = {
		{ PRIMITIVE_SHAM, 0, "nobody", "that was started here has 'nobody'" },
		{ PRIMITIVE_SHAM, 0, "random:0", "no target is named" },
		{ PRIMITIVE_SHAM, 0, "random:x", "random:N has a number" },
		{ PRIMITIVE_SHAM, 0, "random:19", "not so many nodes" },
		{ PRIMITIVE_SHAM, 0, "mesh1 mesh2", "targets are of one mesh" },
		{ PRIMITIVE_PARTITION_PAIR, 0, "random", "a pair is two nodes, not 1" },
		{ PRIMITIVE_SHAM, 1, "0s", "a time from 1s to 1h" },
		{ PRIMITIVE_SHAM, 1, "soon", "a time from 1s to 1h" },
		{ PRIMITIVE_SHAM, 2, "x", "a seed is a number" },
		{ PRIMITIVE_LOSSY_LINK, 3, "99%", "loss: from 3% to 90%" },
		{ PRIMITIVE_LOSSY_LINK, 3, "10", "loss: from 3% to 90%" },
		{ PRIMITIVE_CLOCK_SKEW, 3, "-1ms", "offset: from" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		open_form(f, bad[i].p);
		for (size_t k = 0; k < bad[i].field; k++)
			press(f, K_TAB);
		press(f, K_CTRL_U);
		type(f, bad[i].text);
		assert_false(press(f, K_ENTER));
		if (!shows(f, bad[i].says))
			fail_msg("%s: not said: %s", bad[i].text, bad[i].says);
		press(f, K_ESC);
	}
}

/* Whom the guards protect is no target: the gateways of a mesh, all at once. */
static void
guards_are_asked(void **state)
{
	struct fixture *f = *state;

	open_form(f, PRIMITIVE_WEDGE);
	press(f, K_CTRL_U);
	type(f, "mesh1.gateway");
	assert_false(press(f, K_ENTER));
	assert_false(shows(f, "Begin?"));
	assert_true(shows(f, "gateway"));
	press(f, K_ESC);
	/* Control: one of them may go. */
	open_form(f, PRIMITIVE_WEDGE);
	press(f, K_CTRL_U);
	type(f, strrchr(f->rows[0].ready.name, '.') + 1);
	assert_false(press(f, K_ENTER));
	assert_true(shows(f, "Begin?"));
}

/* The same seed chooses the same nodes, another one others. */
static void
a_seed_chooses(void **state)
{
	struct fixture *f = *state;
	struct model_wish one, two;
	struct prompt p;
	char why[WISH_WHY_CAP];
	size_t field, differ = 0;

	for (unsigned seed = 0; seed < 20; seed++) {
		wish_form(&p, 0, PRIMITIVE_BURST_KILL, &f->world->model,
			&(struct peer_id){ 0 });
		snprintf(p.fields[2].text, sizeof(p.fields[2].text), "%u", seed);
		assert_int_equal(wish_read(&one, &p, PRIMITIVE_BURST_KILL,
					 &f->world->model, &field, why), ERR_OK);
		assert_int_equal(wish_read(&two, &p, PRIMITIVE_BURST_KILL,
					 &f->world->model, &field, why), ERR_OK);
		assert_int_equal(one.child_count, 3);
		assert_memory_equal(&one, &two, sizeof(one));
		snprintf(p.fields[2].text, sizeof(p.fields[2].text), "%u", seed + 100);
		assert_int_equal(wish_read(&two, &p, PRIMITIVE_BURST_KILL,
					 &f->world->model, &field, why), ERR_OK);
		differ += memcmp(one.children, two.children, sizeof(one.children)) != 0;
	}
	assert_true(differ > 10);
}

static void
fill_fault(struct fixture *f, size_t i, enum primitive p, enum judge_verdict v)
{
	struct model_fault *x = &f->faults[i];

	*x = (struct model_fault){ .number = (unsigned)(4 - i), .primitive = p,
		.target_count = 1, .ids = { f->rows[i].ready.id },
		.phase = v == JUDGE_OPEN ? TRIAL_INJECTED : TRIAL_DONE,
		.begun_ns = START, .ends_ns = START + SECONDS(15),
		.over_ns = v == JUDGE_OPEN ? 0 : START + SECONDS(20),
		.result = { .verdict = v, .injected_ns = START + SECONDS(1) } };
	snprintf(x->mesh, sizeof(x->mesh), "mesh1");
	memcpy(x->targets, f->rows[i].ready.name, sizeof(f->rows[i].ready.name));
	if (v == JUDGE_PASS) {
		x->result.witnessed_ns = START + MILLISECONDS(3260);
		x->result.reverted_ns = START + SECONDS(15);
		x->result.recovered_ns = START + MILLISECONDS(15480);
		x->result.witness_count = 2;
		snprintf(x->witnesses, sizeof(x->witnesses), "%.60s %.60s",
			f->rows[5].ready.name, f->rows[6].ready.name);
	}
	if (v == JUDGE_UNPROVEN)
		snprintf(x->result.reason, sizeof(x->result.reason),
			"no node saw an effect of it");
	if (v == JUDGE_FAIL)
		snprintf(x->result.reason, sizeof(x->result.reason),
			"mesh1.broker.3b6a27 was lost meanwhile");
	f->shown[i] = x;
}

static void
some_faults(struct fixture *f)
{
	fill_fault(f, 0, PRIMITIVE_PARTITION_PAIR, JUDGE_OPEN);
	fill_fault(f, 1, PRIMITIVE_SHAM, JUDGE_UNPROVEN);
	fill_fault(f, 2, PRIMITIVE_LOSSY_LINK, JUDGE_FAIL);
	fill_fault(f, 3, PRIMITIVE_SLOW_LINK, JUDGE_PASS);
	f->world->model.faults = f->shown;
	f->world->model.fault_count = 4;
	f->world->model.now_ns = START + SECONDS(4);
}

/* r ends the selected fault, or the newest; H all; a selected fault begins once more. */
static void
faults_are_ended(void **state)
{
	struct fixture *f = *state;

	some_faults(f);
	press(f, '8');
	assert_true(press(f, 'r'));
	assert_int_equal(f->command.kind, CONSOLE_REVERT);
	assert_int_equal(f->command.fault, 0);
	press(f, K_END);
	press(f, K_UP);
	assert_true(press(f, 'r'));
	assert_int_equal(f->command.fault, 2);
	assert_true(press(f, 'H'));
	assert_int_equal(f->command.kind, CONSOLE_HALT);
	assert_false(press(f, K_ENTER));
	assert_true(shows(f, "lossy-link. A share"));
}

/* A node that is a target of a fault under way is no target of a second one. */
static void
no_two_faults_on_one_node(void **state)
{
	struct fixture *f = *state;

	some_faults(f);
	open_form(f, PRIMITIVE_SHAM);
	press(f, K_CTRL_U);
	type(f, strrchr(f->rows[0].ready.name, '.') + 1);
	assert_false(press(f, K_ENTER));
	assert_false(shows(f, "Begin?"));
	press(f, K_CTRL_U);
	type(f, strrchr(f->rows[1].ready.name, '.') + 1);	/* its fault is over */
	assert_false(press(f, K_ENTER));
	assert_true(shows(f, "Begin?"));
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

/* The pane at the promised sizes: empty, a primitive, a fault that passed, the form. */
static void
it_looks_as_agreed(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 160, 48 }, { 40, 12 } };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		canvas_free(f->canvas);
		f->canvas = canvas_new(sizes[i][0], sizes[i][1], false);
		f->world->model.fault_count = 0;
		press(f, '8');
		press(f, K_HOME);
		compare(f, "chaos-empty");
		some_faults(f);
		press(f, K_DOWN);
		compare(f, "chaos");
		press(f, K_END);
		compare(f, "chaos-passed");
		open_form(f, PRIMITIVE_SLOW_LINK);
		compare(f, "chaos-form");
		press(f, K_ESC);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_fault_is_asked_for_and_confirmed),
		TEST(no_means_no),
		TEST(a_severe_one_wants_its_name),
		TEST(wrong_fields_are_said),
		TEST(guards_are_asked),
		TEST(a_seed_chooses),
		TEST(faults_are_ended),
		TEST(no_two_faults_on_one_node),
		TEST(it_looks_as_agreed),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
