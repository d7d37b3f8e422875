/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "app/attached.h"
#include "app/chronicle.h"
#include "app/fault_spans.h"
#include "app/options.h"
#include "app/root_span.h"
#include "app/run_mode.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/child_driver.h"
#include "io/loop.h"
#include "io/rundir.h"

/* How often somebody who watches gets a new line. */
#define PROGRESS_EVERY MILLISECONDS(200)
#define PROGRESS_WIDTH 78
#define SNAPSHOT_EVERY SECONDS(3600)
/* Of tests, which have no hour: seconds. */
#define SNAPSHOT_ENV "MESHTUI_TEST_SNAPSHOT"
#define LOG_TAIL 2000

struct run {
	uv_loop_t loop;
	uv_prepare_t prepare;
	uv_timer_t timer;
	struct loop_signals signals;
	struct rundir dir;
	struct supervisor *supervisor;
	struct child_driver *driver;	/* or */
	struct attached *attached;
	struct runner *runner;
	bool dirty;		/* something happened that the runner has not seen */
	bool watched;		/* standard error is a terminal */
	unsigned interrupts;
	uint64_t shown_ns;
	char shown[PROGRESS_WIDTH + 1];
	const struct run_subject *subject;
	uint64_t snapshot_ns;	/* when the next one is due */
	uint64_t snapshot_every_ns;
	struct chronicle chronicle;
	struct root_span root;	/* what the nodes' boots hang below */
	struct telemetry *telemetry;
};

static void
show_progress(struct run *r, uint64_t now_ns)
{
	char line[PROGRESS_WIDTH + 1];

	if (!r->watched || now_ns < r->shown_ns + PROGRESS_EVERY)
		return;
	runner_progress(r->runner, line, sizeof(line));
	if (strcmp(line, r->shown) == 0)
		return;
	memcpy(r->shown, line, sizeof(line));
	r->shown_ns = now_ns;
	fprintf(stderr, "\r\033[K%s", line);
}

static void
run_orders(struct run *r)
{
	if (r->attached)
		attached_run(r->attached);
	else
		child_driver_run(r->driver);
}

static void
on_timer(uv_timer_t *h)
{
	struct run *r = h->data;

	r->dirty = true;
}

/*
 * Before the loop sleeps: whatever came in this turn is judged once, not once for each
 * record.
 */
static void
on_prepare(uv_prepare_t *h)
{
	struct run *r = h->data;
	uint64_t now_ns = loop_now_ns();

	if (!r->runner) {
		if (attached_phase(r->attached) >= ATTACHED_READY)
			uv_stop(&r->loop);
		return;
	}
	while (r->dirty && !runner_done(r->runner)) {
		r->dirty = false;
		runner_tick(r->runner, loop_now_ns());
		run_orders(r);
	}
	show_progress(r, now_ns);
	if (r->subject->snapshot && now_ns >= r->snapshot_ns &&
		!runner_done(r->runner)) {
		r->snapshot_ns = now_ns + r->snapshot_every_ns;
		r->subject->snapshot(
			r->subject->ctx, runner_snapshot(r->runner, now_ns));
	}
	if (runner_done(r->runner)) {
		uv_stop(&r->loop);
		return;
	}
	now_ns = loop_now_ns();
	uv_update_time(&r->loop);
	uv_timer_start(&r->timer, on_timer,
		loop_ms_until(runner_deadline(r->runner), now_ns), 0);
}

static void
on_child(void *ctx, unsigned child)
{
	struct run *r = ctx;
	const struct child_row *row = supervisor_find(r->supervisor, child);

	/* Who was not started here tells his own timeline of himself. */
	if (row && !r->attached)
		chronicle_child_changed(&r->chronicle, row);
	r->dirty = true;
	/* What a node of others says comes when this turn was judged already. */
	if (r->attached)
		uv_timer_start(&r->timer, on_timer, 0, 0);
}

static void
on_signal(void *ctx, int signum)
{
	struct run *r = ctx;
	char why[32];

	/* The second one means now: what still runs is killed. */
	if (++r->interrupts > 1 || !r->runner) {
		uv_stop(&r->loop);
		return;
	}
	snprintf(why, sizeof(why), "SIG%s", sigabbrev_np(signum));
	runner_cancel(r->runner, why, loop_now_ns());
	run_orders(r);
	r->dirty = true;
}

static void
run_loop(struct run *r)
{
	r->dirty = true;
	uv_run(&r->loop, UV_RUN_DEFAULT);
	if (r->watched)
		fprintf(stderr, "\r\033[K");
}

