/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "scenario/outcome.h"
#include "scenario/soak.h"

struct soak {
	struct attempt_context c;
	const struct scenario_soak *spec;
	const struct scenario_claims *invariants;
	const struct plan_fault *faults;
	size_t count, next;
	struct attempt *active[SOAK_ACTIVE_MAX];
	const struct plan_fault *of[SOAK_ACTIVE_MAX];
	uint64_t began_ns;	/* moves when the schedule has to wait */
	size_t since_look;
	bool looking;		/* nothing begins until the invariants hold */
	uint64_t look_ns, quiet_ns;	/* since when; since all faults are over, or 0 */
	char why[MEASURE_WHY_CAP];
	uint32_t objects_first;	/* the most of one node when it began */
	struct report_soak tally;
};

static uint32_t
most_objects(const struct members *m)
{
	uint32_t most = 0;

	for (size_t i = 0; i < m->count; i++) {
		const struct member *one = &m->at[i];

		if (one->state == MEMBER_READY && one->row->view &&
			one->row->view->objects > most)
			most = one->row->view->objects;
	}
	return most;
}

struct soak *
soak_new(const struct attempt_context *c, size_t index, uint64_t now_ns)
{
	struct soak *s = mem_new(MEM_SOAK, sizeof(*s));
	const struct scenario *scenario = c->plan->scenario;

	s->c = *c;
	s->c.steady = s->c.during = NULL;
	s->spec = &scenario->soaks[scenario->steps[index].soak];
	s->invariants = &scenario->claims[scenario->steps[index].claims];
	s->faults = &c->plan->faults[c->plan->first[index]];
	s->count = c->plan->count[index];
	s->began_ns = now_ns;
	s->objects_first = most_objects(c->members);
	if (c->resume && c->resume->any && c->resume->step == index &&
		c->resume->next <= s->count) {
		s->tally = *c->resume;
		s->next = c->resume->next;
		/* As if it had been under way all the time. */
		s->began_ns -= s->next < s->count ? s->faults[s->next].at_ns :
						    s->spec->duration_ns;
	}
	s->tally.any = true;
	s->tally.step = index;
	return s;
}

void
soak_free(struct soak *s, uint64_t now_ns)
{
	if (!s)
		return;
	for (size_t i = 0; i < SOAK_ACTIVE_MAX; i++) {
		if (s->active[i])
			attempt_cancel(s->active[i], "the soak was ended", now_ns);
		attempt_free(s->active[i]);
	}
	mem_free(MEM_SOAK, s);
}

static size_t
active_count(const struct soak *s)
{
	size_t count = 0;

	for (size_t i = 0; i < SOAK_ACTIVE_MAX; i++)
		count += s->active[i] != NULL;
	return count;
}

static void
begin_due(struct soak *s, uint64_t now_ns)
{
	while (s->next < s->count && !s->looking &&
		now_ns >= s->began_ns + s->faults[s->next].at_ns) {
		const struct plan_fault *f = &s->faults[s->next++];
		size_t slot = 0;

		while (slot < SOAK_ACTIVE_MAX && s->active[slot])
			slot++;
		if (f->skipped || slot == SOAK_ACTIVE_MAX) {
			s->tally.skipped++;
			continue;
		}
		s->active[slot] = attempt_new(&s->c, f, now_ns);
		s->of[slot] = f;
		if (++s->since_look >= s->spec->every) {
			s->looking = true;
			s->look_ns = now_ns;
			s->quiet_ns = 0;
		}
	}
}

static void
count_in(struct report_soak *t, const struct report_fault *f)
{
	if (f->skipped) {
		t->skipped++;
		return;
	}
	t->begun++;
	if (f->verdict == JUDGE_PASS)
		t->passed++;
	else if (f->verdict == JUDGE_UNPROVEN)
		t->unproven++;
	else if (f->class == CLASS_TIMEOUT)
		t->timeouts++;
	else
		t->assertions++;
}

/* A kill leaves a place that is filled: of the same type, in the same mesh, a new node.
 */
static void
refill(struct soak *s, const struct plan_fault *f)
{
	struct members *m = s->c.members;

	for (size_t k = 0; k < f->spec.target_count; k++)
		if (m->at[f->spec.targets[k]].excused)
			members_restart(m, f->spec.targets[k], true);
}

static void
tick_active(struct soak *s, uint64_t now_ns)
{
	for (size_t i = 0; i < SOAK_ACTIVE_MAX; i++) {
		struct attempt *a = s->active[i];

		if (!a || !attempt_tick(a, now_ns))
			continue;
		count_in(&s->tally, &s->c.report->faults[attempt_record(a)]);
		refill(s, s->of[i]);
		attempt_free(a);
		s->active[i] = NULL;
	}
}

