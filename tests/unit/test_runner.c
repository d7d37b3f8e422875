/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "scenario_world.h"

#define MESHES \
	"name: t\nmeshes:\n  m1: { gateway: 2, broker: 2 }\n  m2: { broker: 2 }\nsteps:\n"
#define WAIT "  - wait: { until: converged, within: 5s }\n"
#define HOLD "  - hold: 10s\n"
#define STOP "  - stop\n"

/* The world began at 1000 s; converged is reached well within a second. */
#define IN_HOLD SECONDS(1004)

static int
setup(void **state)
{
	static struct world w;

	world_init(&w, MESHES WAIT HOLD STOP);
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	world_fini(*state);
	return 0;
}

static uint64_t
figure(const struct report_step *st, const char *name)
{
	for (size_t i = 0; i < st->figure_count; i++)
		if (strcmp(st->figures[i].name, name) == 0)
			return st->figures[i].value;
	fail_msg("no figure %s", name);
	return 0;
}

static void
expect_fail(const struct report *r, size_t step, const char *says)
{
	assert_int_equal(r->verdict, VERDICT_FAIL);
	assert_int_equal(r->steps[step].verdict, VERDICT_FAIL);
	if (!strstr(r->steps[step].reason, says))
		fail_msg("'%s' is not in '%s'", says, r->steps[step].reason);
	for (size_t i = step + 1; i < r->step_count; i++) {
		assert_int_equal(r->steps[i].verdict, VERDICT_UNPROVEN);
		assert_false(r->steps[i].reached);
	}
}

/* The control of all that follows: nothing goes wrong, and everything passes. */
static void
a_sound_world_passes(void **state)
{
	struct world *w = *state;
	const struct report *r = world_run(w);

	assert_int_equal(r->verdict, VERDICT_PASS);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(r->steps[i].verdict, VERDICT_PASS);
	assert_int_equal(r->node_count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_true(r->nodes[i].ready && r->nodes[i].ended);
		assert_true(r->nodes[i].end.expected);
	}
	assert_int_equal(figure(&r->steps[1], "handshakes"), 0);
	assert_in_range(r->steps[1].ended_ns - r->steps[1].began_ns, SECONDS(10),
		SECONDS(10) + MILLISECONDS(50));
}

/* The first of each mesh starts alone, and the others get it as their seed. */
static void
others_are_seeded(void **state)
{
	struct world *w = *state;

	world_run(w);
	assert_int_equal(w->count, 6);
	assert_int_equal(w->nodes[0].spec.label, 0);
	assert_int_equal(w->nodes[1].spec.label, 4);
	assert_int_equal(w->nodes[0].spec.seed_count, 0);
	assert_int_equal(w->nodes[1].spec.seed_count, 0);
	for (size_t i = 2; i < 6; i++) {
		const struct world_node *n = &w->nodes[i];
		const char *of = strcmp(n->spec.mesh, "m1") == 0 ? "a000" : "a004";

		assert_int_equal(n->spec.seed_count, 1);
		assert_int_equal(strncmp(n->spec.seeds[0], of, 4), 0);
		assert_non_null(strstr(n->spec.seeds[0], "@127.0.0.1:4000"));
		assert_true(n->spawn_ns > w->nodes[0].spawn_ns);
	}
}

/*
 * In hold each node is asked at least every 250 ms, and the runner wants to be called for
 * it.
 */
static void
hold_asks_often(void **state)
{
	struct world *w = *state;
	const struct report *r = world_run(w);

	assert_true(figure(&r->steps[1], "questions") >= 6 * 40);
	assert_int_equal(
		figure(&r->steps[1], "questions"), figure(&r->steps[1], "answers"));
	assert_true(w->longest_wait_ns <= MILLISECONDS(200));
}

/* A node that dies in hold fails it: who, how, when, and who saw it. */
static void
a_death_fails_the_hold(void **state)
{
	struct world *w = *state;
	const struct report *r;
	bool suspect = false, gone = false;

	w->killed = 2;
	w->killed_ns = IN_HOLD;
	r = world_run(w);
	expect_fail(r, 1, "m1.broker.a00200 ended by signal 9 (SIGKILL) 3.");
	assert_non_null(strstr(r->steps[1].reason, "s into hold"));
	for (size_t i = 0; i < r->steps[1].note_count; i++) {
		const char *text = r->steps[1].notes[i].text;

		suspect |= strstr(text, "sees m1.broker.a00200 as suspect, 1.0") != NULL;
		gone |= strstr(text, "sees m1.broker.a00200 as gone, 2.0") != NULL;
		assert_null(strstr(text, "m2."));
	}
	assert_true(suspect && gone);
	assert_non_null(strstr(r->steps[1].notes[r->steps[1].note_count - 1].text,
		"3 of 3 other nodes of its mesh noticed"));
	assert_true(r->steps[0].verdict == VERDICT_PASS);
}

/*
 * The control: witnesses that notice nothing are quoted as such, and are not waited for
 * long.
 */
