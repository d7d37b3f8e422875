/* SPDX-License-Identifier: MIT */
#include "app/test_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/orphans.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/child_driver.h"
#include "io/loop.h"
#include "io/rundir.h"

#define REPORT_LEN_MAX (64u << 10)

struct run {
	struct test_runs *owner;
	size_t index;		/* of its row */
	struct rundir dir;
	struct supervisor *supervisor;
	struct child_driver *driver;
	struct registry_run *test;
	uv_prepare_t prepare;
	uv_timer_t timer;
	unsigned handles;
	bool dirty;		/* something happened that the test has not seen */
	uv_work_t work;		/* of a probe, in a thread: it blocks */
	bool working;
	uint64_t seed;
	atomic_bool stop;
	struct orphans_result orphans;
};

struct test_runs {
	uv_loop_t *loop;
	struct test_runs_hooks hooks;
	struct run *at[TEST_RUNS_AT_ONCE];
	struct model_test *rows;
	char **reports;		/* of each row, owned */
};

struct test_runs *
test_runs_new(uv_loop_t *loop, const struct test_runs_hooks *hooks)
{
	struct test_runs *t = mem_array(1, sizeof(*t));

	t->loop = loop;
	t->hooks = *hooks;
	t->rows = mem_array(registry_count(), sizeof(*t->rows));
	t->reports = mem_array(registry_count(), sizeof(*t->reports));
	for (size_t i = 0; i < registry_count(); i++)
		t->rows[i].test = registry_at(i);
	return t;
}

static void
on_closed(uv_handle_t *h)
{
	struct run *r = h->data;

	if (--r->handles == 0)
		free(r);
}

/* The processes are gone when this returns, and so is the directory. */
static void
end(struct run *r)
{
	atomic_store(&r->stop, true);
	child_driver_close(r->driver);
	registry_free(r->test);
	supervisor_free(r->supervisor);
	rundir_close(&r->dir);
	if (r->working) {
		r->owner = NULL;	/* and the thread's end frees it */
		return;
	}
	if (r->handles == 0) {
		free(r);
		return;
	}
	uv_close((uv_handle_t *)&r->prepare, on_closed);
	uv_close((uv_handle_t *)&r->timer, on_closed);
}

void
test_runs_close(struct test_runs *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < TEST_RUNS_AT_ONCE; i++)
		if (t->at[i] != NULL)
			end(t->at[i]);
	for (size_t i = 0; i < registry_count(); i++)
		free(t->reports[i]);
	free(t->reports);
	free(t->rows);
	free(t);
}

static void
keep_report(struct test_runs *t, size_t index, const struct report *report)
{
	struct buf b;

	buf_init(&b, REPORT_LEN_MAX);
	report_text(report, &b);
	free(t->reports[index]);
	t->reports[index] = mem_array(1, b.len + 1);
	memcpy(t->reports[index], b.data, b.len);
	t->rows[index].report = t->reports[index];
	buf_fini(&b);
}

static void
take_result(struct run *r)
{
	struct test_runs *t = r->owner;
	struct model_test *row = &t->rows[r->index];
	struct registry_result result = { 0 };

	registry_result(&result, row->test, row->seed, registry_report(r->test));
	row->state = MODEL_TEST_ENDED;
	row->ended_ns = loop_now_ns();
	row->verdict = result.verdict;
	row->as_expected = result.as_expected;
	memcpy(row->reason, result.reason, sizeof(row->reason));
	free(result.report);
	keep_report(t, r->index, registry_report(r->test));
	for (size_t i = 0; i < TEST_RUNS_AT_ONCE; i++)
		if (t->at[i] == r)
			t->at[i] = NULL;
	t->hooks.changed(t->hooks.ctx, row);
	end(r);
}

static void
on_timer(uv_timer_t *h)
{
	struct run *r = h->data;

	r->dirty = true;
}

/* Before the loop sleeps: whatever came in this turn is judged once. */
static void
on_prepare(uv_prepare_t *h)
{
	struct run *r = h->data;
	struct model_test *row = &r->owner->rows[r->index];

	while (r->dirty && !registry_done(r->test)) {
		r->dirty = false;
		registry_tick(r->test, loop_now_ns());
		child_driver_run(r->driver);
	}
	if (registry_done(r->test)) {
		take_result(r);
		return;
	}
	registry_progress(r->test, row->progress, sizeof(row->progress));
	uv_update_time(r->owner->loop);
	uv_timer_start(&r->timer, on_timer,
		loop_ms_until(registry_deadline(r->test), loop_now_ns()), 0);
}

