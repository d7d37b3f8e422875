/* SPDX-License-Identifier: MIT */
#include "node/moving.h"
#include "tests/sim/world_state.h"

/* Under the live connections; who sends to the old port learns that nobody is there. */
static void
rebind(struct world *w, size_t i)
{
	struct member *m = &w->members[i];
	uint64_t now_ns = world_local(m, w->now_ns);
	struct moving *v = moving_begin(m->node, now_ns);

	world_flush_packets(w, i);
	m->port++;
	m->config.bound[0].port = m->config.advertised[0].port = m->port;
	moving_end(v, m->node, m->config.bound, now_ns);
	world_flush_packets(w, i);
}

static void
die(struct world *w, size_t i, const struct fault_effect *e)
{
	(void)e;
	world_kill(w, i);
}

static void
stand_still(struct world *w, size_t i, const struct fault_effect *e)
{
	world_stall(w, i, MILLISECONDS(e->ms));
}

static void
skew(struct world *w, size_t i, const struct fault_effect *e)
{
	w->members[i].fault_skew_ms = e->skew_ms;
}

static void
fill_disk(struct world *w, size_t i, const struct fault_effect *e)
{
	struct member *m = &w->members[i];

	node_degraded(m->node, e->on, world_local(m, w->now_ns));
	world_flush_packets(w, i);
}

static void
move(struct world *w, size_t i, const struct fault_effect *e)
{
	(void)e;
	rebind(w, i);
}

bool
world_faults_carry_out(struct world *w, size_t i)
{
	static void (*const carry_out[FAULT_KINDS])(
		struct world *, size_t, const struct fault_effect *) = {
		[FAULT_SKEW] = skew,
		[FAULT_DISK_FULL] = fill_disk,
		[FAULT_REBIND] = move,
		[FAULT_WEDGE] = stand_still,
		[FAULT_PAUSE] = stand_still,
		[FAULT_DIE] = die,
	};
	struct member *m = &w->members[i];
	struct fault_effect e;

	while (m->node != NULL && !m->frozen && node_next_effect(m->node, &e))
		if (carry_out[e.kind] != NULL)
			carry_out[e.kind](w, i, &e);
	return m->node != NULL && !m->frozen;
}

int
world_fault(struct world *w, size_t i, const struct fault_order *o)
{
	struct member *m = &w->members[i];
	struct fault_status answer;

	w->turning = i;
	node_fault(m->node, o, FAULT_BY_LIFELINE, world_local(m, w->now_ns), &answer);
	world_flush(w, i);
	return answer.result;
}
