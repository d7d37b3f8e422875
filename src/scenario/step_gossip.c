/* SPDX-License-Identifier: MIT */
/* Messages to whole meshes: who sent how many, and what came where, by their own word. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "mesh/directory.h"
#include "scenario/step.h"

/* Without anything new for so long nothing more will come. */
#define SETTLED SECONDS(5)

/* What a node said when nothing had been sent yet. */
struct before {
	bool known;
	uint64_t cpu_us, changes, dropped;
};

struct step_gossip {
	uint64_t run;
	bool ordered;
	bool *senders;			/* of each member */
	struct before *before;		/* likewise */
	uint64_t memory_before_kib, memory_most_kib, oldest_ms;
	uint64_t delivered, grown_ns;	/* of all; when that last grew */
};

static struct step_gossip *
state_of(struct step *st)
{
	const struct members *m = st->context.members;
	struct step_gossip *g = st->gossip;

	if (g)
		return g;
	g = st->gossip = mem_array(1, sizeof(*g));
	g->run = st->context.plan->seed * UINT64_C(0x9e3779b97f4a7c15) + st->index + 1;
	g->senders = mem_array(m->count + 1, sizeof(*g->senders));
	g->before = mem_array(m->count + 1, sizeof(*g->before));
	return g;
}

void
step_gossip_free(struct step *st)
{
	if (!st->gossip)
		return;
	free(st->gossip->senders);
	free(st->gossip->before);
	free(st->gossip);
	st->gossip = NULL;
}

static const struct letter_report *
sent_by(const struct step *st, size_t i)
{
	const struct member *one = &st->context.members->at[i];

	return st->gossip->senders[i] ? supervisor_sent(one->row, st->index + 1) : NULL;
}

static const struct cast_count *
came_to(const struct step *st, const struct lifeline_view *v)
{
	for (size_t i = 0; i < v->cast_count; i++)
		if (v->casts[i].run == st->gossip->run)
			return &v->casts[i];
	return NULL;
}

/* It is one of those at whom is looked. */
static bool
hears(const struct step *st, const struct member *one)
{
	return selector_any_matches(
		&st->context.plan->scenario->selects[st->spec->hearers],
		one->group->mesh, one->group->type, one->number);
}

static bool
same_mesh(const struct member *a, const struct member *b)
{
	return strcmp(a->group->mesh, b->group->mesh) == 0;
}

/* Figures of before are taken of everybody, then all that should send are told. */
static void
begin(struct step *st, uint64_t now_ns)
{
	struct members *m = st->context.members;
	struct step_gossip *g = st->gossip;
	struct letter_order o = st->context.plan->scenario->letters[st->spec->letter];
	size_t count = members_expect(m), ready = members_in_state(m, MEMBER_READY);

	for (size_t i = 0; i < count; i++)
		if (!m->nodes[i].view)
			return;
	if (ready < members_wanted_count(m))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct lifeline_view *v = m->nodes[i].view;

		g->before[m->index[i]] = (struct before){ true, v->cpu_us,
			v->liveness_changes, v->casts_dropped };
		if (v->memory_kib > g->memory_before_kib)
			g->memory_before_kib = v->memory_kib;
	}
	o.number = st->index + 1;
	o.run = g->run;
	for (size_t i = 0; i < m->count; i++)
		if (m->at[i].state == MEMBER_READY && step_means(st, &m->at[i]))
			g->senders[i] = g->ordered |= supervisor_send(
				st->context.supervisor, m->at[i].child, &o) == ERR_OK;
	g->grown_ns = now_ns;
}

/* Sums over those that are there now; should: what was sent to them by others. */
struct sums {
	uint64_t sent, should, delivered, duplicates, late, untimed, dropped, waits,
		cpu_us, changes, slowest_us;
	struct spread took;
	size_t senders, reports;
	bool heard;	/* all that are there have answered: the sums are whole */
};

