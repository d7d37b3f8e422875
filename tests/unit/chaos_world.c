/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "chaos_world.h"
#include "mesh/directory.h"

/* As nodes do it: a silent link is given up, a dead node suspected and then gone. */
#define LINK_PATIENCE SECONDS(5)
#define SUSPECT_AFTER MILLISECONDS(600)
#define GONE_AFTER MILLISECONDS(2600)
#define DIAL_EVERY SECONDS(1)
#define PACKETS_A_TURN 6

static struct world_link *
link_of(struct world *w, size_t a, size_t b)
{
	return a < b ? &w->links[a][b] : &w->links[b][a];
}

/* A ring with chords: what the overlay comes back to. */
static bool
neighbors(size_t a, size_t b)
{
	size_t d = a < b ? b - a : a - b;

	return d <= 2 || d >= WORLD_NODES - 2;
}

void
world_init(struct world *w, enum primitive p)
{
	struct trial_spec spec;

	memset(w, 0, sizeof(*w));
	w->now_ns = SECONDS(100);
	w->deaf = w->lost = WORLD_NODES;
	for (size_t i = 0; i < WORLD_NODES; i++) {
		memset(w->nodes[i].id.bytes, (int)i + 1, 32);
		snprintf(
			w->nodes[i].name, sizeof(w->nodes[i].name), "m1.broker.%06zx", i);
		w->nodes[i].incarnation = 1000;
		w->nodes[i].port = (uint16_t)(4000 + i);
		for (size_t k = i + 1; k < WORLD_NODES; k++)
			w->links[i][k].up = w->links[i][k].by_first = neighbors(i, k);
	}
	trial_spec_init(&spec, p);
	spec.target_count = p == PRIMITIVE_BURST_KILL || p == PRIMITIVE_PARTITION_SUBSET ?
		3 : 1;
	if (catalog_at(p)->reach == REACH_PAIR)
		spec.target_count = 2;
	for (size_t k = 0; k < spec.target_count; k++)
		spec.targets[k] = 2 + k;
	w->trial = trial_new(&spec, WORLD_NODES, w->now_ns);
}

void
world_fini(struct world *w)
{
	trial_free(w->trial);
	for (size_t i = 0; i < WORLD_NODES; i++)
		free(w->views[i].nodes);
	assert_int_equal(mem_live(MEM_TRIAL), 0);
	assert_int_equal(mem_live(MEM_JUDGE), 0);
}

static bool
obeys(const struct world *w, size_t i, enum fault_kind kind)
{
	const struct world_node *n = &w->nodes[i];

	return n->order_end_ns && n->order.kind == kind &&
		(w->sticks || w->now_ns < n->order_end_ns);
}

static bool
aims_at(const struct world *w, size_t i, size_t k)
{
	const struct fault_order *o = &w->nodes[i].order;

	for (size_t t = 0; t < o->target_count; t++)
		if (id_equal(&o->targets[t].peer, &w->nodes[k].id))
			return true;
	return o->all;
}

/* Whether a cut of i is on now: it may come and go. */
static bool
cuts(const struct world *w, size_t i, size_t k)
{
	const struct fault_figures *f = &w->nodes[i].order.figures;
	uint64_t ms = (w->now_ns - w->nodes[i].order_ns) / NS_PER_MS;

	return obeys(w, i, FAULT_CUT) && aims_at(w, i, k) &&
		(!f->period_ms || ms % f->period_ms < f->active_ms);
}

static bool
passes(const struct world *w, size_t a, size_t b)
{
	return !w->nodes[a].dead && !w->nodes[b].dead && !cuts(w, a, b) &&
		!cuts(w, b, a) && !obeys(w, a, FAULT_WEDGE) && !obeys(w, b, FAULT_WEDGE);
}

static double
loss_of(const struct world *w, size_t a, size_t b)
{
	double loss = 0;

	if (obeys(w, a, FAULT_IMPAIR))
		loss += w->nodes[a].order.figures.loss / 10000.0;
	if (obeys(w, b, FAULT_IMPAIR))
		loss += w->nodes[b].order.figures.loss / 10000.0;
	return loss;
}

