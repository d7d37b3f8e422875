/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "base/limits.h"
#include "scenario/soak.h"
#include "scenario/step.h"

static const char *const into[] = {
	[STEP_WAIT] = "into the wait",
	[STEP_HOLD] = "into hold",
	[STEP_EXPECT] = "into the wait",
	[STEP_FAULT] = "into the fault",
	[STEP_SOAK] = "into the soak",
	[STEP_SPAWN] = "into spawn",
	[STEP_STOP] = "into stop",
	[STEP_SEND] = "into send",
	[STEP_ECHO] = "into echo",
	[STEP_GOSSIP] = "into gossip",
	[STEP_BASELINE] = "into baseline",
};

bool
step_means(const struct step *st, const struct member *one)
{
	return selector_any_matches(
		&st->context.plan->scenario->selects[st->spec->select], one->group->mesh,
		one->group->type, one->number);
}

/* A node that ended or is leaving though nobody asked it to. */
bool
step_lost_one(struct step *st, uint64_t now_ns)
{
	const struct members *m = st->context.members;
	char at[REPORT_SECONDS_CAP], end[CHILD_END_TEXT_CAP];
	size_t lost = m->count;

	for (size_t i = 0; i < m->count; i++) {
		const struct member *one = &m->at[i];

		if (one->state == MEMBER_ENDED && !one->row->end.expected &&
			!one->excused &&
			(lost == m->count ||
				one->row->end.at_ns < m->at[lost].row->end.at_ns))
			lost = i;
	}
	if (lost < m->count) {
		const struct child_row *row = m->at[lost].row;
		uint64_t end_ns = row->end.at_ns > st->began_ns ?
			row->end.at_ns - st->began_ns : 0;

		st->subject = lost;
		st->process_ended = true;
		report_verdict(st->out, VERDICT_FAIL, now_ns, "%s %s %s %s%s%.100s",
			m->at[lost].name, child_end_text(&row->end, end, sizeof(end)),
			report_seconds(at, end_ns), into[st->spec->kind],
			row->failure[0] ? ": " : "", row->failure);
		return true;
	}
	return false;
}

bool
step_refused_one(struct step *st, uint64_t now_ns)
{
	if (!st->context.members->refused)
		return false;
	report_verdict(st->out, VERDICT_FAIL, now_ns,
		"a node could not be started: the limit of children is reached");
	return true;
}

bool
step_no_nodes(struct step *st, uint64_t now_ns)
{
	const struct members *m = st->context.members;

	for (size_t i = 0; i < m->count; i++)
		if (members_wanted(m, i) && m->at[i].state != MEMBER_ENDED)
			return false;
	report_verdict(st->out, VERDICT_UNPROVEN, now_ns, "no node exists");
	return true;
}

/* A wait for nothing but convergence says how far that is. */
static void
wait_figures(struct step *st, struct members *m, uint64_t now_ns)
{
	uint64_t last_ns = m->last_start_ns;
	size_t ready = members_expect(m);
	struct expect_result r;

	expect_converged(m->nodes, ready, &r);
	report_figure(st->out, "nodes", ready);
	report_figure(st->out, "answered", r.answered);
	report_figure(st->out, "agree", r.agree);
	report_figure(st->out, "links", r.edges);
	report_figure(st->out, "half_links", r.half_edges);
	report_figure(st->out, "after_last_start_ms",
		now_ns > last_ns ? (now_ns - last_ns) / NS_PER_MS : 0);
}

