/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "supervisor/supervisor.h"

static const struct child_spec broker = { .mesh = "mesh1", .type = "broker", .label = 7 };

/* A driver that does what the orders say at once and keeps the last of them. */
struct driver {
	struct supervisor *s;
	struct supervisor_order last;
	size_t spawns, asks, quits, signals;
};

static void
drain(struct driver *d, uint64_t now_ns)
{
	while (supervisor_next_order(d->s, &d->last)) {
		switch (d->last.kind) {
		case ORDER_SPAWN:
			d->spawns++;
			supervisor_spawned(
				d->s, d->last.child, 1000 + (int)d->last.child, now_ns);
			break;
		case ORDER_SEND:
			d->asks += d->last.record.tag == LIFELINE_ASK;
			d->quits += d->last.record.tag == LIFELINE_QUIT;
			break;
		case ORDER_SIGNAL:
			d->signals++;
			break;
		}
	}
}

static void
say_ready(struct driver *d, unsigned child, uint64_t now_ns)
{
	struct lifeline_record r = { .tag = LIFELINE_READY };

	r.ready.id.bytes[0] = (uint8_t)child;
	strcpy(r.ready.name, "mesh1.broker.010000");
	supervisor_record(d->s, child, &r, now_ns);
}

static unsigned
start(struct driver *d, uint64_t now_ns)
{
	unsigned child;

	assert_int_equal(supervisor_start(d->s, &broker, now_ns, &child), ERR_OK);
	drain(d, now_ns);
	return child;
}

static int
setup(void **state)
{
	static struct driver d;

	memset(&d, 0, sizeof(d));
	d.s = supervisor_new(CHILDREN_MAX);
	*state = &d;
	return 0;
}

/* Whatever a test did, every child object comes back. */
static int
teardown(void **state)
{
	struct driver *d = *state;

	supervisor_free(d->s);
	assert_int_equal(mem_live(MEM_CHILD), 0);
	assert_int_equal(mem_live(MEM_SUPERVISOR), 0);
	return 0;
}

/*
 * A child is spawned with its specification, gets ready, is told to quit and leaves in
 * order.
 */
static void
a_child_lives_and_leaves(void **state)
{
	struct driver *d = *state;
	unsigned child = start(d, 5);
	const struct child_row *row = supervisor_find(d->s, child);
	char text[CHILD_END_TEXT_CAP];

	assert_int_equal(d->last.kind, ORDER_SPAWN);
	assert_string_equal(d->last.spec.type, "broker");
	assert_int_equal(d->last.spec.label, 7);
	assert_int_equal(row->state, CHILD_STARTING);
	assert_int_equal(row->pid, 1001);
	say_ready(d, child, SECONDS(1));
	assert_int_equal(row->state, CHILD_READY);
	assert_int_equal(row->ready_ns, SECONDS(1));
	assert_string_equal(row->ready.name, "mesh1.broker.010000");
	assert_int_equal(supervisor_deadline(d->s), SECONDS(1) + CHILD_SILENT);

	assert_int_equal(supervisor_stop(d->s, child, SECONDS(2)), ERR_OK);
	drain(d, SECONDS(2));
	assert_int_equal(d->quits, 1);
	assert_int_equal(row->state, CHILD_STOPPING);
	supervisor_exited(d->s, child, 0, 0, SECONDS(2) + 9);
	assert_int_equal(row->state, CHILD_ENDED);
	assert_true(row->end.expected);
	assert_false(row->end.forced);
	assert_int_equal(row->pid, 0);
	assert_int_equal(supervisor_alive(d->s), 0);
	assert_int_equal(supervisor_count(d->s), 1);
	assert_string_equal(child_end_text(&row->end, text, sizeof(text)),
		"exited with status 0");
	supervisor_tick(d->s, SECONDS(60));
	drain(d, SECONDS(60));
	assert_int_equal(d->signals, 0);
	supervisor_forget(d->s, child);
	assert_int_equal(supervisor_count(d->s), 0);
}

