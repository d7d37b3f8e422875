/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "scenario/standing.h"

void
standing_init(struct standing *s, const struct scenario *scenario, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->scenario = scenario;
	s->member_count = scenario->node_count;
	rng_init_u64(&s->rng, seed);
	s->orders = mem_array(
		scenario->link_count * scenario->node_count + 1, sizeof(*s->orders));
}

void
standing_fini(struct standing *s)
{
	free(s->orders);
}

static bool
meant(const struct selectors *who, const struct member *one)
{
	return selector_any_matches(who, one->group->mesh, one->group->type, one->number);
}

static void
order_begin(struct standing *s, struct fault_order *o, enum fault_verb verb)
{
	memset(o, 0, sizeof(*o));
	o->verb = verb;
	rng_bytes(&s->rng, o->nonce, sizeof(o->nonce));
}

/* Who of the receivers is there: as targets, and as a number that changes with them. */
static uint64_t
add_receivers(const struct scenario_link *l, const struct members *m, size_t from,
	struct fault_order *o)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->count; i++) {
		const struct member *one = &m->at[i];

		if (i == from || one->state != MEMBER_READY || !meant(&l->to, one) ||
			o->target_count == FAULT_TARGETS_MAX)
			continue;
		o->targets[o->target_count++] =
			(struct fault_target){ .peer = one->row->ready.id };
		sum = sum * UINT64_C(0x9e3779b97f4a7c15) + one->child;
	}
	return sum;
}

static void
set_figures(struct fault_order *o, const struct scenario_link *l)
{
	o->kind = l->cut ? FAULT_CUT : FAULT_IMPAIR;
	o->direction = FAULT_OUT;
	o->lease_ms = FAULT_LEASE_MS_MAX;
	o->figures.delay_us = (uint32_t)(l->delay_ns / 1000);
	o->figures.jitter_us = (uint32_t)(l->jitter_ns / 1000);
	o->figures.loss = (uint16_t)l->loss;
	o->figures.rate = l->rate;
}

static void
tell(struct standing *s, const struct scenario_link *l, const struct members *m, size_t i,
	struct standing_order *was, struct supervisor *to)
{
	struct fault_order *o = mem_array(1, sizeof(*o)), *old = mem_array(1, sizeof(*o));
	uint64_t receivers;

	order_begin(s, o, FAULT_INJECT);
	receivers = add_receivers(l, m, i, o);
	if (was->child != m->at[i].child)
		was->told = false;
	if (receivers == was->receivers && (was->told || !o->target_count))
		goto out;
	if (was->told) {
		order_begin(s, old, FAULT_REVERT);
		old->id = was->id;
		(void)supervisor_fault(to, m->at[i].child, old);
		was->told = false;
	}
	was->child = m->at[i].child;
	was->receivers = receivers;
	if (!o->target_count)
		goto out;
	rng_bytes(&s->rng, o->id.bytes, sizeof(o->id.bytes));
	o->seed = rng_u64(&s->rng);
	set_figures(o, l);
	was->id = o->id;
	was->told = supervisor_fault(to, m->at[i].child, o) == ERR_OK;
	if (!was->told)
		was->receivers = 0;	/* at the next tick */
out:
	free(o);
	free(old);
}

void
standing_tick(struct standing *s, const struct members *m, struct supervisor *to)
{
	for (size_t k = 0; k < s->scenario->link_count; k++) {
		const struct scenario_link *l = &s->scenario->links[k];

		for (size_t i = 0; i < m->count; i++)
			if (m->at[i].state == MEMBER_READY && meant(&l->from, &m->at[i]))
				tell(s, l, m, i, &s->orders[k * s->member_count + i], to);
	}
}
