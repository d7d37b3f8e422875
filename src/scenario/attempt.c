/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "scenario/attempt.h"
#include "scenario/outcome.h"

/* How long a steady state may take to come before, and to come back after. */
#define STEADY_MAX SECONDS(30)
/* A node that came so lately is not yet known to all: no witness, and nobody's loss. */
#define SETTLING SECONDS(12)

enum phase { PHASE_BEFORE, PHASE_TRIAL, PHASE_AFTER, PHASE_OVER };

struct sent {
	size_t node;
	uint8_t nonce[FAULT_NONCE_LEN];
};

struct attempt {
	struct attempt_context c;
	const struct plan_fault *f;
	struct trial *trial;
	struct trial_node *nodes;
	enum phase phase;
	uint64_t phase_ns;
	size_t record;
	bool held;		/* what is claimed of the time of the fault was true */
	char during_why[MEASURE_WHY_CAP];
	char breach[GUARDS_WHY_CAP];	/* of the guards, while it lasted */
	struct sent sent[TRIAL_TARGETS_MAX];
	size_t sent_count;
};

struct attempt *
attempt_new(const struct attempt_context *c, const struct plan_fault *f, uint64_t now_ns)
{
	struct attempt *a = mem_new(MEM_ATTEMPT, sizeof(*a));

	a->c = *c;
	a->f = f;
	a->nodes = mem_array(c->members->count + 1, sizeof(*a->nodes));
	a->phase_ns = now_ns;
	a->record = outcome_begin(c->report, c->plan, f, now_ns);
	for (size_t k = 0; k < f->spec.target_count; k++)
		outcome_target(&c->report->faults[a->record],
			c->members->at[f->spec.targets[k]].name);
	return a;
}

void
attempt_free(struct attempt *a)
{
	if (!a)
		return;
	trial_free(a->trial);
	free(a->nodes);
	mem_free(MEM_ATTEMPT, a);
}

static struct report_fault *
record_of(const struct attempt *a)
{
	return &a->c.report->faults[a->record];
}

bool
attempt_is_target(const struct attempt *a, size_t member)
{
	for (size_t k = 0; k < a->f->spec.target_count; k++)
		if (a->f->spec.targets[k] == member)
			return true;
	return false;
}

static void
fill_nodes(struct attempt *a, uint64_t now_ns)
{
	for (size_t i = 0; i < a->c.members->count; i++) {
		const struct member *one = &a->c.members->at[i];
		struct trial_node *n = &a->nodes[i];

		memset(n, 0, sizeof(*n));
		n->mesh = one->group->mesh;
		n->name = one->name;
		n->ready = one->state == MEMBER_READY;
		if (!one->row || !one->row->ready_ns)
			continue;
		n->id = one->row->ready.id;
		n->busy = !attempt_is_target(a, i) &&
			(one->busy || ((one->life > 0 || one->killed) &&
					      now_ns < one->row->ready_ns + SETTLING));
		if (one->row->view && one->answered) {
			n->view = one->row->view;
			n->view_ns = one->row->view_ns;
		}
	}
}

static struct guards_node *
guards_state(const struct attempt *a)
{
	const struct members *m = a->c.members;
	struct guards_node *state = mem_array(m->count + 1, sizeof(*state));

	for (size_t i = 0; i < m->count; i++)
		state[i] = (struct guards_node){ .mesh = m->at[i].group->mesh,
			.type = m->at[i].group->type,
			.name = m->at[i].name,
			.seed = a->c.plan->nodes[i].seed,
			.up = m->at[i].state == MEMBER_READY,
			.faulted = m->at[i].busy,
			.removed = m->at[i].busy };
	return state;
}

static int
ask_guards(const struct attempt *a, struct guards_margin *margin,
	char why[static GUARDS_WHY_CAP])
{
	struct guards_node *state = guards_state(a);
	int err = guards_check(&a->c.plan->scenario->guards, state, a->c.members->count,
		a->f->spec.primitive, a->f->spec.targets, a->f->spec.target_count, margin,
		why);

	free(state);
	return err;
}

