/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "mesh/directory.h"
#include "scenario/runner.h"
#include "scenario/standing.h"
#include "scenario/step.h"

/*
 * How long the others are asked what they saw of a failure. A killed node with two
 * neighbors is gone within 3 s; one that had a single neighbor may stay suspect for 30 s,
 * which nobody waits for: the report says suspect then.
 */
#define WITNESS_MAX SECONDS(5)
#define FIND_MAX SECONDS(5)
#define TICK_MAX MILLISECONDS(200)
#define TICK_MIN MILLISECONDS(10)

enum phase { PHASE_STEPS, PHASE_WITNESSES, PHASE_STOPPING, PHASE_DONE };

struct runner {
	const struct scenario *scenario;
	struct supervisor *supervisor;
	struct members members;
	struct standing standing;
	struct report report;
	enum phase phase;
	const struct plan *plan;
	struct report_soak resume;
	size_t step_index;	/* the first of those under way */
	size_t under_way;	/* how many there are; 0: none has begun */
	struct step steps[RUNNER_AT_ONCE_MAX];
	struct step *failed;	/* the one that others are asked about */
	char *data_root;
	/* PHASE_WITNESSES: since when, and what each member was last heard to think. */
	uint64_t witness_ns;
	bool found;		/* the nodes of others are there, or were waited for */
	uint8_t *thinks;
	uint64_t stop_ns;
};

#define THINKS_LIVE LIVENESS_LIVE
#define THINKS_MISSING LIVENESS_COUNT

struct runner *
runner_new(const struct runner_config *c, struct supervisor *s, uint64_t now_ns)
{
	struct runner *r = mem_new(MEM_RUNNER, sizeof(*r));

	r->scenario = c->plan->scenario;
	r->plan = c->plan;
	if (c->resume)
		r->resume = *c->resume;
	r->supervisor = s;
	r->data_root = mem_text(c->data_root);
	members_init(&r->members, r->scenario, r->data_root);
	/* Nonces must not come twice, whatever the seed of the run. */
	standing_init(&r->standing, r->scenario, c->wall_ms ^ now_ns);
	report_init(&r->report, r->scenario, c->file);
	r->report.seed = c->plan->seed;
	memcpy(r->report.plan_hash, c->plan->hash, sizeof(r->report.plan_hash));
	r->report.wall_ms = c->wall_ms;
	r->report.began_ns = r->report.ended_ns = now_ns;
	r->thinks = mem_array(r->members.count + 1, 1);
	return r;
}

void
runner_free(struct runner *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->under_way; i++)
		step_end(&r->steps[i], r->report.ended_ns);
	standing_fini(&r->standing);
	members_fini(&r->members);
	report_fini(&r->report);
	free(r->thinks);
	free(r->data_root);
	mem_free(MEM_RUNNER, r);
}

static bool
links_to(const struct expect_node *a, const struct expect_node *b)
{
	for (size_t i = 0; i < a->view->link_count; i++)
		if (id_equal(&a->view->links[i], &b->id))
			return true;
	return false;
}

/* The overlay as its nodes told it last. */
static void
keep_topology(struct runner *r)
{
	size_t count = members_expect(&r->members);
	const struct expect_node *n = r->members.nodes;

	if (count == 0)
		return;		/* they were told to leave: what was before stays */
	r->report.edge_count = 0;
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++) {
			if (!n[i].view || !n[k].view || !links_to(&n[i], &n[k]) ||
				!links_to(&n[k], &n[i]))
				continue;
			r->report.edges = mem_resize(r->report.edges,
				r->report.edge_count + 1, sizeof(*r->report.edges));
			r->report.edges[r->report.edge_count++] = (struct report_edge){
				r->members.index[i], r->members.index[k] };
		}
}

static void
stop_all(struct runner *r, uint64_t now_ns)
{
	keep_topology(r);
	r->phase = PHASE_STOPPING;
	r->stop_ns = now_ns;
	supervisor_stop_all(r->supervisor, now_ns);
}

static void
finish(struct runner *r, uint64_t now_ns)
{
	r->phase = PHASE_DONE;
	r->report.ended_ns = now_ns;
	members_report(&r->members, r->report.nodes);
	report_judge(&r->report);
}

const struct report *
runner_snapshot(struct runner *r, uint64_t now_ns)
{
	if (r->phase == PHASE_DONE)
		return &r->report;
	r->report.ended_ns = now_ns;
	keep_topology(r);
	members_report(&r->members, r->report.nodes);
	for (size_t i = 0; i < r->under_way; i++)
		if (!r->steps[i].over)
			report_verdict(r->steps[i].out, VERDICT_UNPROVEN, now_ns,
				"under way");
	report_judge(&r->report);
	return &r->report;
}

/* What a witness's own directory says of the subject. */
static uint8_t
opinion(const struct member *witness, const struct peer_id *subject)
{
	const struct lifeline_view *v = witness->row->view;

	for (size_t i = 0; i < v->node_count; i++)
		if (id_equal(&v->nodes[i].id, subject))
			return v->nodes[i].liveness;
	return THINKS_MISSING;
}

