/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chaos/hearing.h"
#include "chaos/orders.h"
#include "chaos/trial_state.h"

/* A baseline with fewer witnesses than wanted is taken after this. */
#define BASELINE_ENOUGH SECONDS(6)
#define PROBE_AFTER SECONDS(1)

void
trial_spec_init(struct trial_spec *s, enum primitive p)
{
	memset(s, 0, sizeof(*s));
	s->primitive = p;
	s->lease_ns = catalog_at(p)->lease_ns;
	for (size_t i = 0; i < PARAMS; i++)
		if (catalog_param_at((enum param)i)->primitive == p)
			s->params[i] = catalog_param_at((enum param)i)->standard;
}

struct trial *
trial_new(const struct trial_spec *s, size_t node_count, uint64_t now_ns)
{
	struct trial *t = mem_new(MEM_TRIAL, sizeof(*t));

	assert(s->target_count <= TRIAL_TARGETS_MAX);
	t->spec = *s;
	t->count = node_count;
	t->began_ns = now_ns;
	t->roles = mem_array(node_count + 1, sizeof(*t->roles));
	t->target_of = mem_array(node_count + 1, sizeof(*t->target_of));
	t->cast = mem_array(node_count + 1, sizeof(*t->cast));
	t->names = mem_array(node_count + 1, sizeof(*t->names));
	t->name_texts = mem_array(node_count + 1, sizeof(*t->name_texts));
	t->view_ns = mem_array(node_count + 1, sizeof(*t->view_ns));
	t->others = mem_array(node_count + 1, sizeof(*t->others));
	t->others_ns = mem_array(node_count + 1, sizeof(*t->others_ns));
	t->ids = mem_array(s->target_count + 1, sizeof(*t->ids));
	rng_init_u64(&t->rng, s->seed ^ (now_ns * UINT64_C(0x9e3779b97f4a7c15)));
	t->told = mem_array(node_count * s->target_count + 1, sizeof(*t->told));
	return t;
}

void
trial_free(struct trial *t)
{
	if (!t)
		return;
	judge_free(t->judge);
	free(t->roles);
	free(t->target_of);
	free(t->names);
	free(t->cast);
	free(t->name_texts);
	free(t->view_ns);
	free(t->others_ns);
	free(t->others);
	free(t->told);
	free(t->ids);
	free(t->evidence);
	mem_free(MEM_TRIAL, t);
}

bool
trial_is_target(const struct trial *t, size_t node)
{
	for (size_t i = 0; i < t->spec.target_count; i++)
		if (t->spec.targets[i] == node)
			return true;
	return false;
}

void
trial_replay(struct judge *j, const struct trial_evidence *e)
{
	switch (e->kind) {
	case EVIDENCE_SIGHT:
		judge_sight(j, e->witness, e->target, &e->sight, e->at_ns);
		break;
	case EVIDENCE_OTHERS:
		judge_others(j, e->witness, e->value, e->at_ns);
		break;
	case EVIDENCE_OVERLAY:
		judge_overlay(j, e->value, e->at_ns);
		break;
	case EVIDENCE_INJECTED:
		judge_injected(j, e->at_ns);
		break;
	case EVIDENCE_REVERTED:
		judge_reverted(j, e->at_ns);
		break;
	case EVIDENCE_TICK:
		break;
	}
	judge_tick(j, e->at_ns);
}

static void
make_judge(struct trial *t, uint64_t now_ns)
{
	struct judge_config c = {
		.terms = { .primitive = t->spec.primitive },
		.node_count = t->count,
		.target_count = t->spec.target_count,
		.roles = t->roles,
		.target_of = t->target_of,
		.names = t->names,
	};

	memcpy(c.terms.params, t->spec.params, sizeof(c.terms.params));
	t->judge = judge_new(&c);
	t->cast_ns = now_ns;
}

static void
give_up(struct trial *t, const char *why)
{
	t->refused.verdict = JUDGE_UNPROVEN;
	t->refused.class = CLASS_NO_EFFECT;
	snprintf(t->refused.reason, sizeof(t->refused.reason), "%s", why);
	t->phase = TRIAL_DONE;
}

static void
prepare(struct trial *t, const struct trial_node *nodes, uint64_t now_ns)
{
	bool pair = catalog_at(t->spec.primitive)->reach == REACH_PAIR;
	size_t wanted = pair ? 3 : hearing_of_links(t->spec.primitive) ? TRIAL_WATCHERS :
								    JUDGE_NEEDED;
	uint64_t enough_ns = t->began_ns + BASELINE_ENOUGH;

	if (!t->judge) {
		if (hearing_cast(t, nodes, now_ns))
			make_judge(t, now_ns);
		else if (now_ns >= t->began_ns + TRIAL_BASELINE_MAX)
			give_up(t, "not all nodes of the mesh answered before the fault");
		if (!t->judge)
			return;
	}
	hearing_take(t, nodes, now_ns);

	size_t candidates = judge_candidates(t->judge);

	if (hearing_stale(t, candidates, now_ns)) {
		judge_free(t->judge);
		t->judge = NULL;
		return;
	}
	if (hearing_settled(t, now_ns) &&
		(candidates >= wanted || (candidates && now_ns >= enough_ns))) {
		t->phase = TRIAL_INJECTED;
		t->inject = true;
		t->act_next = 0;
		t->lease_end_ns = now_ns + t->spec.lease_ns;
		hearing_time(t, EVIDENCE_INJECTED, now_ns);
	} else if (now_ns >= t->began_ns + TRIAL_BASELINE_MAX) {
		char why[JUDGE_TEXT_CAP];

		hearing_why(t, nodes, why);
		give_up(t, why);
	}
}