/*
 * QUIT, then SIGTERM after 2 s, then SIGKILL after 4 s, each once, and the end is called
 * forced.
 */
static void
a_deaf_child_is_forced(void **state)
{
	struct driver *d = *state;
	unsigned child = start(d, 0);
	uint64_t t = SECONDS(10);
	char text[CHILD_END_TEXT_CAP];

	say_ready(d, child, 1);
	assert_int_equal(supervisor_stop(d->s, child, t), ERR_OK);
	drain(d, t);
	assert_int_equal(supervisor_deadline(d->s), t + SECONDS(2));
	supervisor_tick(d->s, t + SECONDS(2) - 1);
	drain(d, t);
	assert_int_equal(d->signals, 0);
	supervisor_tick(d->s, t + SECONDS(2));
	supervisor_tick(d->s, t + SECONDS(2));
	drain(d, t);
	assert_int_equal(d->signals, 1);
	assert_int_equal(d->last.signal, SIGTERM);
	assert_int_equal(supervisor_deadline(d->s), t + SECONDS(4));
	supervisor_tick(d->s, t + SECONDS(4));
	supervisor_tick(d->s, t + SECONDS(9));
	drain(d, t);
	assert_int_equal(d->signals, 2);
	assert_int_equal(d->last.signal, SIGKILL);
	assert_int_equal(supervisor_deadline(d->s), NEVER);
	supervisor_exited(d->s, child, 0, SIGKILL, t + SECONDS(4) + 1);
	assert_true(supervisor_at(d->s, 0)->end.forced);
	assert_true(supervisor_at(d->s, 0)->end.expected);
	assert_string_equal(
		child_end_text(&supervisor_at(d->s, 0)->end, text, sizeof(text)),
		"ended by signal 9 (SIGKILL), forced");
}

/* A crash is labelled with its signal and is neither expected nor forced. */
static void
a_crash_has_its_signal(void **state)
{
	struct driver *d = *state;
	unsigned child = start(d, 0);
	const struct child_row *row = supervisor_find(d->s, child);
	char text[CHILD_END_TEXT_CAP];

	say_ready(d, child, 1);
	supervisor_lifeline_closed(d->s, child, 8);
	supervisor_exited(d->s, child, 0, SIGSEGV, 9);
	assert_int_equal(row->end.signal, SIGSEGV);
	assert_int_equal(row->end.at_ns, 9);
	assert_false(row->end.expected);
	assert_false(row->end.forced);
	assert_string_equal(child_end_text(&row->end, text, sizeof(text)),
		"ended by signal 11 (SIGSEGV)");
	assert_int_equal(supervisor_stop(d->s, child, 10), ERR_STATE);
}

/* Somebody else's SIGKILL before ours was due is not called forced. */
static void
a_foreign_kill_is_not_forced(void **state)
{
	struct driver *d = *state;
	unsigned child = start(d, 0);

	supervisor_stop(d->s, child, 5);
	supervisor_tick(d->s, 5 + SECONDS(3));
	supervisor_exited(d->s, child, 0, SIGKILL, 5 + SECONDS(3));
	assert_false(supervisor_at(d->s, 0)->end.forced);
}

/* The 51st of 50 is refused, and one that ended makes room. */
static void
the_pool_is_bounded(void **state)
{
	struct driver *d = *state;
	unsigned child, first = start(d, 0);

	for (int i = 1; i < CHILDREN_MAX; i++)
		start(d, 0);
	assert_int_equal(supervisor_start(d->s, &broker, 0, &child), ERR_LIMIT);
	assert_int_equal(supervisor_alive(d->s), CHILDREN_MAX);
	drain(d, 0);
	assert_int_equal(d->spawns, CHILDREN_MAX);
	supervisor_exited(d->s, first, 0, 0, 1);
	assert_int_equal(supervisor_start(d->s, &broker, 1, &child), ERR_OK);
	assert_true(child > CHILDREN_MAX);
}

