/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "scenario/outcome.h"

size_t
outcome_begin(struct report *r, const struct plan *p, const struct plan_fault *f,
	uint64_t now_ns)
{
	struct report_fault *to;

	(void)p;
	r->faults = mem_resize(r->faults, r->fault_count + 1, sizeof(*r->faults));
	to = &r->faults[r->fault_count];
	memset(to, 0, sizeof(*to));
	to->step = f->step;
	to->spec = f->spec;
	to->began_ns = now_ns;
	to->verdict = JUDGE_UNPROVEN;
	snprintf(to->reason, sizeof(to->reason), "not begun");
	return r->fault_count++;
}

void
outcome_target(struct report_fault *to, const char *name)
{
	to->targets = mem_resize(to->targets, to->target_count + 1, sizeof(*to->targets));
	snprintf(to->targets[to->target_count++], sizeof(*to->targets), "%s", name);
}

static void
take_witnesses(struct report_fault *to, const struct trial *t, size_t count,
	const struct trial_node *nodes)
{
	const enum judge_role *roles = trial_roles(t);

	to->nodes = mem_array(count + 1, sizeof(*to->nodes));
	to->node_count = count;
	for (size_t i = 0; i < count; i++) {
		struct report_fault_node *n = &to->nodes[i];

		n->role = roles[i];
		n->target = to->target_count;
		for (size_t k = 0; k < to->spec.target_count; k++)
			if (to->spec.targets[k] == i)
				n->target = k;
		snprintf(n->name, sizeof(n->name), "%s", nodes[i].name);
		n->saw_ns = trial_saw(t, i);
		to->witness_count += n->saw_ns != 0;
	}
}

void
outcome_take(struct report_fault *to, const struct trial *t, const struct judge_result *r,
	const struct trial_node *nodes, size_t count)
{
	if (!r)
		return;
	to->verdict = r->verdict == JUDGE_OPEN ? JUDGE_UNPROVEN : r->verdict;
	to->class = r->class;
	memcpy(to->reason, r->reason, sizeof(to->reason));
	to->injected_ns = r->injected_ns;
	to->witnessed_ns = r->witnessed_ns;
	to->reverted_ns = r->reverted_ns;
	to->recovered_ns = r->recovered_ns;
	take_witnesses(to, t, count, nodes);
	to->evidence_count = trial_evidence_count(t);
	to->evidence_dropped = trial_evidence_dropped(t);
	if (to->evidence_count)
		to->evidence = mem_copy(trial_evidence_at(t, 0),
			to->evidence_count * sizeof(*to->evidence));
}

void
outcome_fini(struct report_fault *f)
{
	free(f->targets);
	free(f->nodes);
	free(f->evidence);
}

void
outcome_replay(const struct report_fault *f, struct judge_result *to)
{
	enum judge_role *roles = mem_array(f->node_count + 1, sizeof(*roles));
	size_t *target_of = mem_array(f->node_count + 1, sizeof(*target_of));
	const char **names = mem_array(f->node_count + 1, sizeof(*names));
	struct judge_config c = { .terms = { .primitive = f->spec.primitive },
		.node_count = f->node_count, .target_count = f->spec.target_count,
		.roles = roles, .target_of = target_of, .names = names };
	struct judge *j;

	memcpy(c.terms.params, f->spec.params, sizeof(c.terms.params));
	for (size_t i = 0; i < f->node_count; i++) {
		roles[i] = f->nodes[i].role;
		target_of[i] = f->nodes[i].target;
		names[i] = f->nodes[i].name;
	}
	j = judge_new(&c);
	for (size_t i = 0; i < f->evidence_count; i++)
		trial_replay(j, &f->evidence[i]);
	*to = *judge_result(j);
	judge_free(j);
	free(roles);
	free(target_of);
	free(names);
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void
outcome_series(const struct report *r, enum primitive p, bool recovery,
	struct outcome_series *to)
{
	uint64_t *took = mem_array(r->fault_count + 1, sizeof(*took));

	memset(to, 0, sizeof(*to));
	for (size_t i = 0; i < r->fault_count; i++) {
		const struct report_fault *f = &r->faults[i];

		if (f->spec.primitive != p || f->verdict != JUDGE_PASS)
			continue;
		took[to->count++] = recovery ? f->recovered_ns - f->reverted_ns :
					       f->witnessed_ns - f->injected_ns;
	}
	qsort(took, to->count, sizeof(*took), by_size);
	if (to->count) {
		to->p50_ns = took[(to->count - 1) / 2];
		to->p95_ns = took[(to->count - 1) * 95 / 100];
		to->max_ns = took[to->count - 1];
		to->all_zero = to->max_ns == 0;
	}
	free(took);
}

enum primitive
outcome_zero_series(const struct report *r)
{
	for (size_t p = 0; p < PRIMITIVES; p++) {
		struct outcome_series effect, recovery;

		outcome_series(r, (enum primitive)p, false, &effect);
		outcome_series(r, (enum primitive)p, true, &recovery);
		if (effect.all_zero || recovery.all_zero)
			return (enum primitive)p;
	}
	return PRIMITIVES;
}