/* Nodes that nobody meant to lose count as well: then this fault ends early. */
static void
watch_guards(struct attempt *a, uint64_t now_ns)
{
	const struct guards *g = &a->c.plan->scenario->guards;
	struct guards_node *state;

	if (a->breach[0] || trial_phase(a->trial) != TRIAL_INJECTED)
		return;
	state = guards_state(a);
	/* Who is to be started later, or was stopped by a step, is missed by nobody. */
	for (size_t i = 0; i < a->c.members->count; i++)
		state[i].up |= !members_wanted(a->c.members, i) && !state[i].faulted;
	if (guards_during(g, state, a->c.members->count, a->breach) != ERR_OK)
		trial_revert(a->trial, now_ns);
	free(state);
}

static void
set_busy(struct attempt *a, bool busy)
{
	for (size_t k = 0; k < a->f->spec.target_count; k++)
		a->c.members->at[a->f->spec.targets[k]].busy = busy;
}

static void
over(struct attempt *a, uint64_t now_ns)
{
	struct report_fault *r = record_of(a);

	for (size_t k = 0; k < a->f->spec.target_count; k++) {
		struct member *one = &a->c.members->at[a->f->spec.targets[k]];

		/* It was to be killed and lives: nobody has to be excused for that. */
		if (one->state != MEMBER_ENDED)
			one->excused = false;
	}
	if (a->trial)
		set_busy(a, false);
	r->ended_ns = now_ns;
	a->phase = PHASE_OVER;
}

static void __attribute__((format(printf, 4, 5)))
finish(struct attempt *a, uint64_t now_ns, enum judge_verdict v, const char *format, ...)
{
	struct report_fault *r = record_of(a);
	va_list args;

	r->verdict = v;
	r->class = v == JUDGE_FAIL ? CLASS_ASSERTION : CLASS_NO_EFFECT;
	va_start(args, format);
	vsnprintf(r->reason, sizeof(r->reason), format, args);
	va_end(args);
	over(a, now_ns);
}

static void
begin_trial(struct attempt *a, uint64_t now_ns)
{
	struct guards_margin margin;
	char why[GUARDS_WHY_CAP];

	if (ask_guards(a, &margin, why) != ERR_OK) {
		record_of(a)->skipped = true;
		finish(a, now_ns, JUDGE_UNPROVEN, "not begun, the guards say: %s", why);
		return;
	}
	a->trial = trial_new(&a->f->spec, a->c.members->count, now_ns);
	set_busy(a, true);
	a->phase = PHASE_TRIAL;
	a->phase_ns = now_ns;
}

static void
carry_out(struct attempt *a, const struct trial_act *act, uint64_t now_ns)
{
	struct members *m = a->c.members;
	struct member *one = &m->at[act->node];
	int err;

	if (act->kind == TRIAL_START) {
		one->excused = false;
		members_restart(m, act->node, false);
		return;
	}
	if (act->order.verb == FAULT_REVERT && one->state != MEMBER_READY)
		return;
	err = supervisor_fault(a->c.supervisor, one->child, &act->order);
	if (err != ERR_OK) {
		trial_refused(a->trial, "the order could not be sent", now_ns);
		return;
	}
	one->excused = act->ends;
	one->killed |= act->ends;
	one->moved |= act->order.verb == FAULT_INJECT && act->order.kind == FAULT_REBIND;
	if (act->order.verb == FAULT_INJECT && a->sent_count < TRIAL_TARGETS_MAX) {
		struct sent *s = &a->sent[a->sent_count++];

		s->node = act->node;
		memcpy(s->nonce, act->order.nonce, sizeof(s->nonce));
	}
}

/* A node that refuses an order says so: that ends the matter, and proves nothing. */
static void
hear_refusals(struct attempt *a, uint64_t now_ns)
{
	for (size_t i = 0; i < a->sent_count; i++) {
		const struct child_row *row = a->c.members->at[a->sent[i].node].row;
		char why[JUDGE_TEXT_CAP];

		if (!row || !row->faults || row->faults->result == ERR_OK ||
			memcmp(row->faults->nonce, a->sent[i].nonce, FAULT_NONCE_LEN) !=
				0)
			continue;
		snprintf(why, sizeof(why), "%.100s refused the order: %.180s",
			a->c.members->at[a->sent[i].node].name, row->faults->why);
		trial_refused(a->trial, why, now_ns);
	}
}

static bool
steady(const struct attempt *a, char why[static MEASURE_WHY_CAP])
{
	why[0] = '\0';
	return !a->c.steady || !a->c.steady->count ||
		measure_claims(a->c.steady, a->c.members, why);
}

