/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/err.h"
#include "base/limits.h"
#include "scenario/step.h"

static const char *const into[] = {
	[STEP_WAIT] = "into the wait",
	[STEP_HOLD] = "into hold",
	[STEP_STOP] = "into stop",
};

/* A node that ended or is leaving though nobody asked it to. */
static bool
lost_one(struct step *st, const struct members *m, uint64_t now_ns)
{
	char at[REPORT_SECONDS_CAP], end[CHILD_END_TEXT_CAP];
	size_t lost = m->count;

	for (size_t i = 0; i < m->count; i++) {
		const struct member *one = &m->at[i];

		if (one->state == MEMBER_ENDED && !one->row->end.expected &&
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

static bool
refused_one(struct step *st, const struct members *m, uint64_t now_ns)
{
	if (!m->refused)
		return false;
	report_verdict(st->out, VERDICT_FAIL, now_ns,
		"a node could not be started: the limit of children is reached");
	return true;
}

static bool
no_nodes(struct step *st, const struct members *m, uint64_t now_ns)
{
	if (members_in_state(m, MEMBER_ENDED) < m->count)
		return false;
	report_verdict(st->out, VERDICT_UNPROVEN, now_ns, "no node exists");
	return true;
}

static bool
wait_tick(struct step *st, struct members *m, uint64_t now_ns)
{
	struct expect_result r = { 0 };
	char a[REPORT_SECONDS_CAP];
	uint64_t last_ns = m->last_start_ns;
	size_t ready;

	if (refused_one(st, m, now_ns) || lost_one(st, m, now_ns) ||
		no_nodes(st, m, now_ns))
		return true;
	ready = members_expect(m);
	if (ready == m->count) {
		expect_converged(m->nodes, ready, &r);
		if (r.met) {
			report_verdict(st->out, VERDICT_PASS, now_ns,
				"%zu of %zu directories agree, every overlay is "
				"connected, %s after the last start",
				r.agree, ready,
				report_seconds(
					a, now_ns > last_ns ? now_ns - last_ns : 0));
			report_figure(st->out, "nodes", ready);
			report_figure(st->out, "links", r.edges);
			report_figure(st->out, "half_links", r.half_edges);
			report_figure(st->out, "after_last_start_ms",
				(now_ns - last_ns) / NS_PER_MS);
			return true;
		}
	}
	if (now_ns < st->began_ns + st->spec->within_ns)
		return false;
	if (ready < m->count)
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%zu of %zu nodes are ready, %s "
			"after the wait began",
			ready, m->count, report_seconds(a, now_ns - st->began_ns));
	else
		report_verdict(st->out, VERDICT_FAIL, now_ns, "not %s after %s: %s",
			expect_name(st->spec->until),
			report_seconds(a, now_ns - st->began_ns), r.why);
	for (size_t i = 0, k = 0; i < m->count && k < 8; i++) {
		if (m->at[i].state == MEMBER_READY)
			continue;
		report_note(st->out, now_ns, "%s is not ready", m->at[i].name);
		k++;
	}
	report_figure(st->out, "nodes", ready);
	report_figure(st->out, "answered", r.answered);
	report_figure(st->out, "agree", r.agree);
	report_figure(st->out, "links", r.edges);
	report_figure(st->out, "half_links", r.half_edges);
	return true;
}

static void
hold_figures(struct step *st, const struct members *m)
{
	uint64_t questions = 0, answers = 0, slowest_ns = 0, handshakes = 0, changes = 0;
	uint64_t last_ns = 0;

	for (size_t i = 0; i < m->count; i++) {
		const struct member *one = &m->at[i];

		questions += one->questions;
		answers += one->answers;
		if (one->handshake_ns > last_ns)
			last_ns = one->handshake_ns;
		if (one->slowest_ns > slowest_ns)
			slowest_ns = one->slowest_ns;
		if (!one->counted || !one->row || !one->row->view)
			continue;
		/* Both only grow in one process. */
		if (one->row->view->handshakes > one->handshakes_first)
			handshakes += one->row->view->handshakes - one->handshakes_first;
		if (one->row->view->liveness_changes > one->liveness_changes_first)
			changes += one->row->view->liveness_changes -
				one->liveness_changes_first;
	}
	report_figure(st->out, "handshakes", handshakes);
	if (last_ns > st->began_ns)
		report_figure(st->out, "last_handshake_ms",
			(last_ns - st->began_ns) / NS_PER_MS);
	report_figure(st->out, "liveness_changes", changes);
	report_figure(st->out, "questions", questions);
	report_figure(st->out, "answers", answers);
	report_figure(st->out, "slowest_answer_ms", slowest_ns / NS_PER_MS);
	report_figure(st->out, "longest_pause_of_the_runner_ms", m->gap_ns / NS_PER_MS);
}

/* Somebody's own directory says that not everything stays live. */
static bool
complaint(struct step *st, struct members *m, size_t count, uint64_t now_ns)
{
	char at[REPORT_SECONDS_CAP], text[EXPECT_TEXT_CAP];

	for (size_t i = 0; i < count; i++) {
		struct expect_complaint c;

		if (!m->nodes[i].view)
			continue;
		expect_check_view(m->nodes, count, i, &c);
		if (c.kind == COMPLAINT_NONE)
			continue;
		expect_complaint_text(m->nodes, count, &c, text);
		st->subject = c.subject < count ? m->index[c.subject] : m->count;
		report_verdict(st->out, VERDICT_FAIL, now_ns, "%s %s, %s into hold",
			m->nodes[i].name, text,
			report_seconds(at, now_ns - st->began_ns));
		return true;
	}
	return false;
}

static bool
silent_one(struct step *st, const struct members *m, uint64_t now_ns)
{
	char at[REPORT_SECONDS_CAP], how[REPORT_SECONDS_CAP];
	uint64_t answers = 0;

	for (size_t i = 0; i < m->count; i++)
		answers += m->at[i].answers;
	for (size_t i = 0; i < m->count; i++) {
		uint64_t silence_ns = members_silence(m, i, now_ns);

		if (m->at[i].state != MEMBER_READY || silence_ns < STEP_SILENCE_MAX)
			continue;
		if (!answers) {
			/*
			 * It may be us who hear nobody; nothing was learned about the
			 * nodes.
			 */
			report_verdict(st->out, VERDICT_UNPROVEN, now_ns,
				"nobody answered a question in %s of hold",
				report_seconds(at, now_ns - st->began_ns));
			return true;
		}
		st->subject = i;
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%s does not answer: asked %s ago, %s into hold", m->at[i].name,
			report_seconds(how, silence_ns),
			report_seconds(at, now_ns - st->began_ns));
		return true;
	}
	return false;
}

static bool
hold_tick(struct step *st, struct members *m, uint64_t now_ns)
{
	char at[REPORT_SECONDS_CAP];
	size_t count;

	if (refused_one(st, m, now_ns) || lost_one(st, m, now_ns))
		goto over;
	if (no_nodes(st, m, now_ns))
		return true;
	for (size_t i = 0; i < m->count; i++) {
		const struct member *one = &m->at[i];

		if (one->state == MEMBER_READY)
			continue;
		st->subject = i;
		if (one->state == MEMBER_LEAVING)
			report_verdict(st->out, VERDICT_FAIL, now_ns,
				"%s is leaving by itself %s into hold%s%.100s", one->name,
				report_seconds(at, now_ns - st->began_ns),
				one->row->failure[0] ? ": " : "", one->row->failure);
		else
			report_verdict(st->out, VERDICT_UNPROVEN, now_ns,
				"%s was not ready when hold began: wait for the "
				"nodes first",
				one->name);
		goto over;
	}
	count = members_expect(m);
	if (complaint(st, m, count, now_ns) || silent_one(st, m, now_ns))
		goto over;
	if (now_ns < st->began_ns + st->spec->hold_ns)
		return false;
	if (!st->ending) {
		/* What was answered before the end says nothing about the end. */
		st->ending = true;
		for (size_t i = 0; i < m->count; i++)
			m->at[i].valid_from = m->at[i].asked + 1;
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (!m->nodes[i].view)
			return false;
	if (m->gap_ns > SECONDS(1))
		report_verdict(st->out, VERDICT_UNPROVEN, now_ns,
			"the runner itself stood still for %s; nobody was asked then",
			report_seconds(at, m->gap_ns));
	else
		report_verdict(st->out, VERDICT_PASS, now_ns,
			"%zu nodes stayed, each seen live by all of its mesh", count);
over:
	hold_figures(st, m);
	return true;
}

static bool
stop_tick(struct step *st, const struct members *m, uint64_t now_ns)
{
	char end[CHILD_END_TEXT_CAP], at[REPORT_SECONDS_CAP];
	size_t bad = m->count, alive = m->count, forced = 0;

	if (lost_one(st, m, now_ns))
		return true;
	if (!st->stopped) {
		report_verdict(st->out, VERDICT_UNPROVEN, now_ns, "no node exists");
		return true;
	}
	for (size_t i = m->count; i-- > 0;) {
		const struct member *one = &m->at[i];

		if (one->state == MEMBER_WAITING)
			continue;
		if (one->state != MEMBER_ENDED)
			alive = i;
		else if (one->row->end.forced || one->row->end.signal ||
			 one->row->end.status)
			bad = i;
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

void
step_begin(struct step *st, const struct scenario_step *spec, struct report_step *out,
	struct members *m, struct supervisor *s, uint64_t now_ns)
{
	*st = (struct step){
		.spec = spec, .out = out, .began_ns = now_ns, .subject = m->count
	};
	out->reached = true;
	out->began_ns = out->ended_ns = now_ns;
	out->reason[0] = '\0';
	members_fresh(m);
	for (size_t i = 0; spec->kind == STEP_STOP && i < m->count; i++)
		if (m->at[i].child &&
			supervisor_stop(s, m->at[i].child, now_ns) == ERR_OK)
			st->stopped++;
}

bool
step_tick(struct step *st, struct members *m, uint64_t now_ns)
{
	switch (st->spec->kind) {
	case STEP_WAIT:
		return wait_tick(st, m, now_ns);
	case STEP_HOLD:
		return hold_tick(st, m, now_ns);
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
		return st->began_ns + st->spec->within_ns;
	case STEP_HOLD:
		/*
		 * Once it is over, the answers decide; the runner's rhythm covers their
		 * absence.
		 */
		return st->ending ? NEVER : st->began_ns + st->spec->hold_ns;
	case STEP_STOP:
		break;
	}
	return st->began_ns + STEP_STOP_MAX;
}

uint64_t
step_ask_every(const struct step *st)
{
	return st->spec->kind == STEP_WAIT ? STEP_ASK_WAIT : STEP_ASK_HOLD;
}

void
step_progress(const struct step *st, struct members *m, char *to, size_t cap)
{
	struct expect_result r;
	size_t ready = members_expect(m);

	expect_converged(m->nodes, ready, &r);
	snprintf(to, cap, "%s: %zu of %zu ready, %zu answered, %zu agree", st->out->what,
		ready, m->count, r.answered, r.agree);
}