static void
carry(struct world *w, size_t a, size_t b, struct world_link *l)
{
	for (size_t side = 0; side < 2; side++) {
		double *lost = &l->lost[side];

		*lost += PACKETS_A_TURN * loss_of(w, a, b);
		l->sent[side] += PACKETS_A_TURN;
		l->received[1 - side] += PACKETS_A_TURN;
		while (*lost >= 1) {
			l->received[1 - side]--;
			*lost -= 1;
		}
	}
}

static bool
wants(struct world *w, size_t i, size_t k)
{
	struct peer_id ids[LIFELINE_PROBES_MAX];
	size_t count = trial_probes(w->trial, w->shown, i, ids);

	for (size_t n = 0; n < count; n++)
		if (id_equal(&ids[n], &w->nodes[k].id))
			return true;
	return false;
}

static void
turn_link(struct world *w, size_t a, size_t b)
{
	struct world_link *l = &w->links[a][b];
	bool asked_a = wants(w, a, b), asked_b = wants(w, b, a);

	if (passes(w, a, b)) {
		l->cut_ns = 0;
		if (l->up)
			carry(w, a, b, l);
	} else if (!l->cut_ns) {
		l->cut_ns = w->now_ns;
	}
	if (w->blinks && w->orders && w->now_ns / WORLD_TURN % 30 == 0) {
		l->up = false;
		l->tried_ns = 0;
		return;
	}
	if (l->up && l->cut_ns && w->now_ns >= l->cut_ns + LINK_PATIENCE)
		l->up = false;
	if (l->up || !(asked_a || asked_b || neighbors(a, b)) ||
		w->now_ns < l->tried_ns + DIAL_EVERY)
		return;
	l->tried_ns = w->now_ns;
	if (!passes(w, a, b) || (asked_a && !asked_b && obeys(w, b, FAULT_FIREWALL)) ||
		(asked_b && !asked_a && obeys(w, a, FAULT_FIREWALL)))
		return;
	memset(l, 0, sizeof(*l));
	l->up = true;
	l->by_first = asked_a;
}

static uint64_t
silent_since(const struct world *w, size_t i, size_t k)
{
	const struct world_link *l = i < k ? &w->links[i][k] : &w->links[k][i];

	if (w->nodes[k].dead)
		return w->nodes[k].dead_ns;
	return l->cut_ns;
}

/* How i sees k: by silence, with the patience of one that is probed. */
static uint8_t
liveness_of(const struct world *w, size_t i, size_t k)
{
	uint64_t since_ns = silent_since(w, i, k);
	bool side = obeys(w, i, FAULT_CUT) || obeys(w, k, FAULT_CUT);
	uint64_t silence_ns = since_ns ? w->now_ns - since_ns : 0;

	if (k == w->lost && w->orders)
		return LIVENESS_GONE;
	if (!since_ns)
		return LIVENESS_LIVE;
	if (w->nodes[k].dead)
		return silence_ns >= GONE_AFTER ? LIVENESS_GONE :
			silence_ns >= SUSPECT_AFTER ? LIVENESS_SUSPECT : LIVENESS_LIVE;
	/* Of a pair that is cut each hears of the other by others. */
	if (side && trial_spec(w->trial)->primitive != PRIMITIVE_PARTITION_SUBSET)
		return LIVENESS_LIVE;
	return silence_ns >= LINK_PATIENCE ? LIVENESS_SUSPECT : LIVENESS_LIVE;
}

static void
tell_entry(struct world *w, struct lifeline_view *v, size_t i, size_t k)
{
	struct lifeline_view_node *to = &v->nodes[v->node_count++];

	memset(to, 0, sizeof(*to));
	to->id = w->nodes[k].id;
	to->liveness = liveness_of(w, i, k);
	to->incarnation = w->nodes[k].incarnation;
	to->flags = obeys(w, k, FAULT_DISK_FULL) ? DIGEST_DEGRADED : 0;
	to->neighbors_told = true;
	for (size_t n = 0; n < WORLD_NODES; n++) {
		if (n == k || !link_of(w, n, k)->up ||
			to->neighbor_count == DIGEST_NEIGHBORS_MAX)
			continue;
		memcpy(to->neighbors[to->neighbor_count++].id_prefix,
			w->nodes[n].id.bytes, 8);
	}
}

