/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/child_driver.h"
#include "io/lifeline_end.h"
#include "io/loop.h"

/*
 * This program is its own child: started with --node, it plays the part that --mesh
 * names, at the real end of a real lifeline.
 */
struct part {
	struct lifeline_end *end;
	uv_loop_t loop;
};

static void
on_ask(void *ctx, uint64_t ask, const struct peer_id *probes, size_t count)
{
	struct part *p = ctx;
	struct lifeline_view_node self = { .age_ms = 3 };
	struct lifeline_view v = { .ask = ask, .nodes = &self, .node_count = 1,
		.handshakes = 7 };

	assert_true(probes != NULL || count == 0);
	assert_int_equal(count, 0);
	lifeline_end_view(p->end, &v);
}

static void
on_quit(void *ctx)
{
	struct part *p = ctx;

	lifeline_end_stopping(p->end, "told to");
	lifeline_end_close(p->end);
}

static void
on_fault(void *ctx, const struct fault_order *o)
{
	struct part *p = ctx;
	struct fault_status s = { .result = ERR_STATE, .injected = o->lease_ms };

	memcpy(s.nonce, o->nonce, sizeof(s.nonce));
	snprintf(s.why, sizeof(s.why), "%s\033[2J", o->primitive);
	lifeline_end_faults(p->end, &s);
}

static void
on_gone(void *ctx)
{
	(void)ctx;
	_exit(3);
}

static int
play(const char *role)
{
	struct part p;
	const struct lifeline_end_hooks hooks = { .ask = on_ask, .quit = on_quit,
		.fault = on_fault, .gone = on_gone, .ctx = &p };
	struct lifeline_ready ready = { .name = "good.node.000000", .boot_us = 5 };
	char why[LIFELINE_END_WHY_CAP];

	if (lifeline_end_take(3, why) != ERR_OK) {
		lifeline_end_fail(3, 78, why);
		return 78;
	}
	if (strcmp(role, "crash") == 0) {
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
	}
	if (strcmp(role, "babble") == 0) {
		uint8_t noise[64];

		memset(noise, 0xff, sizeof(noise));
		if (write(3, noise, sizeof(noise)) < 0)
			return 70;
	}
	uv_loop_init(&p.loop);
	p.end = lifeline_end_open(&p.loop, 3, &hooks);
	if (strcmp(role, "babble") != 0)
		lifeline_end_ready(p.end, &ready);
	return loop_drain(&p.loop) == ERR_OK ? 0 : 70;
}

struct fixture {
	uv_loop_t loop;
	struct supervisor *supervisor;
	struct child_driver *driver;
	char dir[64];
	size_t changes;
};

static void
on_change(void *ctx, unsigned child)
{
	struct fixture *f = ctx;

	(void)child;
	f->changes++;
}

static int
setup(void **state)
{
	static struct fixture f;
	struct child_driver_hooks hooks = { on_change, &f };

	memset(&f, 0, sizeof(f));
	snprintf(f.dir, sizeof(f.dir), "/tmp/meshtui-test-XXXXXX");
	if (!mkdtemp(f.dir))
		return -1;
	uv_loop_init(&f.loop);
	f.supervisor = supervisor_new(CHILDREN_MAX);
	f.driver = child_driver_open(&f.loop, f.supervisor, &hooks);
	*state = &f;
	return 0;
}