/* The nodes of others are found, or an exit status after a line that says why not. */
static int
gather(struct run *r)
{
	if (r->watched)
		fprintf(stderr, "\r\033[Klooking who is there");
	uv_run(&r->loop, UV_RUN_DEFAULT);
	if (r->watched)
		fprintf(stderr, "\r\033[K");
	if (attached_phase(r->attached) == ATTACHED_READY && r->interrupts == 0)
		return 0;
	if (attached_phase(r->attached) == ATTACHED_FAILED)
		return attached_status(r->attached);
	fprintf(stderr, "meshtui: interrupted before any node was touched\n");
	return EXIT_UNPROVEN;
}

/*
 * The last lines that a node wrote before it ended badly; its directory goes with the
 * run.
 */
static void
print_log_tails(const struct run *r)
{
	const struct report *report = runner_report(r->runner);

	for (size_t i = 0; i < supervisor_count(r->supervisor); i++) {
		const struct child_row *row = supervisor_at(r->supervisor, i);
		char path[sizeof(row->spec.data_dir) + 16], tail[LOG_TAIL + 1];
		char text[sizeof(tail)];
		size_t len;
		FILE *f;

		if (row->spec.label < report->node_count &&
			report->nodes[row->spec.label].killed &&
			row->end.signal == SIGKILL)
			continue;
		if (row->state != CHILD_ENDED || (row->end.expected && !row->end.forced &&
				!row->end.status && !row->end.signal))
			continue;
		snprintf(path, sizeof(path), "%s/node.log", row->spec.data_dir);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fseek(f, -LOG_TAIL, SEEK_END) != 0)
			rewind(f);
		len = fread(tail, 1, LOG_TAIL, f);
		fclose(f);
		if (len == 0)
			continue;
		tail[len] = '\0';
		fprintf(stderr, "\nlast words of %s.%s (%s):\n", row->spec.mesh,
			row->spec.type,
			row->ready.name[0] ? row->ready.name : "never ready");
		for (char *save, *line = strtok_r(tail, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save)) {
			text_printable(text, sizeof(text), line, strlen(line));
			fprintf(stderr, "  %s\n", text);
		}
	}
}

static void
on_events_failed(void *ctx, const char *why)
{
	(void)ctx;
	fprintf(stderr, "meshtui: --events: %s\n", why);
}

static void
close_handles(struct run *r)
{
	loop_signals_end(&r->signals);
	uv_close((uv_handle_t *)&r->prepare, NULL);
	uv_close((uv_handle_t *)&r->timer, NULL);
	loop_drain(&r->loop);
}

/* What is left at the end: the loop's handles, files and processes are gone after it. */
static void
take_down(struct run *r)
{
	if (!r->attached)
		chronicle_children_ended(&r->chronicle, r->supervisor);
	chronicle_close(&r->chronicle);
	close_handles(r);
	chronicle_fini(&r->chronicle);
}

/* 0, or an exit status after a line that says why. */
static int
set_up(struct run *r, const struct options *o)
{
	const struct append_file_hooks hooks = { on_events_failed, r };
	char why[APPEND_FILE_WHY_CAP];

	_Static_assert(LOOP_WHY_CAP <= APPEND_FILE_WHY_CAP, "texts fit");
	if (loop_begin(&r->loop, why) != ERR_OK) {
		fprintf(stderr, "meshtui: %s\n", why);
		return EXIT_UNAVAILABLE;
	}
	uv_prepare_init(&r->loop, &r->prepare);
	uv_timer_init(&r->loop, &r->timer);
	r->prepare.data = r->timer.data = r;
	if (loop_signals_begin(&r->signals, &r->loop, on_signal, r) != ERR_OK) {
		fprintf(stderr, "meshtui: %s\n", LOOP_NO_SIGNALS);
		close_handles(r);
		return EXIT_UNAVAILABLE;
	}
	chronicle_init(&r->chronicle, TIMELINE_NODE_EVENTS_MAX);
	if (o->events_path == NULL ||
	    chronicle_to_file(&r->chronicle, &r->loop, o->events_path, &hooks, why) ==
		    ERR_OK)
		return 0;
	fprintf(stderr, "meshtui: --events: %s\n", why);
	close_handles(r);
	chronicle_fini(&r->chronicle);
	return EXIT_IO;
}

static void
say(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "meshtui: %s\n", text);
}

static uint64_t
snapshot_every(void)
{
	const char *test = getenv(SNAPSHOT_ENV);
	uint64_t seconds = 0;

	if (test == NULL || text_u64(test, 3600, &seconds) != ERR_OK || seconds == 0)
		return SNAPSHOT_EVERY;
	return SECONDS(seconds);
}

/* Before the first child and the first thread: both find the span in the environment. */
static void
begin_trace(struct run *r, const char *name)
{
	const struct telemetry_say to = { say, NULL };

	root_span_begin(&r->root, TRACE_RUN, &to);
	tracer_set(r->root.tracer, r->root.span, TRACE_ATTR_SCENARIO, "%.140s", name);
	r->telemetry = telemetry_open(&r->loop, &to);
	telemetry_self(r->telemetry, "run", NULL, NULL, NULL);
}