static void
wait_failed(struct step *st, struct members *m, const char *why, uint64_t now_ns)
{
	const struct scenario_claims *claims =
		&st->context.plan->scenario->claims[st->spec->claims];
	char a[REPORT_SECONDS_CAP], text[CLAIM_TEXT_CAP];
	size_t ready = members_in_state(m, MEMBER_READY);
	size_t wanted = members_wanted_count(m);

	if (ready < wanted)
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%zu of %zu nodes are ready, %s after the wait began", ready,
			wanted, report_seconds(a, now_ns - st->began_ns));
	else if (claims->count == 1)
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"not %.80s after %s: %.180s", claim_text(&claims->at[0], text),
			report_seconds(a, now_ns - st->began_ns), why);
	else
		report_verdict(st->out, VERDICT_FAIL, now_ns, "after %s: %.240s",
			report_seconds(a, now_ns - st->began_ns), why);
	for (size_t i = 0, k = 0; i < m->count && k < 8; i++) {
		if (m->at[i].state == MEMBER_READY || !members_wanted(m, i))
			continue;
		report_note(st->out, now_ns, "%s is not ready", m->at[i].name);
		k++;
	}
}

/* Wait and expect: claims that have to become true. */
static bool
wait_tick(struct step *st, struct members *m, uint64_t now_ns)
{
	const struct scenario_claims *claims =
		&st->context.plan->scenario->claims[st->spec->claims];
	char why[MEASURE_WHY_CAP], a[REPORT_SECONDS_CAP];
	uint64_t last_ns = m->last_start_ns;

	if (step_refused_one(st, now_ns) || step_lost_one(st, now_ns) ||
		step_no_nodes(st, now_ns))
		return true;
	if (measure_claims(claims, m, why)) {
		report_verdict(st->out, VERDICT_PASS, now_ns,
			"true of %zu nodes, %s after the last start",
			members_in_state(m, MEMBER_READY),
			report_seconds(a, now_ns > last_ns ? now_ns - last_ns : 0));
		wait_figures(st, m, now_ns);
		for (size_t i = 0; i < claims->count; i++)
			if (measure_text(&claims->at[i], m, why)[0])
				report_note(st->out, now_ns, "%s", why);
		return true;
	}
	if (now_ns < st->began_ns + st->spec->within_ns)
		return false;
	wait_failed(st, m, why, now_ns);
	wait_figures(st, m, now_ns);
	return true;
}

static bool
stop_tick(struct step *st, const struct members *m, uint64_t now_ns)
{
	char end[CHILD_END_TEXT_CAP], at[REPORT_SECONDS_CAP];
	size_t bad = m->count, alive = m->count, forced = 0;

	if (step_lost_one(st, now_ns))
		return true;
	if (!st->stopped) {
		report_verdict(st->out, VERDICT_UNPROVEN, now_ns, "no node exists");
		return true;
	}
	for (size_t i = m->count; i-- > 0;) {
		const struct member *one = &m->at[i];

		if (one->state == MEMBER_WAITING || !step_means(st, one))
			continue;
		if (one->state != MEMBER_ENDED)
			alive = i;
		else if (!one->excused || one->row->end.expected)
			bad = one->row->end.forced || one->row->end.signal ||
					one->row->end.status ? i : bad;
		forced += one->state == MEMBER_ENDED && one->row->end.forced;
	}
	if (alive < m->count && now_ns < st->began_ns + STEP_STOP_MAX)
		return false;
	if (alive < m->count)
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%s is still there after %s", m->at[alive].name,
			report_seconds(at, now_ns - st->began_ns));
	else if (bad < m->count)
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%s was told to stop and %s", m->at[bad].name,
			child_end_text(&m->at[bad].row->end, end, sizeof(end)));
	else
		report_verdict(st->out, VERDICT_PASS, now_ns,
			"%zu nodes left by themselves when asked", st->stopped);
	report_figure(st->out, "forced", forced);
	return true;
}

static bool
spawn_tick(struct step *st, const struct members *m, uint64_t now_ns)
{
	if (step_refused_one(st, now_ns))
		return true;
	for (size_t i = 0; i < m->count; i++)
		if (step_means(st, &m->at[i]) && m->at[i].state == MEMBER_WAITING)
			return false;
	if (st->stopped)
		report_verdict(st->out, VERDICT_PASS, now_ns, "%zu nodes are started",
			st->stopped);
	else
		report_verdict(st->out, VERDICT_UNPROVEN, now_ns,
			"those that are selected run already");
	return true;
}

