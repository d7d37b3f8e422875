/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "chaos/orders.h"

static const enum fault_kind kinds[PRIMITIVES] = {
	[PRIMITIVE_KILL] = FAULT_DIE,
	[PRIMITIVE_RESTART] = FAULT_DIE,
	[PRIMITIVE_BURST_KILL] = FAULT_DIE,
	[PRIMITIVE_WEDGE] = FAULT_WEDGE,
	[PRIMITIVE_DISK_FULL] = FAULT_DISK_FULL,
	[PRIMITIVE_PARTITION_PAIR] = FAULT_CUT,
	[PRIMITIVE_PARTITION_SUBSET] = FAULT_CUT,
	[PRIMITIVE_FLAP_LINK] = FAULT_CUT,
	[PRIMITIVE_FIREWALL_INBOUND] = FAULT_FIREWALL,
	[PRIMITIVE_CLOCK_SKEW] = FAULT_SKEW,
	[PRIMITIVE_NAT_SHIFT] = FAULT_REBIND,
	[PRIMITIVE_SLOW_LINK] = FAULT_IMPAIR,
	[PRIMITIVE_LOSSY_LINK] = FAULT_IMPAIR,
	[PRIMITIVE_SHAM] = FAULT_SHAM,
};

size_t
orders_count(const struct trial_spec *s)
{
	return catalog_at(s->primitive)->reach == REACH_PAIR ? 1 : s->target_count;
}

static bool
among(const struct trial_spec *s, size_t node)
{
	for (size_t i = 0; i < s->target_count; i++)
		if (s->targets[i] == node)
			return true;
	return false;
}

static void
add_peer(struct fault_order *o, const struct trial_node *n)
{
	if (o->target_count < FAULT_TARGETS_MAX)
		o->targets[o->target_count++] = (struct fault_target){ .peer = n->id };
}

static void
set_peers(struct fault_order *o, const struct trial_spec *s, size_t node_count,
	const struct trial_node *nodes, size_t k)
{
	const struct trial_node *self = &nodes[s->targets[k]];

	switch (catalog_at(s->primitive)->reach) {
	case REACH_PAIR:
		add_peer(o, &nodes[s->targets[1 - k]]);
		break;
	case REACH_SIDE:
		for (size_t i = 0; i < node_count; i++)
			if (nodes[i].ready && strcmp(nodes[i].mesh, self->mesh) == 0 &&
				!among(s, i))
				add_peer(o, &nodes[i]);
		break;
	case REACH_LINKS:
		o->all = true;
		break;
	case REACH_NODE:
		break;
	}
}

static void
set_figures(struct fault_order *o, const struct trial_spec *s)
{
	const int64_t *p = s->params;
	struct fault_figures *f = &o->figures;

	switch (s->primitive) {
	case PRIMITIVE_WEDGE:
		f->stall_ms = o->lease_ms;
		break;
	case PRIMITIVE_FLAP_LINK:
		f->period_ms = (uint32_t)(p[PARAM_PERIOD] / (int64_t)NS_PER_MS);
		f->active_ms = f->period_ms / 2;
		break;
	case PRIMITIVE_CLOCK_SKEW:
		f->skew_ms = p[PARAM_OFFSET] / (int64_t)NS_PER_MS;
		break;
	case PRIMITIVE_SLOW_LINK:
		/* One way, so that a round trip is longer by this and not by twice. */
		o->direction = FAULT_OUT;
		f->delay_us = (uint32_t)(p[PARAM_DELAY] / 1000);
		f->jitter_us = (uint32_t)(p[PARAM_JITTER] / 1000);
		if (f->jitter_us > f->delay_us)
			f->jitter_us = f->delay_us;
		break;
	case PRIMITIVE_LOSSY_LINK:
		f->loss = (uint16_t)p[PARAM_LOSS];
		break;
	default:
		break;
	}
}

void
orders_inject(struct fault_order *o, const struct trial_spec *s, size_t node_count,
	const struct trial_node *nodes, size_t k, struct rng *rng)
{
	memset(o, 0, sizeof(*o));
	o->verb = FAULT_INJECT;
	rng_bytes(rng, o->nonce, sizeof(o->nonce));
	rng_bytes(rng, o->id.bytes, sizeof(o->id.bytes));
	o->lease_ms = (uint32_t)(s->lease_ns / NS_PER_MS);
	o->kind = kinds[s->primitive];
	snprintf(
		o->primitive, sizeof(o->primitive), "%s", catalog_at(s->primitive)->name);
	o->seed = s->seed;
	set_figures(o, s);
	set_peers(o, s, node_count, nodes, k);
}

void
orders_revert(struct fault_order *o, const struct fault_id *id, struct rng *rng)
{
	memset(o, 0, sizeof(*o));
	o->verb = FAULT_REVERT;
	rng_bytes(rng, o->nonce, sizeof(o->nonce));
	o->id = *id;
}
