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
#include "tests/unit/console_rig.h"
#include "tests/unit/tui_world.h"
#include "tui/keymap.h"
#include "tui/wish.h"

#define START SECONDS(1000)
#define NODES 18

struct fixture {
	struct world *world;
	struct console_rig rig;
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
	console_rig_init(&f->rig, &f->world->model, 80, 24);
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

	console_rig_fini(&f->rig);
	world_free(f->world);
	free(f);
	return 0;
}

/* The pane, with this primitive selected and its form open. */
static void
open_form(struct fixture *f, enum primitive p)
{
	console_rig_press(&f->rig, '8');
	console_rig_press(&f->rig, K_HOME);
	for (int i = 0; i < (int)p; i++)
		console_rig_press(&f->rig, K_DOWN);
	assert_false(console_rig_press(&f->rig, K_ENTER));
}

/* A fault goes on the selected node after a yes, with the defaults of the catalog. */
static void
a_fault_is_asked_for_and_confirmed(void **state)
{
	struct fixture *f = *state;

	console_rig_type(&f->rig, "2jj");	/* a node is selected in the nodes pane */
	open_form(f, PRIMITIVE_SLOW_LINK);
	assert_true(console_rig_shows(&f->rig, "delay 100ms"));
	assert_false(console_rig_press(&f->rig, K_ENTER));
	assert_true(console_rig_shows(&f->rig, "Begin?"));
	assert_true(console_rig_press(&f->rig, 'y'));
	assert_int_equal(f->rig.command.kind, CONSOLE_INJECT);
	assert_int_equal(f->rig.command.wish->primitive, PRIMITIVE_SLOW_LINK);
	assert_int_equal(f->rig.command.wish->child_count, 1);
	assert_int_equal(f->rig.command.wish->lease_ns, SECONDS(15));
	assert_int_equal(
		f->rig.command.wish->params[PARAM_DELAY], MILLISECONDS(100));
}

/* Control: anything but a yes, and Esc in the form, order nothing. */
static void
no_means_no(void **state)
{
	struct fixture *f = *state;

	open_form(f, PRIMITIVE_SHAM);
	assert_false(console_rig_press(&f->rig, K_ESC));
	open_form(f, PRIMITIVE_SHAM);
	assert_false(console_rig_press(&f->rig, K_ENTER));
	assert_false(console_rig_press(&f->rig, K_ENTER));	/* Enter is no yes */
	assert_false(console_rig_press(&f->rig, 'n'));
	assert_int_equal(f->rig.command.kind, CONSOLE_NOTHING);
}

/* What is severe wants its name. */
static void
a_severe_one_wants_its_name(void **state)
{
	struct fixture *f = *state;

	open_form(f, PRIMITIVE_KILL);
	assert_false(console_rig_press(&f->rig, K_ENTER));
	assert_true(console_rig_shows(&f->rig, "Type kill to go on"));
	assert_false(console_rig_press(&f->rig, 'y'));
	assert_false(console_rig_press(&f->rig, K_ENTER));
	assert_true(console_rig_shows(&f->rig, "that is not its name"));
	console_rig_press(&f->rig, K_BACKSPACE);
	console_rig_type(&f->rig, "kill");
	assert_true(console_rig_press(&f->rig, K_ENTER));
	assert_int_equal(f->rig.command.kind, CONSOLE_INJECT);
	assert_int_equal(f->rig.command.wish->primitive, PRIMITIVE_KILL);
}

/* Nodes that were not started here are targets when they obey us, and not otherwise. */
static void
others_are_targets_when_they_obey(void **state)
{
	struct fixture *f = *state;
	struct model *m = &f->world->model;

	for (size_t obey = 0; obey < 2; obey++) {
		m->child_count = 9;
		m->others = obey ? f->children + 9 : NULL;
		m->other_count = obey ? 9 : 0;
		open_form(f, PRIMITIVE_DISK_FULL);
		console_rig_press(&f->rig, K_CTRL_U);
		console_rig_type(&f->rig, "mesh2.broker");
		assert_false(console_rig_press(&f->rig, K_ENTER));
		assert_int_equal(console_rig_shows(&f->rig, "Begin?"), obey);
		assert_int_equal(
			console_rig_shows(&f->rig, "was started here has"), !obey);
		assert_int_equal(console_rig_press(&f->rig, obey ? 'y' : K_ESC), obey);
	}
	assert_true(f->rig.command.wish->child_count > 0);
	assert_true(f->rig.command.wish->children[0] > 9);
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
			console_rig_press(&f->rig, K_TAB);
		console_rig_press(&f->rig, K_CTRL_U);
		console_rig_type(&f->rig, bad[i].text);
		assert_false(console_rig_press(&f->rig, K_ENTER));
		if (!console_rig_shows(&f->rig, bad[i].says))
			fail_msg("%s: not said: %s", bad[i].text, bad[i].says);
		console_rig_press(&f->rig, K_ESC);
	}
}