/* What they use when they are asked now. */
static bool
baseline_tick(struct step *st, struct members *m, uint64_t now_ns)
{
	size_t count = members_expect(m), taken = 0;

	if (step_refused_one(st, now_ns) || step_lost_one(st, now_ns) ||
		step_no_nodes(st, now_ns))
		return true;
	for (size_t i = 0; i < count; i++) {
		struct member *one = &m->at[m->index[i]];

		if (!step_means(st, one))
			continue;
		if (!m->nodes[i].view && now_ns < st->began_ns + STEP_STOP_MAX)
			return false;
		if (!m->nodes[i].view)
			continue;
		use_take_baseline(&one->baseline, m->nodes[i].view);
		taken++;
	}
	if (taken)
		report_verdict(st->out, VERDICT_PASS, now_ns,
			"%zu nodes are counted from here", taken);
	else
		report_verdict(st->out, VERDICT_UNPROVEN, now_ns,
			"nobody of those that are selected answered");
	return true;
}

static bool
fault_tick(struct step *st, uint64_t now_ns)
{
	static const enum verdict verdicts[] = { [JUDGE_OPEN] = VERDICT_UNPROVEN,
		[JUDGE_PASS] = VERDICT_PASS, [JUDGE_FAIL] = VERDICT_FAIL,
		[JUDGE_UNPROVEN] = VERDICT_UNPROVEN };
	const struct report_fault *f;

	if (step_lost_one(st, now_ns))
		return true;
	if (!attempt_tick(st->attempt, now_ns))
		return false;
	f = &st->context.report->faults[attempt_record(st->attempt)];
	report_verdict(st->out, verdicts[f->verdict], now_ns, "%s", f->reason);
	if (f->witnessed_ns)
		report_figure(st->out, "seen_after_ms",
			(f->witnessed_ns - f->injected_ns) / NS_PER_MS);
	if (f->recovered_ns)
		report_figure(st->out, "well_after_ms",
			(f->recovered_ns - f->reverted_ns) / NS_PER_MS);
	report_figure(st->out, "witnesses", f->witness_count);
	for (size_t i = 0; i < f->target_count; i++)
		report_note(st->out, f->began_ns, "on %s", f->targets[i]);
	for (size_t i = 0; i < f->node_count; i++)
		if (f->nodes[i].saw_ns)
			report_note(st->out, f->nodes[i].saw_ns, "%s saw it, %" PRIu64
				" ms after the order", f->nodes[i].name,
				(f->nodes[i].saw_ns - f->injected_ns) / NS_PER_MS);
	return true;
}

void
step_begin(struct step *st, const struct attempt_context *c, size_t index,
	uint64_t now_ns)
{
	const struct scenario *s = c->plan->scenario;
	struct members *m = c->members;

	*st = (struct step){.spec = &s->steps[index],
		.index = index,
		.context = *c,
		.out = &c->report->steps[index],
		.sender = m->count,
		.began_ns = now_ns,
		.subject = m->count};
	st->out->reached = true;
	st->out->began_ns = st->out->ended_ns = now_ns;
	st->out->reason[0] = '\0';
	if (index == 0 || !st->spec->group ||
		s->steps[index - 1].group != st->spec->group)
		members_fresh(m);
	for (size_t i = 0; i < m->count; i++) {
		struct member *one = &m->at[i];
		bool told = false;

		if (st->spec->kind == STEP_STOP && step_means(st, one) && one->child)
			told = supervisor_stop(c->supervisor, one->child, now_ns) ==
			       ERR_OK;
		if (told && s->selects[st->spec->select].count)
			one->excused = true;
		if (st->spec->kind == STEP_SPAWN && step_means(st, one) &&
			(one->state == MEMBER_ENDED ||
				(one->state == MEMBER_WAITING && one->later))) {
			members_restart(m, i, one->state == MEMBER_ENDED);
			told = true;
		}
		st->stopped += told;
	}
	if (st->spec->kind == STEP_FAULT) {
		st->context.steady = &s->claims[0];
		st->context.during = &s->claims[st->spec->claims];
		st->attempt = attempt_new(
			&st->context, &c->plan->faults[c->plan->first[index]], now_ns);
	}
	if (st->spec->kind == STEP_SOAK)
		st->soak = soak_new(&st->context, index, now_ns);
}