static void
watch_claims(struct attempt *a)
{
	enum trial_phase phase = trial_phase(a->trial);

	if (phase == TRIAL_INJECTED && !a->held && a->c.during && a->c.during->count)
		a->held = measure_claims(a->c.during, a->c.members, a->during_why);
}

static void
tick_trial(struct attempt *a, uint64_t now_ns)
{
	struct trial_act *act;
	const struct judge_result *r;

	fill_nodes(a, now_ns);
	hear_refusals(a, now_ns);
	watch_guards(a, now_ns);
	trial_tick(a->trial, a->nodes, now_ns);
	act = mem_array(1, sizeof(*act));
	while (trial_next_act(a->trial, a->nodes, act))
		carry_out(a, act, now_ns);
	free(act);
	watch_claims(a);
	if (trial_phase(a->trial) != TRIAL_DONE)
		return;
	r = trial_result(a->trial);
	outcome_take(record_of(a), a->trial, r, a->nodes, a->c.members->count);
	if (a->breach[0]) {
		finish(a, now_ns, JUDGE_FAIL, "ended early, the guards say: %s",
			a->breach);
		return;
	}
	if (r->verdict == JUDGE_PASS && a->c.during && a->c.during->count && !a->held) {
		finish(a, now_ns, JUDGE_FAIL,
			"while it lasted this was never true: %.200s", a->during_why);
		return;
	}
	if (r->verdict != JUDGE_PASS) {
		over(a, now_ns);
		return;
	}
	a->phase = PHASE_AFTER;
	a->phase_ns = now_ns;
}

bool
attempt_tick(struct attempt *a, uint64_t now_ns)
{
	char why[MEASURE_WHY_CAP];

	if (a->phase == PHASE_BEFORE) {
		if (steady(a, why))
			begin_trial(a, now_ns);
		else if (now_ns >= a->phase_ns + STEADY_MAX)
			finish(a, now_ns, JUDGE_UNPROVEN,
				"not begun, the steady state is not there: %.200s", why);
	}
	if (a->phase == PHASE_TRIAL)
		tick_trial(a, now_ns);
	if (a->phase == PHASE_AFTER) {
		if (steady(a, why))
			over(a, now_ns);
		else if (now_ns >= a->phase_ns + STEADY_MAX)
			finish(a, now_ns, JUDGE_FAIL,
				"the steady state did not come back: %.200s", why);
	}
	return a->phase == PHASE_OVER;
}

void
attempt_probes(const struct attempt *a)
{
	struct members *m = a->c.members;

	if (a->phase != PHASE_TRIAL)
		return;
	for (size_t i = 0; i < m->count; i++) {
		struct peer_id ids[LIFELINE_PROBES_MAX];
		struct member *one = &m->at[i];
		size_t count = trial_probes(a->trial, a->nodes, i, ids);

		for (size_t k = 0; k < count && one->probe_count < LIFELINE_PROBES_MAX;
			k++)
			one->probes[one->probe_count++] = ids[k];
	}
}

void
attempt_cancel(struct attempt *a, const char *why, uint64_t now_ns)
{
	struct trial_act *act;

	if (a->phase == PHASE_OVER)
		return;
	if (a->phase == PHASE_TRIAL) {
		trial_revert(a->trial, now_ns);
		trial_tick(a->trial, a->nodes, now_ns);
		act = mem_array(1, sizeof(*act));
		while (trial_next_act(a->trial, a->nodes, act))
			carry_out(a, act, now_ns);
		free(act);
		outcome_take(record_of(a), a->trial, trial_result(a->trial), a->nodes,
			a->c.members->count);
	}
	finish(a, now_ns, JUDGE_UNPROVEN, "not seen to its end: %.200s", why);
}

uint64_t
attempt_deadline(const struct attempt *a)
{
	if (a->phase == PHASE_OVER)
		return NEVER;
	if (a->phase != PHASE_TRIAL)
		return a->phase_ns + STEADY_MAX;
	return trial_deadline(a->trial);
}

size_t
attempt_record(const struct attempt *a)
{
	return a->record;
}

const char *
attempt_phase(const struct attempt *a)
{
	static const char *const phases[] = { "waiting for answers before it",
		"waiting for its effect", "waiting for its end to be seen", "over" };

	if (a->phase == PHASE_BEFORE)
		return "waiting for the steady state";
	if (a->phase == PHASE_TRIAL)
		return phases[trial_phase(a->trial)];
	return a->phase == PHASE_AFTER ? "waiting for the steady state" : "over";
}