static const char *
opinion_text(uint8_t o)
{
	return o < LIVENESS_COUNT ? liveness_text((enum liveness)o) : "not listed";
}

static bool
is_witness(const struct runner *r, size_t i)
{
	const struct member *one = &r->members.at[i],
			    *subject = &r->members.at[r->failed->subject];

	return one != subject && one->state == MEMBER_READY &&
		strcmp(one->group->mesh, subject->group->mesh) == 0;
}

static void
witnesses_tick(struct runner *r, uint64_t now_ns)
{
	const struct member *subject = &r->members.at[r->failed->subject];
	uint64_t from_ns =
		r->failed->process_ended ? subject->row->end.at_ns : r->witness_ns;
	size_t witnesses = 0, settled = 0, noticed = 0;
	char after[REPORT_SECONDS_CAP];

	for (size_t i = 0; i < r->members.count; i++) {
		const struct member *one = &r->members.at[i];
		uint8_t now;

		if (!is_witness(r, i))
			continue;
		witnesses++;
		if (one->answered && one->answered >= one->valid_from) {
			now = opinion(one, &subject->row->ready.id);
			if (now != r->thinks[i])
				report_note(r->failed->out, now_ns,
					"%s sees %s as %s, %s after", one->name,
					subject->name, opinion_text(now),
					report_seconds(after, now_ns - from_ns));
			r->thinks[i] = now;
		}
		noticed += r->thinks[i] != THINKS_LIVE;
		settled +=
			r->thinks[i] != THINKS_LIVE && r->thinks[i] != LIVENESS_SUSPECT;
	}
	if (witnesses && settled < witnesses && now_ns < r->witness_ns + WITNESS_MAX)
		return;
	report_note(r->failed->out, now_ns,
		"%zu of %zu other nodes of its mesh noticed, %zu see it "
		"as gone or left",
		noticed, witnesses, settled);
	stop_all(r, now_ns);
}

static void
end_steps(struct runner *r, uint64_t now_ns)
{
	for (size_t i = 0; i < r->under_way; i++) {
		struct step *st = &r->steps[i];

		step_end(st, now_ns);
		if (!st->over)
			report_verdict(st->out, VERDICT_UNPROVEN, now_ns,
				"ended with a step beside it");
		st->over = true;
	}
}

/* A fault that nobody saw says nothing against going on; whatever else does. */
static bool
may_go_on(const struct step *st)
{
	return st->out->verdict == VERDICT_PASS ||
		(st->spec->kind == STEP_FAULT && st->out->verdict == VERDICT_UNPROVEN);
}

static void
step_failed(struct runner *r, struct step *st, uint64_t now_ns)
{
	end_steps(r, now_ns);
	if (st->out->verdict == VERDICT_FAIL && st->subject < r->members.count &&
		r->members.at[st->subject].row->ready_ns) {
		r->failed = st;
		r->phase = PHASE_WITNESSES;
		r->witness_ns = now_ns;
		memset(r->thinks, THINKS_LIVE, r->members.count);
		return;
	}
	stop_all(r, now_ns);
}

/* The steps of one parallel, or one. */
static void
begin_steps(struct runner *r, uint64_t now_ns)
{
	const struct scenario *s = r->scenario;
	unsigned group = s->steps[r->step_index].group;
	const struct attempt_context c = { .plan = r->plan, .members = &r->members,
		.supervisor = r->supervisor, .report = &r->report, .resume = &r->resume };

	r->under_way = 0;
	do {
		if (s->steps[r->step_index + r->under_way].kind == STEP_STOP)
			keep_topology(r);
		step_begin(&r->steps[r->under_way], &c, r->step_index + r->under_way,
			now_ns);
		r->under_way++;
	} while (group && r->under_way < RUNNER_AT_ONCE_MAX &&
		r->step_index + r->under_way < s->step_count &&
		s->steps[r->step_index + r->under_way].group == group);
}

static void
steps_tick(struct runner *r, uint64_t now_ns)
{
	while (r->phase == PHASE_STEPS) {
		size_t open = 0;

		if (r->step_index == r->scenario->step_count) {
			stop_all(r, now_ns);
			return;
		}
		if (!r->under_way)
			begin_steps(r, now_ns);
		for (size_t i = 0; i < r->under_way; i++) {
			struct step *st = &r->steps[i];

			if (st->over)
				continue;
			st->over = step_tick(st, now_ns);
			open += !st->over;
			if (st->over && !may_go_on(st)) {
				step_failed(r, st, now_ns);
				return;
			}
		}
		if (open)
			return;
		end_steps(r, now_ns);
		r->step_index += r->under_way;
		r->under_way = 0;
	}
}

static bool
stopping(const struct runner *r)
{
	for (size_t i = 0; i < r->under_way; i++)
		if (r->steps[i].spec->kind == STEP_STOP)
			return true;
	return false;
}