static void
blind_witnesses_are_told(void **state)
{
	struct world *w = *state;
	const struct report *r;

	w->killed = 2;
	w->killed_ns = IN_HOLD;
	w->notice_ns = SECONDS(1000);
	r = world_run(w);
	expect_fail(r, 1, "m1.broker.a00200 ended by signal 9");
	assert_int_equal(r->steps[1].note_count, 1);
	assert_non_null(strstr(r->steps[1].notes[0].text, "0 of 3 other"));
}

/* A death while waiting is a failure too, and at once. */
static void
a_death_fails_the_wait(void **state)
{
	struct world *w = *state;
	const struct report *r;

	w->never_ready = 5;
	w->killed = 2;
	w->killed_ns = SECONDS(1001);
	r = world_run(w);
	expect_fail(r, 0,
		"m1.broker.a00200 ended by signal 9 (SIGKILL) 1.000s into the wait");
}

/* A node that never gets ready: the wait fails at its deadline and names it. */
static void
a_wait_ends_at_its_deadline(void **state)
{
	struct world *w = *state;
	const struct report *r;

	w->never_ready = 5;
	r = world_run(w);
	expect_fail(r, 0, "5 of 6 nodes are ready");
	assert_int_equal(r->steps[0].ended_ns - r->steps[0].began_ns, SECONDS(5));
	assert_non_null(strstr(r->steps[0].notes[0].text, "m2.broker #2 is not ready"));
}

/*
 * A live stranger in one directory is not convergence, and the reason says who lists
 * whom.
 */
static void
a_stranger_is_not_converged(void **state)
{
	struct world *w = *state;

	w->liar = 1;
	w->foreign = true;
	expect_fail(world_run(w), 0,
		"m1.gateway.a00100 lists eeeeeeeeeeee, which is no node of");
}

/* Nor is a node of another mesh. */
static void
another_mesh_is_not_converged(void **state)
{
	struct world *w = *state;

	w->liar = 1;
	w->other_mesh = true;
	expect_fail(world_run(w), 0, "which is of another mesh");
}

/* Nor a node that one directory lacks. */
static void
a_missing_node_is_not_converged(void **state)
{
	struct world *w = *state;

	w->liar = 1;
	w->forgets = true;
	expect_fail(world_run(w), 0, "m1.gateway.a00100 does not list m1.gateway.a00000");
}

/* Links that one end alone reports do not connect. */
static void
half_links_do_not_connect(void **state)
{
	struct world *w = *state;
	const struct report *r;

	w->liar = 3;
	w->half_links = true;
	r = world_run(w);
	expect_fail(r, 0, "links that both ends report");
	assert_int_equal(figure(&r->steps[0], "half_links"), 3);
}

/* A suspicion in hold fails it, and names witness and suspect. */
static void
a_suspicion_fails_the_hold(void **state)
{
	struct world *w = *state;

	w->liar = 3;
	w->suspects = true;
	w->liar_ns = IN_HOLD;
	expect_fail(
		world_run(w), 1, "m1.broker.a00300 sees m1.gateway.a00000 as suspect");
}

/* So does a stranger that appears in hold. */
static void
a_stranger_fails_the_hold(void **state)
{
	struct world *w = *state;

	w->liar = 3;
	w->foreign = true;
	w->liar_ns = IN_HOLD;
	expect_fail(world_run(w), 1, "m1.broker.a00300 lists eeeeeeeeeeee");
}

/* A node that does not answer for 2 s fails the hold. */
static void
silence_fails_the_hold(void **state)
{
	struct world *w = *state;
	const struct report *r;

	w->mute = 4;
	w->mute_ns = IN_HOLD;
	r = world_run(w);
	expect_fail(r, 1, "m2.broker.a00400 does not answer: asked 2.0");
}

/*
 * When nobody answered in hold at all, nothing was learned: unproven, and never a pass.
 */
static void
a_deaf_runner_proves_nothing(void **state)
{
	struct world *w = *state;
	const struct report *r;

	/*
	 * Everybody is mute from the beginning of hold, which is when the wait has
	 * passed.
	 */
	w->all_mute_in_hold = true;
	r = world_run(w);
	assert_int_equal(r->steps[0].verdict, VERDICT_PASS);
	assert_int_equal(r->steps[1].verdict, VERDICT_UNPROVEN);
	assert_non_null(strstr(r->steps[1].reason, "nobody answered a question in 2.0"));
	assert_int_equal(r->verdict, VERDICT_UNPROVEN);
}

/* In a wait the same silence is a failure: it was to become true within that time. */
static void
silence_fails_the_wait(void **state)
{
	struct world *w = *state;

	w->all_mute = true;
	expect_fail(world_run(w), 0, "no answer yet from");
}

/* A runner that itself stood still blames nobody, and does not call it a pass. */
static void
our_own_pause_is_unproven(void **state)
{
	struct world *w = *state;
	const struct report *r;

	w->pause_at_ns = IN_HOLD;
	w->pause_ns = SECONDS(3);
	r = world_run(w);
	assert_int_equal(r->verdict, VERDICT_UNPROVEN);
	assert_int_equal(r->steps[1].verdict, VERDICT_UNPROVEN);
	assert_non_null(
		strstr(r->steps[1].reason, "the runner itself stood still for 3.0"));
}