static void
add_receiver(struct step *st, size_t node, struct sums *s)
{
	const struct members *m = st->context.members;
	const struct lifeline_view *v = m->nodes[node].view;
	const struct before *was = &st->gossip->before[m->index[node]];
	const struct cast_count *c = came_to(st, v);

	if (was->known) {
		s->cpu_us += v->cpu_us - was->cpu_us;
		s->changes += v->liveness_changes - was->changes;
		s->dropped += v->casts_dropped - was->dropped;
	}
	if (!hears(st, &m->at[m->index[node]]))
		return;
	for (size_t i = 0; i < m->count; i++) {
		const struct letter_report *r = sent_by(st, i);

		if (r && i != m->index[node] &&
			same_mesh(&m->at[i], &m->at[m->index[node]]))
			s->should += r->acked;
	}
	if (!c)
		return;
	s->delivered += c->delivered;
	s->duplicates += c->duplicates;
	s->late += c->late;
	s->untimed += c->untimed;
	spread_merge(&s->took, &c->took);
}

/* Digests of live nodes, as old as they get where they are waited for. */
static void
watch(struct step *st, size_t node)
{
	struct step_gossip *g = st->gossip;
	const struct lifeline_view *v = st->context.members->nodes[node].view;

	if (v->memory_kib > g->memory_most_kib)
		g->memory_most_kib = v->memory_kib;
	for (size_t i = 1; i < v->node_count; i++)
		if (v->nodes[i].liveness == LIVENESS_LIVE &&
			v->nodes[i].age_ms > g->oldest_ms)
			g->oldest_ms = v->nodes[i].age_ms;
}

static void
take_sums(struct step *st, struct sums *s, uint64_t now_ns)
{
	struct members *m = st->context.members;
	struct step_gossip *g = st->gossip;
	size_t count = members_expect(m);

	memset(s, 0, sizeof(*s));
	s->heard = true;
	for (size_t i = 0; i < m->count; i++) {
		const struct letter_report *r = sent_by(st, i);

		s->senders += g->senders[i];
		s->reports += r != NULL;
		s->sent += r ? r->acked : 0;
		s->waits += r ? r->retries : 0;
		if (r && r->took_us > s->slowest_us)
			s->slowest_us = r->took_us;
	}
	for (size_t i = 0; i < count; i++) {
		if (!m->nodes[i].view) {
			s->heard = false;
			continue;
		}
		add_receiver(st, i, s);
		watch(st, i);
	}
	if (s->delivered != g->delivered || s->reports < s->senders) {
		g->delivered = s->delivered;
		g->grown_ns = now_ns;
	}
}

static void
figures(struct step *st, const struct sums *s)
{
	const struct members *m = st->context.members;
	const struct step_gossip *g = st->gossip;
	uint64_t memory_kib = 0;

	for (size_t i = 0; i < m->count; i++)
		if (m->at[i].row && m->at[i].row->view &&
			m->at[i].row->view->memory_kib > memory_kib)
			memory_kib = m->at[i].row->view->memory_kib;
	report_figure(st->out, "sent", s->sent);
	report_figure(st->out, "sent_a_second",
		s->slowest_us ? s->sent * 1000000 / s->slowest_us : 0);
	report_figure(st->out, "should_come", s->should);
	report_figure(st->out, "delivered", s->delivered);
	report_figure(st->out, "lost",
		s->should > s->delivered ? s->should - s->delivered : 0);
	report_figure(st->out, "duplicates", s->duplicates);
	report_figure(st->out, "late", s->late);
	report_figure(st->out, "dropped", s->dropped);
	report_figure(st->out, "sender_waits", s->waits);
	report_figure(st->out, "took_p50_us", spread_percentile(&s->took, 50));
	report_figure(st->out, "took_p99_us", spread_percentile(&s->took, 99));
	report_figure(st->out, "took_max_us", s->took.max_us);
	report_figure(st->out, "untimed", s->untimed);
	report_figure(st->out, "cpu_us_each",
		s->delivered ? s->cpu_us / s->delivered : 0);
	report_figure(st->out, "memory_before_kib", g->memory_before_kib);
	report_figure(st->out, "memory_most_kib", g->memory_most_kib);
	report_figure(st->out, "memory_after_kib", memory_kib);
	report_figure(st->out, "oldest_digest_ms", g->oldest_ms);
	report_figure(st->out, "liveness_changes", s->changes);
}

/* What came to each: one that is slow is seen beside those that are not. */
static void
note_receivers(struct step *st, uint64_t now_ns)
{
	struct members *m = st->context.members;
	size_t count = members_expect(m);

	for (size_t i = 0; i < count; i++) {
		const struct cast_count *c =
			m->nodes[i].view ? came_to(st, m->nodes[i].view) : NULL;

		if (c)
			report_note(st->out, now_ns,
				"%s: %" PRIu64 " came, p50 %.1f ms, p99 %.1f ms",
				m->nodes[i].name, c->delivered,
				(double)spread_percentile(&c->took, 50) / 1000,
				(double)spread_percentile(&c->took, 99) / 1000);
	}
}

