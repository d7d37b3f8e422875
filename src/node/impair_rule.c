/* SPDX-License-Identifier: MIT */
#include "node/impair_rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SHARES 10000
#define NS_PER_US UINT64_C(1000)

void
impair_rule_init(struct impair_rule *r, const struct fault_order *o, uint64_t now_ns)
{
	memset(r, 0, sizeof(*r));
	r->id = o->id;
	r->kind = o->kind;
	r->direction = o->direction;
	r->figures = o->figures;
	r->all = o->all;
	r->targets = mem_copy(o->targets, o->target_count * sizeof(*o->targets));
	r->target_count = o->target_count;
	r->addresses = mem_array(o->target_count * IMPAIR_PEER_ADDRESSES_MAX + 1,
		sizeof(*r->addresses));
	if (o->kind == FAULT_FIREWALL)
		r->flows = mem_array(IMPAIR_FLOWS_MAX, sizeof(*r->flows));
	rng_init_u64(&r->rng, o->seed);
	r->began_ns = now_ns;
}

void
impair_rule_fini(struct impair_rule *r)
{
	free(r->targets);
	free(r->addresses);
	free(r->flows);
}

void
impair_rule_refresh(struct impair_rule *r, impair_resolve *resolve, void *ctx)
{
	size_t count = 0;

	for (size_t i = 0; i < r->target_count; i++) {
		const struct fault_target *t = &r->targets[i];

		if (t->by_address)
			r->addresses[count++] = t->address;
		else
			count += resolve(ctx, &t->peer, r->addresses + count,
				IMPAIR_PEER_ADDRESSES_MAX);
	}
	r->address_count = count;
}

/* The flow of an address: the one there is, else the place of the oldest. */
static struct impair_flow *
flow_of(struct impair_rule *r, const struct address *remote)
{
	struct impair_flow *oldest = &r->flows[0];

	for (size_t i = 0; i < IMPAIR_FLOWS_MAX; i++) {
		struct impair_flow *f = &r->flows[i];

		if (f->seen_ns != 0 && address_equal(&f->remote, remote))
			return f;
		if (f->seen_ns < oldest->seen_ns)
			oldest = f;
	}
	return oldest;
}

static bool
is_flow(const struct impair_flow *f, const struct address *remote, uint64_t now_ns)
{
	return f->seen_ns != 0 && address_equal(&f->remote, remote) &&
	       now_ns < f->seen_ns + IMPAIR_FLOW_AGE;
}

void
impair_rule_flow(struct impair_rule *r, const struct address *remote, uint64_t now_ns)
{
	struct impair_flow *f;

	if (r->kind != FAULT_FIREWALL)
		return;
	f = flow_of(r, remote);
	f->remote = *remote;
	f->seen_ns = now_ns > 0 ? now_ns : 1;
}

static bool
is_target(const struct impair_rule *r, const struct address *remote)
{
	for (size_t i = 0; i < r->address_count; i++) {
		const struct address *a = &r->addresses[i];

		if (a->family == remote->family &&
			(a->port == 0 || a->port == remote->port) &&
			memcmp(a->ip, remote->ip, a->family == 4 ? 4 : 16) == 0)
			return true;
	}
	return false;
}

bool
impair_rule_concerns(const struct impair_rule *r, const struct address *remote,
	bool inbound, uint64_t now_ns)
{
	const struct fault_figures *f = &r->figures;

	if (r->direction == (inbound ? FAULT_OUT : FAULT_IN))
		return false;
	if (f->period_ms != 0 && (now_ns - r->began_ns) / NS_PER_MS % f->period_ms >=
					 f->active_ms)
		return false;
	return r->all || is_target(r, remote);
}

static bool
chance(struct impair_rule *r, uint16_t share)
{
	return share != 0 && rng_below(&r->rng, SHARES) < share;
}

/* When the last byte of it has left a line of that rate, or 0: it has no room. */
static uint64_t
through_line(struct impair_rule *r, size_t len, bool inbound, uint64_t now_ns)
{
	uint64_t *free_ns = &r->free_ns[inbound];
	uint64_t begin = *free_ns > now_ns ? *free_ns : now_ns;
	uint64_t end = begin + len * NS_PER_S / r->figures.rate;

	if (begin - now_ns > IMPAIR_LINE_QUEUE)
		return 0;
	*free_ns = end;
	return end;
}

static void
judge_impair(struct impair_rule *r, size_t len, bool inbound, uint64_t now_ns,
	struct impair_fate *fate)
{
	const struct fault_figures *f = &r->figures;
	uint64_t due = fate->due_ns > now_ns ? fate->due_ns : now_ns;
	uint64_t delay = f->delay_us;

	if (chance(r, f->loss)) {
		fate->drop = true;
		return;
	}
	if (chance(r, f->duplicate)) {
		fate->copy = true;
		r->duplicated++;
	}
	if (f->rate != 0 && (due = through_line(r, len, inbound, due)) == 0) {
		fate->drop = true;
		return;
	}
	if (f->jitter_us != 0)
		delay += rng_below(&r->rng, 2 * (uint64_t)f->jitter_us + 1) -
			 f->jitter_us;
	if (f->reorder == 0) {
		due += delay * NS_PER_US;
	} else if (chance(r, f->reorder)) {
		due += delay * NS_PER_US;
		r->reordered++;
	}
	if (due > now_ns) {
		r->delayed++;
		fate->due_ns = due;
	}
}

/* Who answers is known by what we sent before; who begins is a stranger. */
static void
judge_firewall(struct impair_rule *r, const struct address *remote, bool inbound,
	uint64_t now_ns, struct impair_fate *fate)
{
	if (!inbound || is_flow(flow_of(r, remote), remote, now_ns))
		impair_rule_flow(r, remote, now_ns);
	else
		fate->drop = true;
}

void
impair_rule_judge(struct impair_rule *r, const struct address *remote, size_t len,
	bool inbound, uint64_t now_ns, struct impair_fate *fate)
{
	r->matched++;
	if (r->kind == FAULT_CUT)
		fate->drop = true;
	else if (r->kind == FAULT_FIREWALL)
		judge_firewall(r, remote, inbound, now_ns, fate);
	else
		judge_impair(r, len, inbound, now_ns, fate);
	r->dropped += fate->drop;
}