/* Whom the guards protect is no target: the gateways of a mesh, all at once. */
static void
guards_are_asked(void **state)
{
	struct fixture *f = *state;

	open_form(f, PRIMITIVE_WEDGE);
	console_rig_press(&f->rig, K_CTRL_U);
	console_rig_type(&f->rig, "mesh1.gateway");
	assert_false(console_rig_press(&f->rig, K_ENTER));
	assert_false(console_rig_shows(&f->rig, "Begin?"));
	assert_true(console_rig_shows(&f->rig, "gateway"));
	console_rig_press(&f->rig, K_ESC);
	/* Control: one of them may go. */
	open_form(f, PRIMITIVE_WEDGE);
	console_rig_press(&f->rig, K_CTRL_U);
	console_rig_type(&f->rig, strrchr(f->rows[0].ready.name, '.') + 1);
	assert_false(console_rig_press(&f->rig, K_ENTER));
	assert_true(console_rig_shows(&f->rig, "Begin?"));
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
	console_rig_press(&f->rig, '8');
	assert_true(console_rig_press(&f->rig, 'r'));
	assert_int_equal(f->rig.command.kind, CONSOLE_REVERT);
	assert_int_equal(f->rig.command.fault, 0);
	console_rig_press(&f->rig, K_END);
	console_rig_press(&f->rig, K_UP);
	assert_true(console_rig_press(&f->rig, 'r'));
	assert_int_equal(f->rig.command.fault, 2);
	assert_true(console_rig_press(&f->rig, 'H'));
	assert_int_equal(f->rig.command.kind, CONSOLE_HALT);
	assert_false(console_rig_press(&f->rig, K_ENTER));
	assert_true(console_rig_shows(&f->rig, "lossy-link. A share"));
}

/* A node that is a target of a fault under way is no target of a second one. */
static void
no_two_faults_on_one_node(void **state)
{
	struct fixture *f = *state;

	some_faults(f);
	open_form(f, PRIMITIVE_SHAM);
	console_rig_press(&f->rig, K_CTRL_U);
	console_rig_type(&f->rig, strrchr(f->rows[0].ready.name, '.') + 1);
	assert_false(console_rig_press(&f->rig, K_ENTER));
	assert_false(console_rig_shows(&f->rig, "Begin?"));
	console_rig_press(&f->rig, K_CTRL_U);
	/* Its fault is over. */
	console_rig_type(&f->rig, strrchr(f->rows[1].ready.name, '.') + 1);
	assert_false(console_rig_press(&f->rig, K_ENTER));
	assert_true(console_rig_shows(&f->rig, "Begin?"));
}

/* The pane at the promised sizes: empty, a primitive, a fault that passed, the form. */
static void
it_looks_as_agreed(void **state)
{
	static const int sizes[][2] = { { 80, 24 }, { 160, 48 }, { 40, 12 } };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		console_rig_resize(&f->rig, sizes[i][0], sizes[i][1]);
		f->world->model.fault_count = 0;
		console_rig_press(&f->rig, '8');
		console_rig_press(&f->rig, K_HOME);
		console_rig_golden("chaos-empty", f->rig.canvas);
		some_faults(f);
		console_rig_press(&f->rig, K_DOWN);
		console_rig_golden("chaos", f->rig.canvas);
		console_rig_press(&f->rig, K_END);
		console_rig_golden("chaos-passed", f->rig.canvas);
		open_form(f, PRIMITIVE_SLOW_LINK);
		console_rig_golden("chaos-form", f->rig.canvas);
		console_rig_press(&f->rig, K_ESC);
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
		TEST(others_are_targets_when_they_obey),
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