static void
judge(struct step *st, const struct sums *s, uint64_t now_ns)
{
	const struct scenario_step *spec = st->spec;
	uint64_t p99_us = spread_percentile(&s->took, 99);
	uint64_t oldest_ns = MILLISECONDS(st->gossip->oldest_ms);
	char a[REPORT_SECONDS_CAP], b[REPORT_SECONDS_CAP];

	/* In 1/10000, and none too many: the share is not rounded up. */
	if (s->should == 0)
		report_verdict(st->out, VERDICT_UNPROVEN, now_ns,
			"nobody was there to hear it");
	else if (s->duplicates + s->late > 0)
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%" PRIu64 " came twice, %" PRIu64 " too late to be told apart",
			s->duplicates, s->late);
	else if (s->delivered * 10000 < s->should * spec->delivered)
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%" PRIu64 " of %" PRIu64 " came, %" PRIu64 " were dropped and "
			"counted",
			s->delivered, s->should, s->dropped);
	else if (spec->p99_ns && p99_us * 1000 > spec->p99_ns)
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"99 of 100 came within %s, and not %s",
			report_seconds(a, p99_us * 1000),
			report_seconds(b, spec->p99_ns));
	else if (spec->silence_ns && oldest_ns > spec->silence_ns)
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"a digest of a live node was %s old somewhere, and not %s",
			report_seconds(a, oldest_ns),
			report_seconds(b, spec->silence_ns));
	else
		report_verdict(st->out, VERDICT_PASS, now_ns,
			"%" PRIu64 " of %" PRIu64 " came, once each, p99 %s",
			s->delivered, s->should, report_seconds(a, p99_us * 1000));
	figures(st, s);
	note_receivers(st, now_ns);
}

/* A sender that can't say any more how many it sent. */
static bool
sender_gone(struct step *st, uint64_t now_ns)
{
	const struct members *m = st->context.members;

	for (size_t i = 0; i < m->count; i++) {
		if (!st->gossip->senders[i] || sent_by(st, i) ||
			m->at[i].state == MEMBER_READY)
			continue;
		report_verdict(st->out, VERDICT_UNPROVEN, now_ns,
			"%s was ended before it had said how many it sent",
			m->at[i].name);
		return true;
	}
	return false;
}

static bool
refused_order(struct step *st, uint64_t now_ns)
{
	const struct members *m = st->context.members;

	for (size_t i = 0; i < m->count; i++) {
		const struct letter_report *r = sent_by(st, i);

		if (!r || r->acked == r->count)
			continue;
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%s sent %" PRIu64 " of %" PRIu64 "%s%.120s", m->at[i].name,
			r->acked, r->count, r->why[0] ? ": " : "", r->why);
		return true;
	}
	return false;
}

bool
step_gossip_tick(struct step *st, uint64_t now_ns)
{
	struct step_gossip *g = state_of(st);
	char took[REPORT_SECONDS_CAP];
	struct sums s;

	if (step_refused_one(st, now_ns) || step_lost_one(st, now_ns) ||
		step_no_nodes(st, now_ns))
		return true;
	if (!g->ordered)
		begin(st, now_ns);
	else if (sender_gone(st, now_ns) || refused_order(st, now_ns))
		return true;
	take_sums(st, &s, now_ns);
	if (g->ordered && s.reports == s.senders && s.heard &&
		(s.delivered >= s.should || now_ns >= g->grown_ns + SETTLED)) {
		judge(st, &s, now_ns);
		return true;
	}
	if (now_ns < st->began_ns + st->spec->within_ns)
		return false;
	if (!g->ordered)
		report_verdict(st->out, VERDICT_UNPROVEN, now_ns,
			"nobody of those that should send was ready, or not all nodes "
			"were there");
	else
		report_verdict(st->out, VERDICT_FAIL, now_ns,
			"%zu of %zu senders are done, %" PRIu64 " messages came after %s",
			s.reports, s.senders, s.delivered,
			report_seconds(took, now_ns - st->began_ns));
	figures(st, &s);
	return true;
}
