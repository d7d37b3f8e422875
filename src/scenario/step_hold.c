/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/limits.h"
#include "scenario/step.h"

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

bool
step_hold_tick(struct step *st, uint64_t now_ns)
{
	struct members *m = st->context.members;
	char at[REPORT_SECONDS_CAP];
	size_t count;

	if (step_refused_one(st, now_ns) || step_lost_one(st, now_ns))
		goto over;
	if (step_no_nodes(st, now_ns))
		return true;
	for (size_t i = 0; i < m->count; i++) {
		const struct member *one = &m->at[i];

		if (one->state == MEMBER_READY || !members_wanted(m, i))
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