/*
 * Ended children are kept for people to see, and no more than CHILDREN_ROWS_MAX of them.
 */
static void
ended_rows_are_bounded(void **state)
{
	struct driver *d = *state;
	unsigned first = start(d, 0);

	supervisor_exited(d->s, first, 0, 0, 1);
	for (int i = 0; i < CHILDREN_ROWS_MAX + 10; i++)
		supervisor_exited(d->s, start(d, 0), 0, 0, 1);
	assert_int_equal(supervisor_count(d->s), CHILDREN_ROWS_MAX);
	assert_null(supervisor_find(d->s, first));
	assert_int_equal(mem_live(MEM_CHILD), CHILDREN_ROWS_MAX);
}

/*
 * Questions go only to children that are ready; they are numbered, and the answer is
 * kept.
 */
static void
questions_are_answered(void **state)
{
	struct driver *d = *state;
	unsigned child = start(d, 0);
	const struct child_row *row = supervisor_find(d->s, child);
	uint64_t ask = 0;

	assert_int_equal(supervisor_ask(d->s, child, 1, &ask), ERR_STATE);
	assert_int_equal(supervisor_ask(d->s, 99, 1, &ask), ERR_UNKNOWN);
	say_ready(d, child, 1);
	assert_int_equal(supervisor_ask(d->s, child, 2, &ask), ERR_OK);
	assert_int_equal(ask, 1);
	assert_int_equal(supervisor_ask(d->s, child, 3, &ask), ERR_OK);
	assert_int_equal(ask, 2);
	drain(d, 3);
	assert_int_equal(d->asks, 2);
	assert_int_equal(d->last.record.ask.ask, 2);
	assert_null(row->view);
	for (uint64_t i = 1; i <= 2; i++) {
		struct lifeline_record r = { .tag = LIFELINE_VIEW, .view = { .ask = i,
			.nodes = mem_array(2, sizeof(struct lifeline_view_node)),
			.node_count = 2 } };

		supervisor_record(d->s, child, &r, 3 + i);
	}
	assert_non_null(row->view);
	assert_int_equal(row->view->ask, 2);
	assert_int_equal(row->view_ns, 5);
	assert_int_equal(row->asked_ns, 3);
}

/*
 * A child without a lifeline that stays is pressed too, though nobody asked it to leave.
 */
static void
a_child_without_lifeline_is_ended(void **state)
{
	struct driver *d = *state;
	unsigned child = start(d, 0);

	supervisor_lifeline_closed(d->s, child, 100);
	drain(d, 100);
	assert_int_equal(d->quits, 0);
	assert_int_equal(supervisor_deadline(d->s), 100 + SECONDS(2));
	/* Being told to stop now means SIGTERM now: QUIT has no way to it. */
	supervisor_stop(d->s, child, 200);
	drain(d, 200);
	assert_int_equal(d->quits, 0);
	assert_int_equal(d->signals, 1);
	supervisor_tick(d->s, 100 + SECONDS(4));
	drain(d, 300);
	assert_int_equal(d->last.signal, SIGKILL);
	supervisor_exited(d->s, child, 0, SIGKILL, 400);
	assert_true(supervisor_at(d->s, 0)->end.forced);
}

/* A spawn that failed is an ended child with a reason; orders for it are dropped. */
static void
a_failed_spawn_is_an_end(void **state)
{
	struct driver *d = *state;
	struct supervisor_order o;
	unsigned child;

	assert_int_equal(supervisor_start(d->s, &broker, 0, &child), ERR_OK);
	supervisor_stop(d->s, child, 0);
	assert_true(supervisor_next_order(d->s, &o));
	supervisor_spawn_failed(d->s, child, "no such file\x1b[2J", 1);
	assert_false(supervisor_next_order(d->s, &o));
	assert_int_equal(supervisor_at(d->s, 0)->state, CHILD_ENDED);
	assert_false(supervisor_at(d->s, 0)->end.expected);
	assert_string_equal(supervisor_at(d->s, 0)->failure, "no such file?[2J");
}

