/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "base/err.h"
#include "scenario/step.h"

/* The first that is ready and meant gets the order, as soon as there is one. */
static void
give_order(struct step *st)
{
	const struct members *m = st->context.members;
	struct letter_order o = st->context.plan->scenario->letters[st->spec->letter];

	o.number = st->letter = st->index + 1;
	for (size_t i = 0; i < m->count && st->sender == m->count; i++)
		if (m->at[i].state == MEMBER_READY && step_means(st, &m->at[i]) &&
			supervisor_send(st->context.supervisor, m->at[i].child, &o) ==
				ERR_OK)
			st->sender = i;
}

/* What a sender calls acknowledged, receivers have said to have. */
static void
judge(struct step *st, const struct letter_order *o, const struct letter_report *r,
	uint64_t now_ns)
{
	char took[REPORT_SECONDS_CAP];

	if (r->acked == o->count)
		report_verdict(st->out, VERDICT_PASS, now_ns,
			"%" PRIu64 " of %" PRIu64 " acknowledged in %s", r->acked,
			o->count, report_seconds(took, r->took_us * 1000));
	else
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%" PRIu64 " of %" PRIu64 " acknowledged; the last that failed: "
			"%s: %.120s",
			r->acked, o->count, delivery_text(r->status), r->why);
	report_figure(st->out, "acked", r->acked);
	report_figure(st->out, "failed", r->failed);
	report_figure(st->out, "retries", r->retries);
	report_figure(st->out, "rtt_mean_us", r->rtt_mean_us);
	report_figure(st->out, "rtt_max_us", r->rtt_max_us);
	if (r->receiver[0])
		report_note(st->out, now_ns, "the last one was taken by %s", r->receiver);
}

bool
step_send_tick(struct step *st, uint64_t now_ns)
{
	const struct letter_order *o =
		&st->context.plan->scenario->letters[st->spec->letter];
	const struct members *m = st->context.members;
	const struct letter_report *r;
	char took[REPORT_SECONDS_CAP];

	if (step_refused_one(st, now_ns) || step_lost_one(st, now_ns) ||
		step_no_nodes(st, now_ns))
		return true;
	if (st->sender == m->count)
		give_order(st);
	r = st->sender < m->count ? &m->at[st->sender].row->sent : NULL;
	if (r && r->number == st->letter) {
		judge(st, o, r, now_ns);
		return true;
	}
	if (now_ns < st->began_ns + st->spec->within_ns)
		return false;
	if (st->sender == m->count)
		report_verdict(st->out, VERDICT_UNPROVEN, now_ns,
			"nobody of those that should send was ready");
	else
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%s is not done with %" PRIu64 " messages after %s",
			m->at[st->sender].name, o->count,
			report_seconds(took, now_ns - st->began_ns));
	return true;
}