/* True when the invariants do not come to hold. */
static bool
look(struct soak *s, uint64_t now_ns)
{
	if (active_count(s))
		return false;
	if (!s->quiet_ns)
		s->quiet_ns = now_ns;
	if (measure_claims(s->invariants, s->c.members, s->why)) {
		s->tally.looks++;
		s->since_look = 0;
		s->looking = false;
		s->began_ns += now_ns - s->look_ns;
		return false;
	}
	return now_ns >= s->quiet_ns + SOAK_QUIET_MAX;
}

static bool
over_budget(size_t count, size_t all, unsigned budget)
{
	return count * 10000 > (size_t)budget * all;
}

static void
judge(const struct soak *s, struct report_step *out, uint64_t now_ns)
{
	const struct report_soak *t = &s->tally;
	enum primitive zero = outcome_zero_series(s->c.report);

	if (t->begun == 0)
		report_verdict(out, VERDICT_FAIL, now_ns, "not one fault was begun");
	else if (over_budget(t->assertions, t->begun, s->spec->budget_assertion))
		report_verdict(out, VERDICT_FAIL, now_ns,
			"%zu of %zu faults did what they should not do, %g %% are "
			"allowed",
			t->assertions, t->begun, s->spec->budget_assertion / 100.0);
	else if (over_budget(t->timeouts, t->begun, s->spec->budget_timeout))
		report_verdict(out, VERDICT_FAIL, now_ns,
			"%zu of %zu faults ended too late, %g %% are allowed",
			t->timeouts, t->begun, s->spec->budget_timeout / 100.0);
	else if (zero != PRIMITIVES)
		report_verdict(out, VERDICT_FAIL, now_ns,
			"all latencies of %s are zero: nobody was asked",
			catalog_at(zero)->name);
	else if (t->passed == 0 ||
		 over_budget(t->unproven, t->begun, s->spec->budget_unproven))
		report_verdict(out, VERDICT_UNPROVEN, now_ns,
			"%zu of %zu faults are unproven, %g %% are allowed", t->unproven,
			t->begun, s->spec->budget_unproven / 100.0);
	else
		report_verdict(out, VERDICT_PASS, now_ns,
			"%zu of %zu faults passed, the invariants held %zu times",
			t->passed, t->begun, t->looks);
}

static void
figures(const struct soak *s, struct report_step *out)
{
	const struct report_soak *t = &s->tally;

	report_figure(out, "faults", t->begun);
	report_figure(out, "passed", t->passed);
	report_figure(out, "failed_timeout", t->timeouts);
	report_figure(out, "failed_assertion", t->assertions);
	report_figure(out, "unproven", t->unproven);
	report_figure(out, "skipped", t->skipped);
	report_figure(out, "looks", t->looks);
	report_figure(out, "objects_first", s->objects_first);
	report_figure(out, "objects_last", most_objects(s->c.members));
}

bool
soak_tick(struct soak *s, struct report_step *out, uint64_t now_ns)
{
	if (s->c.members->count == 0) {
		report_verdict(out, VERDICT_FAIL, now_ns, "there are no nodes");
		return true;
	}
	tick_active(s, now_ns);
	begin_due(s, now_ns);
	s->tally.next = s->next;
	s->c.report->soak = s->tally;
	if (s->next == s->count && !active_count(s) && !s->looking && s->since_look) {
		s->looking = true;	/* the last look of all */
		s->look_ns = now_ns;
		s->quiet_ns = 0;
	}
	if (s->looking && look(s, now_ns)) {
		report_verdict(out, VERDICT_FAIL, now_ns,
			"an invariant does not hold: %.240s", s->why);
		figures(s, out);
		return true;
	}
	if (s->next < s->count || active_count(s) || s->looking)
		return false;
	if (now_ns < s->began_ns + s->spec->duration_ns)
		return false;
	judge(s, out, now_ns);
	figures(s, out);
	return true;
}

void
soak_probes(const struct soak *s)
{
	for (size_t i = 0; i < SOAK_ACTIVE_MAX; i++)
		if (s->active[i])
			attempt_probes(s->active[i]);
}

uint64_t
soak_deadline(const struct soak *s)
{
	uint64_t first = NEVER;

	if (s->next < s->count && !s->looking)
		first = s->began_ns + s->faults[s->next].at_ns;
	for (size_t i = 0; i < SOAK_ACTIVE_MAX; i++)
		if (s->active[i] && attempt_deadline(s->active[i]) < first)
			first = attempt_deadline(s->active[i]);
	return first;
}

void
soak_progress(const struct soak *s, char *to, size_t cap)
{
	snprintf(to, cap, "soak: %zu of %zu, %zu under way, %zu passed, %zu not%s",
		s->next, s->count, active_count(s), s->tally.passed,
		s->tally.timeouts + s->tally.assertions + s->tally.unproven,
		s->looking ? ", waiting for the invariants" : "");
}