void
trial_tick(struct trial *t, const struct trial_node *nodes, uint64_t now_ns)
{
	bool kills = catalog_kills(t->spec.primitive);
	bool starts = t->spec.primitive == PRIMITIVE_RESTART;

	t->ticked_ns = now_ns;
	if (t->phase == TRIAL_DONE)
		return;
	if (t->phase == TRIAL_PREPARING) {
		prepare(t, nodes, now_ns);
		return;
	}
	hearing_take(t, nodes, now_ns);
	/* A kill that nobody repairs is over at once: what is left has to be whole. */
	if (t->phase == TRIAL_INJECTED &&
		((kills && !starts) || now_ns >= t->lease_end_ns || t->cut_short)) {
		t->phase = TRIAL_REVERTED;
		/* The lease ends it as well; an order for what has ended is refused. */
		t->revert = !kills && t->cut_short;
		t->start = starts;
		hearing_time(t, EVIDENCE_REVERTED, now_ns);
	}
	hearing_time(t, EVIDENCE_TICK, now_ns);
	t->evidence_count -= t->evidence[t->evidence_count - 1].kind == EVIDENCE_TICK &&
		judge_result(t->judge)->verdict == JUDGE_OPEN;
	if (judge_result(t->judge)->verdict != JUDGE_OPEN && !t->inject) {
		/* Decided before its time: it is taken off now. */
		if (t->phase == TRIAL_INJECTED) {
			t->phase = TRIAL_REVERTED;
			t->revert = !kills;
			t->start = starts;
			return;
		}
		if (!t->revert && !t->start)
			t->phase = TRIAL_DONE;
	}
}

bool
trial_next_act(struct trial *t, const struct trial_node *nodes, struct trial_act *a)
{
	size_t told = orders_count(&t->spec);

	if (!t->inject && !t->revert && !t->start)
		return false;
	if (t->act_next < told) {
		size_t k = t->act_next++;

		memset(a, 0, sizeof(*a));
		a->node = t->spec.targets[k];
		a->kind = t->start ? TRIAL_START : TRIAL_ORDER;
		a->ends = t->inject && catalog_kills(t->spec.primitive);
		if (t->inject)
			orders_inject(&a->order, &t->spec, t->count, nodes, k, &t->rng);
		else if (!t->start)
			orders_revert(&a->order, &t->ids[k], &t->rng);
		if (t->inject)
			t->ids[k] = a->order.id;
		return true;
	}
	t->act_next = 0;
	if (t->inject)
		t->inject = false;
	else
		t->revert = t->start = false;
	return trial_next_act(t, nodes, a);
}

void
trial_refused(struct trial *t, const char *why, uint64_t now_ns)
{
	bool kills = catalog_kills(t->spec.primitive);
	bool some_have_it = t->phase == TRIAL_INJECTED && !kills;

	(void)now_ns;
	if (t->phase == TRIAL_DONE)
		return;
	give_up(t, why);
	/* Who took the order does not keep the fault until its lease ends. */
	t->inject = t->start = false;
	t->revert = some_have_it;
	t->act_next = 0;
}

void
trial_revert(struct trial *t, uint64_t now_ns)
{
	(void)now_ns;
	if (t->phase == TRIAL_PREPARING)
		give_up(t, "ended before it began");
	t->cut_short = true;
}

size_t
trial_probes(const struct trial *t, const struct trial_node *nodes, size_t node,
	struct peer_id to[static LIFELINE_PROBES_MAX])
{
	/* A dial that was sooner than the order would pass a firewall for good. */
	bool late = t->spec.primitive == PRIMITIVE_FIREWALL_INBOUND &&
		(t->phase == TRIAL_PREPARING ||
			t->ticked_ns < judge_result(t->judge)->injected_ns + PROBE_AFTER);
	size_t count = 0;

	if (!t->judge || t->phase == TRIAL_DONE || late)
		return 0;
	if (t->roles[node] != ROLE_END &&
		!(hearing_of_links(t->spec.primitive) && t->roles[node] == ROLE_WITNESS))
		return 0;
	for (size_t k = 0; k < t->spec.target_count && count < LIFELINE_PROBES_MAX; k++)
		if (t->spec.targets[k] != node)
			to[count++] = nodes[t->spec.targets[k]].id;
	return count;
}

uint64_t
trial_deadline(const struct trial *t)
{
	if (t->phase == TRIAL_DONE)
		return NEVER;
	if (t->phase == TRIAL_PREPARING)
		return t->began_ns + TRIAL_BASELINE_MAX;
	return t->phase == TRIAL_INJECTED && t->lease_end_ns < judge_deadline(t->judge) ?
		t->lease_end_ns : judge_deadline(t->judge);
}

enum trial_phase
trial_phase(const struct trial *t)
{
	return t->phase;
}

const struct trial_spec *
trial_spec(const struct trial *t)
{
	return &t->spec;
}

const struct judge_result *
trial_result(const struct trial *t)
{
	if (t->refused.verdict != JUDGE_OPEN)
		return &t->refused;
	return t->judge ? judge_result(t->judge) : NULL;
}

uint64_t
trial_saw(const struct trial *t, size_t node)
{
	return t->judge ? judge_saw(t->judge, node) : 0;
}

const enum judge_role *
trial_roles(const struct trial *t)
{
	return t->roles;
}

size_t
trial_evidence_count(const struct trial *t)
{
	return t->evidence_count;
}

const struct trial_evidence *
trial_evidence_at(const struct trial *t, size_t i)
{
	assert(i < t->evidence_count);
	return &t->evidence[i];
}

size_t
trial_evidence_dropped(const struct trial *t)
{
	return t->evidence_dropped;
}