static void
end_trace(struct run *r)
{
	enum verdict v =
		r->runner ? runner_report(r->runner)->verdict : VERDICT_UNPROVEN;

	tracer_set(r->root.tracer, r->root.span, TRACE_ATTR_VERDICT, "%s",
		report_verdict_text(v));
	if (r->runner)
		fault_spans_put(&r->root, runner_report(r->runner), r->telemetry);
	root_span_end(&r->root, v == VERDICT_PASS ? NULL : "the run did not pass",
		r->telemetry);
	telemetry_close(r->telemetry);
}

static void
tell_start(struct run *r)
{
	const struct report *report = runner_report(r->runner);
	char text[64];

	snprintf(text, sizeof(text), "%zu step%s", report->step_count,
		report->step_count == 1 ? "" : "s");
	chronicle_test(
		&r->chronicle, TIMELINE_TEST_STARTED, report->scenario, text);
}

static void
tell_end(struct run *r)
{
	const struct report *report = runner_report(r->runner);
	struct alert_subject subject = { 0 };
	struct alerts *alerts;
	struct alert al;
	char text[64], took[24];

	snprintf(text, sizeof(text), "%s after %s", report_verdict_text(report->verdict),
		text_duration(took, sizeof(took), report->ended_ns - report->began_ns));
	chronicle_test(&r->chronicle, TIMELINE_TEST_ENDED, report->scenario, text);
	if (report->verdict == VERDICT_PASS)
		return;
	alerts = alerts_new(1, 1);
	snprintf(subject.name, sizeof(subject.name), "%s", report->scenario);
	alerts_raise(alerts, ALERT_VERDICT_FAILED, &subject, text, loop_now_ns(),
		loop_wall_ms());
	while (alerts_next_change(alerts, &al))
		chronicle_alert(&r->chronicle, &al);
	alerts_free(alerts);
}

/* The report is whole when it says what is left on nodes that were not ours. */
static void
tell_aftermath(struct run *r)
{
	char text[REPORT_TEXT_CAP];
	enum verdict v;

	if (r->attached && attached_aftermath(r->attached, &v, text))
		runner_aftermath(r->runner, v, text);
}

/* Who is to be asked and ordered: children, or nodes of others. An exit status. */
static int
open_nodes(struct run *r, const struct options *o)
{
	struct child_driver_hooks hooks = { .changed = on_child, .ctx = r };
	const struct attached_hooks attached_hooks = { on_child, r };
	int status = 0;

	if (r->subject->attach) {
		r->attached = attached_open(&r->loop, o, r->subject->attach,
			r->supervisor, &attached_hooks, &status);
		/* After the node's own: what is ordered in a turn leaves with it. */
		uv_prepare_start(&r->prepare, on_prepare);
		return status == 0 ? gather(r) : status;
	}
	r->driver = child_driver_open(&r->loop, r->supervisor, &hooks);
	uv_prepare_start(&r->prepare, on_prepare);
	return 0;
}

static int
run_nodes(struct run *r)
{
	int status;

	r->runner = r->subject->make(r->subject->ctx, r->supervisor, r->dir.path);
	if (r->runner) {
		tell_start(r);
		run_loop(r);
	}
	child_driver_close(r->driver);
	if (!r->runner)
		return EXIT_DATA;
	/*
	 * Cut short by a second signal: the report still says what was and was not
	 * reached.
	 */
	runner_cancel(r->runner, "told to leave twice", loop_now_ns());
	runner_tick(r->runner, loop_now_ns());
	tell_aftermath(r);
	status = r->subject->done(r->subject->ctx, runner_report(r->runner));
	print_log_tails(r);
	tell_end(r);
	return status;
}

int
run_mode_with(const struct options *o, const struct run_subject *subject)
{
	struct run r = { .watched = isatty(STDERR_FILENO), .subject = subject };
	char why[RUNDIR_WHY_CAP] = "";
	int status;

	if (rundir_open(&r.dir, why) != ERR_OK) {
		fprintf(stderr, "meshtui: no directory for the run: %s\n", why);
		return EXIT_IO;
	}
	status = set_up(&r, o);
	if (status != 0) {
		rundir_close(&r.dir);
		return status;
	}
	begin_trace(&r, subject->name);
	r.supervisor = supervisor_new(subject->pool);
	r.snapshot_every_ns = snapshot_every();
	r.snapshot_ns = loop_now_ns() + r.snapshot_every_ns;
	status = open_nodes(&r, o);
	if (status == 0)
		status = run_nodes(&r);
	end_trace(&r);
	if (r.interrupts > 0 && subject->interrupted)
		*subject->interrupted = true;
	attached_close(r.attached);
	take_down(&r);
	attached_free(r.attached);
	root_span_fini(&r.root);
	subject->free(subject->ctx);
	supervisor_free(r.supervisor);
	rundir_close(&r.dir);
	return status;
}
