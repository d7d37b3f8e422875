/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "app/observe.h"
#include "base/err.h"
#include "base/text.h"

static void
on_trial(uv_timer_t *t)
{
	observe_tick_trials(t->data);
	observe_look(t->data);
}

void
observe_on_other(void *ctx)
{
	observe_tick_trials(ctx);
}

/* The next fault of the loop, if it is due and the guards let it. */
static void
tick_loop(struct observe *o, uint64_t now_ns)
{
	const struct child_row *rows[TRIALS_TARGETS_MAX];
	size_t count = trials_targets(o->trials, rows, TRIALS_TARGETS_MAX);
	char why[TRIALS_WHY_CAP];
	struct model_wish w;
	int err;

	if (o->quitting)
		(void)trials_loop_stop(&o->fault_loop);
	if (!trials_loop_next(&o->fault_loop, rows, count, now_ns, &w))
		return;
	err = trials_begin(o->trials, &w, now_ns, why);
	trials_loop_count(&o->fault_loop, err, why);
}

void
observe_tick_trials(struct observe *o)
{
	uint64_t now_ns = loop_now_ns(), due_ns;
	const struct model_fault *const *rows;
	size_t count;

	/* Asking changes rows, which brings us here again. */
	if (o->ticking)
		return;
	o->ticking = true;
	tick_loop(o, now_ns);
	trials_tick(o->trials, now_ns);
	o->ticking = false;
	rows = trials_rows(o->trials, &count);
	for (size_t i = 0; i < count; i++)
		alarms_fault(&o->alarms, rows[i], now_ns);
	due_ns = trials_deadline(o->trials);
	if (trials_loop_deadline(&o->fault_loop) < due_ns)
		due_ns = trials_loop_deadline(&o->fault_loop);
	if (due_ns == NEVER)
		uv_timer_stop(&o->trial);
	else
		uv_timer_start(&o->trial, on_trial, loop_ms_again(due_ns, now_ns), 0);
}

static unsigned
newest_under_way(struct observe *o)
{
	size_t count;
	const struct model_fault *const *rows = trials_rows(o->trials, &count);

	for (size_t i = 0; i < count; i++)
		if (rows[i]->over_ns == 0)
			return rows[i]->number;
	return 0;
}

void
observe_obey_fault(struct observe *o, const struct console_command *c)
{
	char why[TRIALS_WHY_CAP];
	uint64_t now_ns = loop_now_ns();
	size_t ended;
	bool stopped;

	switch (c->kind) {
	case CONSOLE_INJECT:
		if (trials_begin(o->trials, c->wish, now_ns, why) != ERR_OK)
			observe_notice(o, MODEL_NOTICE_WARN, "not begun: %s", why);
		break;
	case CONSOLE_REVERT:
		if (trials_revert(o->trials, c->fault ? c->fault : newest_under_way(o),
			    now_ns) != ERR_OK)
			observe_notice(o, MODEL_NOTICE_INFO, "no fault is under way");
		break;
	case CONSOLE_LOOP:
		trials_loop_start(&o->fault_loop, c->loop, now_ns);
		break;
	case CONSOLE_LOOP_STOP:
		(void)trials_loop_stop(&o->fault_loop);
		observe_notice(o, MODEL_NOTICE_INFO,
			"the loop is over: %u begun, %u refused; "
			"H ends what is under way",
			o->fault_loop.shown.begun, o->fault_loop.shown.refused);
		break;
	default:
		stopped = trials_loop_stop(&o->fault_loop);
		ended = trials_halt(o->trials, now_ns);
		observe_notice(o, MODEL_NOTICE_INFO, "%zu fault%s ended%s", ended,
			ended == 1 ? "" : "s", stopped ? ", and the loop" : "");
		break;
	}
	observe_tick_trials(o);
}

void
observe_obey_test(struct observe *o, const struct console_command *c)
{
	char why[TEST_RUNS_WHY_CAP] = "";
	const char *name = registry_at(c->test)->name;

	if (c->kind == CONSOLE_CANCEL_TEST) {
		if (test_runs_cancel(o->tests, c->test) != ERR_OK)
			observe_notice(o, MODEL_NOTICE_INFO, "%s does not run", name);
	} else if (test_runs_begin(o->tests, c->test, 1, why) != ERR_OK) {
		observe_notice(o, MODEL_NOTICE_WARN, "%s: %s", name, why);
	}
}

void
observe_on_test(void *ctx, const struct model_test *t)
{
	struct observe *o = ctx;
	char text[64], took[24];

	if (t->state == MODEL_TEST_RUNS)
		snprintf(text, sizeof(text), "seed %llu", (unsigned long long)t->seed);
	else
		snprintf(text, sizeof(text), "%s after %s",
			report_verdict_text(t->verdict),
			text_duration(took, sizeof(took), t->ended_ns - t->began_ns));
	chronicle_test(&o->chronicle, t->state == MODEL_TEST_RUNS ? TIMELINE_TEST_STARTED
		: TIMELINE_TEST_ENDED, t->test->name, text);
	observe_look(o);
}