void
step_end(struct step *st, uint64_t now_ns)
{
	if (st->attempt)
		attempt_cancel(st->attempt, "the step was ended", now_ns);
	attempt_free(st->attempt);
	soak_free(st->soak, now_ns);
	step_gossip_free(st);
	st->attempt = NULL;
	st->soak = NULL;
}

bool
step_tick(struct step *st, uint64_t now_ns)
{
	struct members *m = st->context.members;

	switch (st->spec->kind) {
	case STEP_WAIT:
	case STEP_EXPECT:
		return wait_tick(st, m, now_ns);
	case STEP_HOLD:
		return step_hold_tick(st, now_ns);
	case STEP_FAULT:
		return fault_tick(st, now_ns);
	case STEP_SOAK:
		return step_lost_one(st, now_ns) || soak_tick(st->soak, st->out, now_ns);
	case STEP_SPAWN:
		return spawn_tick(st, m, now_ns);
	case STEP_SEND:
	case STEP_ECHO:
		return step_send_tick(st, now_ns);
	case STEP_GOSSIP:
		return step_gossip_tick(st, now_ns);
	case STEP_BASELINE:
		return baseline_tick(st, m, now_ns);
	case STEP_STOP:
		break;
	}
	return stop_tick(st, m, now_ns);
}

uint64_t
step_deadline(const struct step *st)
{
	switch (st->spec->kind) {
	case STEP_WAIT:
	case STEP_EXPECT:
	case STEP_SEND:
	case STEP_ECHO:
	case STEP_GOSSIP:
		return st->began_ns + st->spec->within_ns;
	case STEP_HOLD:
		/*
		 * Once it is over, the answers decide; the runner's rhythm covers their
		 * absence.
		 */
		return st->ending ? NEVER : st->began_ns + st->spec->hold_ns;
	case STEP_FAULT:
		return attempt_deadline(st->attempt);
	case STEP_SOAK:
		return soak_deadline(st->soak);
	case STEP_SPAWN:
		return NEVER;
	case STEP_BASELINE:
	case STEP_STOP:
		break;
	}
	return st->began_ns + STEP_STOP_MAX;
}

uint64_t
step_ask_every(const struct step *st)
{
	return st->spec->kind == STEP_WAIT || st->spec->kind == STEP_EXPECT ?
		STEP_ASK_WAIT : STEP_ASK_HOLD;
}

void
step_probes(const struct step *st)
{
	if (st->attempt)
		attempt_probes(st->attempt);
	if (st->soak)
		soak_probes(st->soak);
}

void
step_progress(const struct step *st, char *to, size_t cap)
{
	struct members *m = st->context.members;
	struct expect_result r;
	size_t ready;

	if (st->attempt) {
		snprintf(to, cap, "%.60s: %s", st->out->what, attempt_phase(st->attempt));
		return;
	}
	if (st->spec->kind == STEP_SEND || st->spec->kind == STEP_ECHO) {
		snprintf(to, cap, "%.80s%s", st->out->what,
			st->sender == m->count ? ": waits for a sender" : "");
		return;
	}
	if (st->soak) {
		soak_progress(st->soak, to, cap);
		return;
	}
	ready = members_expect(m);
	expect_converged(m->nodes, ready, &r);
	snprintf(to, cap, "%s: %zu of %zu ready, %zu answered, %zu agree", st->out->what,
		ready, members_wanted_count(m), r.answered, r.agree);
}