/* A node that says that it is leaving fails the hold before it has ended. */
static void
leaving_fails_the_hold(void **state)
{
	struct world *w = *state;
	const struct report *r;

	w->leaver = 1;
	w->leaver_ns = IN_HOLD;
	r = world_run(w);
	expect_fail(r, 1, "m1.gateway.a00100 is leaving by itself");
	assert_non_null(strstr(r->steps[1].reason, "SIGTERM"));
}

/* A node that does not stop when asked is a failure of stop. */
static void
a_forced_end_fails_the_stop(void **state)
{
	struct world *w = *state;
	const struct report *r;

	w->deaf = 3;
	r = world_run(w);
	expect_fail(r, 2,
		"m1.broker.a00300 was told to stop and ended by signal 9 (SIGKILL), "
		"forced");
	assert_int_equal(figure(&r->steps[2], "forced"), 1);
}

/* Handshakes in hold are counted over all nodes. */
static void
handshakes_are_counted(void **state)
{
	struct world *w = *state;
	const struct report *r;

	w->handshakes_each_ask = 1;
	r = world_run(w);
	assert_int_equal(r->verdict, VERDICT_PASS);
	assert_true(figure(&r->steps[1], "handshakes") >= 6 * 39);
}

/* Without nodes, and after a stop, there is nothing to prove. */
static void
nothing_proves_nothing(void **state)
{
	struct world *w = *state;
	const struct report *r;

	world_fini(w);
	world_init(w, "name: t\nmeshes:\n  m1: { broker: 0 }\nsteps:\n" WAIT);
	r = world_run(w);
	assert_int_equal(r->verdict, VERDICT_UNPROVEN);
	world_fini(w);
	world_init(w, "name: t\nmeshes:\n  m1: { broker: 0 }\nsteps:\n" HOLD);
	assert_int_equal(world_run(w)->verdict, VERDICT_UNPROVEN);
	world_fini(w);
	world_init(w, "name: t\nmeshes:\n  m1: { broker: 0 }\nsteps:\n" STOP);
	assert_int_equal(world_run(w)->verdict, VERDICT_UNPROVEN);
	world_fini(w);
	world_init(w, MESHES WAIT STOP HOLD);
	r = world_run(w);
	assert_int_equal(r->steps[1].verdict, VERDICT_PASS);
	assert_int_equal(r->steps[2].verdict, VERDICT_UNPROVEN);
	assert_int_equal(r->verdict, VERDICT_UNPROVEN);
	world_fini(w);
	world_init(w, MESHES WAIT STOP STOP);
	assert_int_equal(world_run(w)->verdict, VERDICT_UNPROVEN);
}

/* Hold before anybody is ready has no premise; nodes are stopped all the same. */
static void
hold_wants_ready_nodes(void **state)
{
	struct world *w = *state;
	const struct report *r;

	world_fini(w);
	world_init(w, MESHES HOLD);
	r = world_run(w);
	assert_int_equal(r->verdict, VERDICT_UNPROVEN);
	assert_non_null(strstr(r->steps[0].reason, "was not ready when hold began"));
	assert_int_equal(supervisor_alive(w->supervisor), 0);
}

/* An interruption stops everything in order and proves nothing. */
static void
an_interruption_is_unproven(void **state)
{
	struct world *w = *state;
	const struct report *r;

	runner_tick(w->runner, w->now_ns);
	runner_cancel(w->runner, "SIGINT", w->now_ns);
	r = world_run(w);
	assert_int_equal(r->verdict, VERDICT_UNPROVEN);
	assert_string_equal(r->steps[0].reason, "interrupted: SIGINT");
	assert_string_equal(r->steps[1].reason, "not reached");
	assert_int_equal(supervisor_alive(w->supervisor), 0);
}

/* A scenario without `stop` leaves nobody behind either. */
static void
the_end_stops_all(void **state)
{
	struct world *w = *state;

	world_fini(w);
	world_init(w, MESHES WAIT);
	assert_int_equal(world_run(w)->verdict, VERDICT_PASS);
	assert_int_equal(supervisor_alive(w->supervisor), 0);
	assert_int_equal(w->count, 6);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_sound_world_passes),
		T(others_are_seeded),
		T(hold_asks_often),
		T(a_death_fails_the_hold),
		T(blind_witnesses_are_told),
		T(a_death_fails_the_wait),
		T(a_wait_ends_at_its_deadline),
		T(a_stranger_is_not_converged),
		T(another_mesh_is_not_converged),
		T(a_missing_node_is_not_converged),
		T(half_links_do_not_connect),
		T(a_suspicion_fails_the_hold),
		T(a_stranger_fails_the_hold),
		T(silence_fails_the_hold),
		T(a_deaf_runner_proves_nothing),
		T(silence_fails_the_wait),
		T(our_own_pause_is_unproven),
		T(leaving_fails_the_hold),
		T(a_forced_end_fails_the_stop),
		T(handshakes_are_counted),
		T(nothing_proves_nothing),
		T(hold_wants_ready_nodes),
		T(an_interruption_is_unproven),
		T(the_end_stops_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