/*
 * FAILED keeps its text; leaving by itself is not expected; heartbeats keep lag and time.
 */
static void
words_of_a_child_are_kept(void **state)
{
	struct driver *d = *state;
	unsigned child = start(d, 0);
	const struct child_row *row = supervisor_find(d->s, child);
	struct lifeline_record beat = { .tag = LIFELINE_HEARTBEAT,
		.heartbeat = { .seq = 1, .loop_lag_ms = 12 } };
	struct lifeline_record failed = { .tag = LIFELINE_FAILED,
		.failed = { .status = 78, .text = "cannot bind" } };
	struct lifeline_record stopping = { .tag = LIFELINE_STOPPING };

	supervisor_record(d->s, child, &beat, 77);
	assert_int_equal(row->heartbeat_ns, 77);
	assert_int_equal(row->loop_lag_ms, 12);
	supervisor_record(d->s, child, &failed, 78);
	assert_string_equal(row->failure, "cannot bind");
	supervisor_record(d->s, child, &stopping, 79);
	assert_int_equal(row->state, CHILD_STOPPING);
	supervisor_exited(d->s, child, 78, 0, 80);
	assert_false(row->end.expected);
	assert_int_equal(row->end.status, 78);
}

/* Its watchdog says how long it stands still; a beat says that it turns. */
static void
a_stall_is_kept(void **state)
{
	struct driver *d = *state;
	unsigned child = start(d, 0);
	const struct child_row *row = supervisor_find(d->s, child);
	struct lifeline_record stalled = { .tag = LIFELINE_STALLED,
		.stalled.for_ms = 1500 };
	struct lifeline_record beat = { .tag = LIFELINE_HEARTBEAT };

	assert_int_equal(row->stalled_ms, 0);
	supervisor_record(d->s, child, &stalled, 77);
	assert_int_equal(row->stalled_ms, 1500);
	supervisor_record(d->s, child, &beat, 78);
	assert_int_equal(row->stalled_ms, 0);
}

/*
 * Whoever is ready and sends no beats any more was stopped; not so when the parent was
 * late itself, and never one that is not ready yet.
 */
static void
a_silence_is_a_stall(void **state)
{
	struct driver *d = *state;
	unsigned child = start(d, 0), mute = start(d, 0);
	const struct child_row *row = supervisor_find(d->s, child);
	struct lifeline_record beat = { .tag = LIFELINE_HEARTBEAT };

	supervisor_record(d->s, child, &beat, SECONDS(10));
	assert_int_equal(supervisor_deadline(d->s), SECONDS(10) + CHILD_SILENT);
	supervisor_tick(d->s, SECONDS(10) + CHILD_SILENT - 1);
	assert_int_equal(row->stalled_ms, 0);
	supervisor_tick(d->s, SECONDS(10) + CHILD_SILENT);
	assert_int_equal(row->stalled_ms, CHILD_SILENT / NS_PER_MS);
	assert_int_equal(supervisor_deadline(d->s), NEVER);
	supervisor_record(d->s, child, &beat, SECONDS(20));
	assert_int_equal(row->stalled_ms, 0);
	supervisor_tick(d->s, SECONDS(40));
	assert_int_equal(row->stalled_ms, 0);
	supervisor_record(d->s, child, &beat, SECONDS(40));
	assert_int_equal(supervisor_deadline(d->s), SECONDS(40) + CHILD_SILENT);
	assert_int_equal(supervisor_find(d->s, mute)->stalled_ms, 0);
}