/* Nothing of ours is left: no object, no descriptor, no child. */
static int
teardown(void **state)
{
	struct fixture *f = *state;
	char path[100];

	child_driver_close(f->driver);
	supervisor_free(f->supervisor);
	assert_int_equal(loop_drain(&f->loop), ERR_OK);
	assert_int_equal(mem_live(MEM_CHILD_DRIVER), 0);
	assert_int_equal(mem_live(MEM_CHILD_PROCESS), 0);
	assert_int_equal(mem_live(MEM_DESCRIPTOR), 0);
	assert_int_equal(mem_live(MEM_CHILD), 0);
	snprintf(path, sizeof(path), "%s/n/node.log", f->dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/n", f->dir);
	rmdir(path);
	return rmdir(f->dir);
}

static unsigned
start(struct fixture *f, const char *role)
{
	struct child_spec spec = { .type = "test" };
	unsigned child;

	snprintf(spec.mesh, sizeof(spec.mesh), "%s", role);
	snprintf(spec.data_dir, sizeof(spec.data_dir), "%s/n", f->dir);
	assert_int_equal(
		supervisor_start(f->supervisor, &spec, loop_now_ns(), &child), ERR_OK);
	child_driver_run(f->driver);
	return child;
}

static void
on_late(uv_timer_t *h)
{
	*(bool *)h->data = true;
}

/* Turns the loop until the child is in this state, at most 30 s. */
static const struct child_row *
await(struct fixture *f, unsigned child, enum child_state state)
{
	const struct child_row *row = supervisor_find(f->supervisor, child);
	bool late = false;
	uv_timer_t timer;

	uv_timer_init(&f->loop, &timer);
	timer.data = &late;
	uv_timer_start(&timer, on_late, 30000, 0);
	while (row->state != state && !late)
		uv_run(&f->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&f->loop, UV_RUN_NOWAIT);
	assert_int_equal(row->state, state);
	return row;
}

/* A child gets ready, answers a question, and leaves when told. */
static void
a_child_lives_and_leaves(void **state)
{
	struct fixture *f = *state;
	unsigned child = start(f, "good");
	const struct child_row *row = await(f, child, CHILD_READY);
	uint64_t ask;

	assert_true(row->pid > 0);
	assert_string_equal(row->ready.name, "good.node.000000");
	assert_int_equal(
		supervisor_ask(f->supervisor, child, loop_now_ns(), &ask), ERR_OK);
	child_driver_run(f->driver);
	while (!row->view)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(row->view->ask, ask);
	assert_int_equal(row->view->handshakes, 7);
	assert_int_equal(row->view->nodes[0].age_ms, 3);
	supervisor_stop(f->supervisor, child, loop_now_ns());
	child_driver_run(f->driver);
	await(f, child, CHILD_ENDED);
	assert_int_equal(row->end.status, 0);
	assert_int_equal(row->end.signal, 0);
	assert_true(row->end.expected);
	assert_true(f->changes >= 4);
}

/* The signal of a crash is known. */
static void
a_crash_is_labelled(void **state)
{
	struct fixture *f = *state;
	const struct child_row *row = await(f, start(f, "crash"), CHILD_ENDED);

	/* Under a sanitizer the signal is its own report and another end. */
	assert_true(row->end.signal == SIGSEGV || row->end.signal == SIGABRT ||
		row->end.status != 0);
	assert_false(row->end.expected);
}

/* A descriptor that nobody promised: the child says which, and refuses to start. */
static void
a_stray_descriptor_is_refused(void **state)
{
	struct fixture *f = *state;
	int stray = fcntl(STDIN_FILENO, F_DUPFD, 77);	/* open over exec, on purpose */
	const struct child_row *row = await(f, start(f, "good"), CHILD_ENDED);
	char text[64];

	snprintf(text, sizeof(text), "descriptor %d ", stray);
	assert_int_equal(row->end.status, 78);
	assert_non_null(strstr(row->failure, text));
	close(stray);
}

/* The control: the same descriptor, open before the driver, is sealed and not seen. */
static void
an_old_descriptor_is_sealed(void **state)
{
	struct fixture *f = *state;
	int old = fcntl(STDIN_FILENO, F_DUPFD, 77);
	struct child_driver_hooks hooks = { on_change, f };

	child_driver_close(f->driver);
	f->driver = child_driver_open(&f->loop, f->supervisor, &hooks);
	await(f, start(f, "good"), CHILD_READY);
	close(old);
}

/* A child that talks nonsense loses its lifeline, sees that, and leaves. */
static void
nonsense_ends_the_lifeline(void **state)
{
	struct fixture *f = *state;
	const struct child_row *row = await(f, start(f, "babble"), CHILD_ENDED);

	assert_int_equal(row->end.status, 3);
	assert_false(row->end.expected);
}

/* Closing the driver leaves nobody: the teardown's counts say so, and the pid is free. */
static void
closing_kills(void **state)
{
	struct fixture *f = *state;
	unsigned child = start(f, "good");
	const struct child_row *row = await(f, child, CHILD_READY);
	int pid = row->pid;

	child_driver_close(f->driver);
	assert_int_equal(row->state, CHILD_ENDED);
	assert_int_equal(row->end.signal, SIGKILL);
	assert_int_equal(kill(pid, 0), -1);
	f->driver = NULL;
}

/* Where the data directory cannot be made, the spawn fails with a reason. */
static void
a_failed_spawn_has_a_reason(void **state)
{
	struct fixture *f = *state;
	struct child_spec spec = { .mesh = "good", .type = "test",
		.data_dir = "/proc/nowhere/n" };
	const struct child_row *row;
	unsigned child;

	supervisor_start(f->supervisor, &spec, loop_now_ns(), &child);
	child_driver_run(f->driver);
	row = supervisor_find(f->supervisor, child);
	assert_int_equal(row->state, CHILD_ENDED);
	assert_non_null(strstr(row->failure, "/proc/nowhere/n"));
}

/* An order for a fault goes down, and what is said to it comes up, made printable. */
static void
a_fault_is_ordered(void **state)
{
	struct fixture *f = *state;
	unsigned child = start(f, "good");
	const struct child_row *row;
	struct fault_order o = { .verb = FAULT_INJECT, .lease_ms = 7000,
		.kind = FAULT_CUT, .primitive = "partition-pair",
		.target_count = FAULT_TARGETS_MAX };

	assert_int_equal(supervisor_fault(f->supervisor, child, &o), ERR_STATE);
	row = await(f, child, CHILD_READY);
	memset(o.nonce, 5, sizeof(o.nonce));
	assert_int_equal(supervisor_fault(f->supervisor, child + 1, &o), ERR_UNKNOWN);
	assert_int_equal(supervisor_fault(f->supervisor, child, &o), ERR_OK);
	child_driver_run(f->driver);
	while (!row->faults)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_memory_equal(row->faults->nonce, o.nonce, sizeof(o.nonce));
	assert_int_equal(row->faults->injected, 7000);
	assert_int_equal(row->faults->result, ERR_STATE);
	assert_string_equal(row->faults->why, "partition-pair?[2J");
	assert_true(row->faults_ns > 0);
	supervisor_stop(f->supervisor, child, loop_now_ns());
	child_driver_run(f->driver);
	await(f, child, CHILD_ENDED);
}

/* A kill is one from outside: nobody asked the child to leave. */
static void
a_child_is_killed(void **state)
{
	struct fixture *f = *state;
	unsigned child = start(f, "good");
	const struct child_row *row = await(f, child, CHILD_READY);

	assert_int_equal(supervisor_kill(f->supervisor, child), ERR_OK);
	child_driver_run(f->driver);
	await(f, child, CHILD_ENDED);
	assert_int_equal(row->end.signal, SIGKILL);
	assert_false(row->end.expected || row->end.forced);
	assert_int_equal(supervisor_kill(f->supervisor, child), ERR_STATE);
}

int
main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_child_lives_and_leaves), T(a_crash_is_labelled),
		T(a_stray_descriptor_is_refused), T(an_old_descriptor_is_sealed),
		T(nonsense_ends_the_lifeline), T(closing_kills),
		T(a_failed_spawn_has_a_reason), T(a_fault_is_ordered),
		T(a_child_is_killed),
	};

	if (argc > 4 && strcmp(argv[1], "--node") == 0)
		return play(argv[4]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