static uint64_t
ask_every(const struct runner *r)
{
	uint64_t every_ns = STEP_ASK_HOLD;

	for (size_t i = 0; i < r->under_way; i++)
		if (step_ask_every(&r->steps[i]) < every_ns)
			every_ns = step_ask_every(&r->steps[i]);
	return every_ns;
}

static void
ask(struct runner *r, uint64_t now_ns)
{
	for (size_t i = 0; i < r->members.count; i++)
		r->members.at[i].probe_count = 0;
	for (size_t i = 0; i < r->under_way; i++)
		if (!r->steps[i].over)
			step_probes(&r->steps[i]);
	members_ask(&r->members, r->supervisor, ask_every(r), now_ns);
}

/* Nodes of others are there before the first step; who is not by now may come yet. */
static bool
are_found(struct runner *r, uint64_t now_ns)
{
	r->found = r->found || !r->scenario->attach ||
		members_in_state(&r->members, MEMBER_READY) == r->members.count ||
		now_ns >= r->report.began_ns + FIND_MAX;
	return r->found;
}

void
runner_tick(struct runner *r, uint64_t now_ns)
{
	if (r->phase == PHASE_DONE)
		return;
	members_sync(&r->members, r->supervisor, now_ns);
	if (r->phase == PHASE_STEPS &&
		!stopping(r))
		members_start(&r->members, r->supervisor, now_ns);
	if (r->phase == PHASE_STEPS && are_found(r, now_ns)) {
		standing_tick(&r->standing, &r->members, r->supervisor);
		steps_tick(r, now_ns);
	}
	if (r->phase == PHASE_WITNESSES)
		witnesses_tick(r, now_ns);
	if (r->phase == PHASE_STOPPING) {
		/* A process that even SIGKILL does not end is the driver's to report. */
		if (!supervisor_alive(r->supervisor) ||
			now_ns >= r->stop_ns + STEP_STOP_MAX) {
			members_sync(&r->members, r->supervisor, now_ns);
			finish(r, now_ns);
		}
		return;
	}
	if (r->phase != PHASE_DONE)
		ask(r, now_ns);
}

uint64_t
runner_deadline(const struct runner *r)
{
	uint64_t due_ns, step_ns;

	if (r->phase == PHASE_DONE)
		return NEVER;
	/* At least so often, to notice silence and our own pauses. */
	due_ns = r->members.tick_ns + TICK_MAX;
	if (r->phase != PHASE_STEPS || !r->under_way)
		return due_ns;
	step_ns = members_ask_deadline(&r->members, ask_every(r));
	/*
	 * One that cannot be asked now (its lifeline has just gone) is no reason to spin.
	 */
	if (step_ns < r->members.tick_ns + TICK_MIN)
		step_ns = r->members.tick_ns + TICK_MIN;
	if (step_ns < due_ns)
		due_ns = step_ns;
	for (size_t i = 0; i < r->under_way; i++) {
		if (r->steps[i].over)
			continue;
		step_ns = step_deadline(&r->steps[i]);
		/* What is overdue waits for answers, and those wake us. */
		if (step_ns < due_ns && step_ns > r->members.tick_ns)
			due_ns = step_ns;
	}
	return due_ns;
}

void
runner_cancel(struct runner *r, const char *why, uint64_t now_ns)
{
	if (r->phase == PHASE_STEPS && !r->under_way &&
		r->step_index < r->report.step_count)
		report_verdict(&r->report.steps[r->step_index], VERDICT_UNPROVEN, now_ns,
			"interrupted: %s", why);
	for (size_t i = 0; r->phase == PHASE_STEPS && i < r->under_way; i++) {
		if (r->steps[i].over)
			continue;
		step_end(&r->steps[i], now_ns);
		report_verdict(r->steps[i].out, VERDICT_UNPROVEN, now_ns,
			"interrupted: %s", why);
		r->steps[i].over = true;
	}
	if (r->phase == PHASE_STEPS || r->phase == PHASE_WITNESSES)
		stop_all(r, now_ns);
}

void
runner_aftermath(struct runner *r, enum verdict v, const char *text)
{
	snprintf(r->report.aftermath, sizeof(r->report.aftermath), "%s", text);
	if (v == VERDICT_FAIL || r->report.verdict == VERDICT_PASS)
		r->report.verdict = v;
}

bool
runner_done(const struct runner *r)
{
	return r->phase == PHASE_DONE;
}

const struct report *
runner_report(const struct runner *r)
{
	return &r->report;
}

void
runner_progress(struct runner *r, char *to, size_t cap)
{
	static const char *const phases[] = {
		[PHASE_STEPS] = "begins", [PHASE_WITNESSES] = "asking who saw it",
		[PHASE_STOPPING] = "stopping all nodes", [PHASE_DONE] = "done",
	};

	if (r->phase == PHASE_STEPS && r->under_way)
		step_progress(&r->steps[0], to, cap);
	else
		snprintf(to, cap, "%s", phases[r->phase]);
}