/* With patience a child that stands still is ended and started anew, else left alone. */
static void
a_stalled_child_is_started_anew(void **state)
{
	struct driver *d = *state;
	unsigned child = start(d, 0);
	const struct child_row *row = supervisor_find(d->s, child);
	struct lifeline_record stalled = { .tag = LIFELINE_STALLED,
		.stalled.for_ms = 2000 };

	say_ready(d, child, SECONDS(1));
	supervisor_record(d->s, child, &stalled, SECONDS(10));
	supervisor_tick(d->s, SECONDS(1000));
	drain(d, SECONDS(1000));
	assert_int_equal(d->last.kind, ORDER_SPAWN);
	supervisor_set_patience(d->s, SECONDS(60));
	supervisor_tick(d->s, SECONDS(68) - 1);
	drain(d, SECONDS(68) - 1);
	assert_int_equal(d->last.kind, ORDER_SPAWN);
	supervisor_tick(d->s, SECONDS(68));
	drain(d, SECONDS(68));
	assert_int_equal(d->last.kind, ORDER_SIGNAL);
	assert_int_equal(d->last.signal, SIGKILL);
	assert_int_equal(d->last.child, child);
	supervisor_exited(d->s, child, 0, SIGKILL, SECONDS(68));
	assert_true(row->end.forced && !row->end.expected);
	assert_non_null(strstr(row->failure, "stood still for 1m00s"));
	drain(d, SECONDS(68));
	assert_int_equal(d->last.kind, ORDER_SPAWN);
	assert_int_not_equal(d->last.child, child);
	assert_string_equal(d->last.spec.type, "broker");
	assert_int_equal(supervisor_alive(d->s), 1);
}

/* A child's spans replace those before, from its first word on, and stay at its end. */
static void
spans_are_kept(void **state)
{
	struct driver *d = *state;
	unsigned child = start(d, 0);
	const struct child_row *row = supervisor_find(d->s, child);

	assert_null(row->spans);
	for (size_t i = 1; i <= 3; i++) {
		struct lifeline_record r = { .tag = LIFELINE_SPANS,
			.spans = { .spans = mem_array(i, sizeof(struct span)),
				.count = i } };

		supervisor_record(d->s, child, &r, i);
		assert_int_equal(row->spans->count, i);
		assert_int_equal(row->spans_ns, i);
	}
	supervisor_exited(d->s, child, 69, 0, 4);
	assert_int_equal(row->spans->count, 3);
}

/* Facts about children that were forgotten do no harm and lose no memory. */
static void
late_facts_are_harmless(void **state)
{
	struct driver *d = *state;
	struct lifeline_record r = { .tag = LIFELINE_VIEW,
		.view = { .nodes = mem_array(1, sizeof(struct lifeline_view_node)),
			.node_count = 1 } };
	unsigned child = start(d, 0);

	supervisor_exited(d->s, child, 0, 0, 1);
	supervisor_exited(d->s, child, 5, 0, 2);
	assert_int_equal(supervisor_at(d->s, 0)->end.status, 0);
	supervisor_forget(d->s, child);
	supervisor_record(d->s, child, &r, 3);
	supervisor_lifeline_closed(d->s, child, 3);
	supervisor_spawned(d->s, child, 4, 3);
	supervisor_forget(d->s, child);
	assert_int_equal(supervisor_stop(d->s, child, 3), ERR_UNKNOWN);
}

/* Everybody is told at once, and nobody twice. */
static void
all_are_stopped(void **state)
{
	struct driver *d = *state;

	for (int i = 0; i < 5; i++)
		say_ready(d, start(d, 0), 1);
	supervisor_stop_all(d->s, 2);
	supervisor_stop_all(d->s, 3);
	drain(d, 3);
	assert_int_equal(d->quits, 5);
	assert_int_equal(supervisor_deadline(d->s), 2 + SECONDS(2));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_child_lives_and_leaves), T(a_deaf_child_is_forced),
		T(a_crash_has_its_signal), T(a_foreign_kill_is_not_forced),
		T(the_pool_is_bounded), T(ended_rows_are_bounded),
		T(questions_are_answered), T(a_child_without_lifeline_is_ended),
		T(a_failed_spawn_is_an_end), T(words_of_a_child_are_kept),
		T(spans_are_kept), T(a_stall_is_kept), T(a_silence_is_a_stall),
		T(a_stalled_child_is_started_anew),
		T(all_are_stopped),
		T(late_facts_are_harmless), T(all_are_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