/* In a thread: nothing of the run but these fields is touched. */
static void
on_probe(uv_work_t *w)
{
	struct run *r = w->data;

	orphans_run(r->seed, &r->stop, &r->orphans);
}

static void
on_probe_done(uv_work_t *w, int status)
{
	struct run *r = w->data;

	(void)status;
	r->working = false;
	if (r->owner == NULL) {
		free(r);
		return;
	}
	orphans_settle(&r->orphans, r->test, loop_now_ns());
	take_result(r);
}

static void
on_child(void *ctx, unsigned child)
{
	struct run *r = ctx;

	(void)child;
	r->dirty = true;
}

/* A test with nodes: what it needs of the system, and its first turn. */
static int
set_up(struct run *r, char why[static TEST_RUNS_WHY_CAP])
{
	const struct child_driver_hooks hooks = { on_child, r };
	char dir_why[RUNDIR_WHY_CAP];
	int err = rundir_open(&r->dir, dir_why);

	if (err != ERR_OK) {
		snprintf(why, TEST_RUNS_WHY_CAP, "%.200s", dir_why);
		return err;
	}
	r->supervisor = supervisor_new(CHILDREN_POOL_MAX);
	r->driver = child_driver_open(r->owner->loop, r->supervisor, &hooks);
	child_driver_apart(r->driver, r->dir.path);
	uv_prepare_init(r->owner->loop, &r->prepare);
	uv_timer_init(r->owner->loop, &r->timer);
	r->prepare.data = r->timer.data = r;
	r->handles = 2;
	uv_prepare_start(&r->prepare, on_prepare);
	return ERR_OK;
}

int
test_runs_begin(struct test_runs *t, size_t index, uint64_t seed,
	char why[static TEST_RUNS_WHY_CAP])
{
	struct model_test *row = &t->rows[index];
	size_t place = 0;
	struct run *r;
	int err = ERR_OK;

	while (place < TEST_RUNS_AT_ONCE && t->at[place] != NULL)
		place++;
	if (row->state == MODEL_TEST_RUNS) {
		snprintf(why, TEST_RUNS_WHY_CAP, "it runs already");
		return ERR_STATE;
	}
	if (place == TEST_RUNS_AT_ONCE) {
		snprintf(why, TEST_RUNS_WHY_CAP, "%d tests run already",
			TEST_RUNS_AT_ONCE);
		return ERR_LIMIT;
	}
	r = mem_array(1, sizeof(*r));
	r->owner = t;
	r->index = index;
	r->dir.lock_fd = -1;
	if (row->test->yaml != NULL)
		err = set_up(r, why);
	if (err == ERR_OK)
		r->test = registry_start(row->test, seed, r->supervisor, r->dir.path,
			loop_wall_ms(), loop_now_ns(), why);
	if (r->test == NULL) {
		end(r);
		return err != ERR_OK ? err : ERR_MALFORMED;
	}
	t->at[place] = r;
	row->state = MODEL_TEST_RUNS;
	row->began_ns = loop_now_ns();
	row->seed = seed;
	row->progress[0] = '\0';
	r->dirty = true;
	t->hooks.changed(t->hooks.ctx, row);
	if (row->test->probe) {
		r->work.data = r;
		r->seed = seed;
		r->working = true;
		uv_queue_work(t->loop, &r->work, on_probe, on_probe_done);
	} else if (row->test->yaml == NULL) {
		take_result(r);	/* a check is done at once */
	}
	return ERR_OK;
}

int
test_runs_cancel(struct test_runs *t, size_t index)
{
	for (size_t i = 0; i < TEST_RUNS_AT_ONCE; i++)
		if (t->at[i] != NULL && t->at[i]->index == index) {
			registry_cancel(t->at[i]->test, "ended by a person",
				loop_now_ns());
			atomic_store(&t->at[i]->stop, true);
			if (t->at[i]->working)
				return ERR_OK;
			child_driver_run(t->at[i]->driver);
			t->at[i]->dirty = true;
			return ERR_OK;
		}
	return ERR_STATE;
}

const struct model_test *
test_runs_rows(struct test_runs *t)
{
	return t->rows;
}
