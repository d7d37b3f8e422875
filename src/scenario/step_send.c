/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "base/err.h"
#include "base/text.h"
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

static void
put_times(struct step *st, const struct letter_report *r)
{
	report_figure(st->out, "rtt_mean_us", r->rtt_mean_us);
	report_figure(st->out, "rtt_p50_us", spread_percentile(&r->rtt, 50));
	report_figure(st->out, "rtt_p99_us", spread_percentile(&r->rtt, 99));
	report_figure(st->out, "rtt_max_us", r->rtt_max_us);
	if (r->receiver[0])
		report_note(st->out, st->out->ended_ns, "%s by %s",
			st->spec->kind == STEP_ECHO ? "answered" :
			"the last one was taken", r->receiver);
}

/* What came back was held against what was sent by who asked. */
static void
judge_echo(struct step *st, const struct letter_order *o, const struct letter_report *r,
	uint64_t now_ns)
{
	uint64_t a_second = r->took_us ? r->acked * 1000000 / r->took_us : 0;
	char took[REPORT_SECONDS_CAP], size[24];

	report_seconds(took, r->took_us * 1000);
	text_bytes(size, sizeof(size), o->len);
	if (r->failed > 0 || r->acked < r->count || r->acked == 0)
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%" PRIu64 " of %" PRIu64 " came back, %" PRIu64
			" with other bytes; the last that failed: %s: %.120s",
			r->acked, r->count, r->different, delivery_text(r->status),
			r->why);
	else if (a_second < st->spec->least)
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%" PRIu64 " a second came back, and not %" PRIu64, a_second,
			st->spec->least);
	else
		report_verdict(st->out, VERDICT_PASS, now_ns,
			"%" PRIu64 " of %s each came back as they were in %s, %" PRIu64
			" a second",
			r->acked, size, took, a_second);
	report_figure(st->out, "answered", r->acked);
	report_figure(st->out, "failed", r->failed);
	report_figure(st->out, "different", r->different);
	report_figure(st->out, "answers_a_second", a_second);
	report_figure(st->out, "bytes_a_second", a_second * 2 * o->len);
	put_times(st, r);
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
	put_times(st, r);
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
	r = st->sender < m->count ? supervisor_sent(m->at[st->sender].row, st->letter)
				  : NULL;
	if (r) {
		(st->spec->kind == STEP_ECHO ? judge_echo : judge)(st, o, r, now_ns);
		return true;
	}
	if (now_ns < st->began_ns + st->spec->within_ns)
		return false;
	if (st->sender == m->count)
		report_verdict(st->out, VERDICT_UNPROVEN, now_ns,
			"nobody of those that should send was ready");
	else
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%s is not done with %" PRIu64 " %s after %s",
			m->at[st->sender].name, o->count,
			st->spec->kind == STEP_ECHO ? "echoes" : "messages",
			report_seconds(took, now_ns - st->began_ns));
	return true;
}