static void
tell_link(struct world *w, struct lifeline_view *v, size_t i, size_t k)
{
	const struct world_link *l = link_of(w, i, k);
	struct lifeline_peer *to = &v->peers[v->peer_count];
	int64_t skew_ms = 0;

	if (!l->up)
		return;
	v->links[v->link_count++] = w->nodes[k].id;
	v->peer_count++;
	memset(to, 0, sizeof(*to));
	to->id = w->nodes[k].id;
	to->dialed = l->by_first == (i < k);
	to->port = w->nodes[k].port;
	to->rtt_100us = 3 + (uint32_t)(w->noise_100us ? w->now_ns / WORLD_TURN * 7919 %
						w->noise_100us : 0);
	for (size_t e = 0; e < 2; e++)
		if (obeys(w, e ? i : k, FAULT_IMPAIR))
			to->rtt_100us += w->nodes[e ? i : k].order.figures.delay_us / 100;
	to->silent_ms = l->cut_ns ? (uint32_t)((w->now_ns - l->cut_ns) / NS_PER_MS) : 50;
	to->sent = l->sent[i > k];
	to->received = l->received[i > k];
	to->clocked = wants(w, i, k);
	if (obeys(w, k, FAULT_SKEW))
		skew_ms += w->nodes[k].order.figures.skew_ms;
	to->skew_ms = skew_ms;
}

static void
answer(struct world *w, size_t i)
{
	struct lifeline_view *v = &w->views[i];

	if (i == w->deaf || w->nodes[i].dead || obeys(w, i, FAULT_WEDGE))
		return;
	if (!v->nodes)
		v->nodes = mem_array(WORLD_NODES, sizeof(*v->nodes));
	v->node_count = v->link_count = v->peer_count = 0;
	for (size_t k = 0; k < WORLD_NODES; k++) {
		if (k == i)
			continue;
		tell_entry(w, v, i, k);
		tell_link(w, v, i, k);
	}
	w->shown[i].view = v;
	w->shown[i].view_ns = w->now_ns;
}

static void
obey(struct world *w, const struct trial_act *a)
{
	struct world_node *n = &w->nodes[a->node];

	if (a->kind == TRIAL_START) {
		w->starts++;
		if (!n->dead)
			return;
		n->dead = false;
		n->incarnation++;
		for (size_t k = 0; k < WORLD_NODES; k++)
			if (k != a->node)
				*link_of(w, a->node, k) = (struct world_link){.up = true};
		return;
	}
	w->orders++;
	assert_int_equal(fault_order_check(&a->order, (char[FAULT_WHY_CAP]){ "" }), 0);
	if (w->stub)
		return;
	if (a->order.verb == FAULT_REVERT) {
		w->reverts += fault_id_equal(&n->order.id, &a->order.id);
		n->order_end_ns = 0;
		return;
	}
	n->order = a->order;
	n->order_ns = w->now_ns;
	n->order_end_ns = w->now_ns + MILLISECONDS(a->order.lease_ms);
	if (a->order.kind == FAULT_DIE) {
		n->dead = true;
		n->dead_ns = w->now_ns;
	}
	if (a->order.kind == FAULT_REBIND)
		n->port += 1000;
}

const struct judge_result *
world_run(struct world *w)
{
	struct trial_act *act = mem_array(1, sizeof(*act));
	uint64_t end_ns = w->now_ns + SECONDS(300);

	while (trial_phase(w->trial) != TRIAL_DONE) {
		assert_true(w->now_ns < end_ns);
		for (size_t i = 0; i < WORLD_NODES; i++) {
			w->shown[i].mesh = "m1";
			w->shown[i].name = w->nodes[i].name;
			w->shown[i].id = w->nodes[i].id;
			w->shown[i].ready = !w->nodes[i].dead;
			w->shown[i].busy = w->newcomers &&
				(i == 3 || i == 4 || i == 7 || i == 8);
		}
		for (size_t i = 0; i < WORLD_NODES; i++)
			for (size_t k = i + 1; k < WORLD_NODES; k++)
				turn_link(w, i, k);
		for (size_t i = 0; i < WORLD_NODES; i++)
			answer(w, i);
		if (w->refuses && w->orders > 0)
			trial_refused(w->trial, "no", w->now_ns);
		trial_tick(w->trial, w->shown, w->now_ns);
		while (trial_next_act(w->trial, w->shown, act))
			obey(w, act);
		w->now_ns += WORLD_TURN;
	}
	free(act);
	return trial_result(w->trial);
}
