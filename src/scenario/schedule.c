/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "scenario/schedule.h"

/*
 * How long targets are kept free of other faults after a lease: what a baseline, the
 * detection and a recovery take together as a rule. Where that was too short the guards
 * of the run skip the fault, and the report says so.
 */
#define SETTLE SECONDS(15)
#define TRIES 8

static enum primitive
draw(const struct scenario_soak *k, struct rng *rng)
{
	uint64_t sum = 0, at;
	size_t p = 0;

	for (size_t i = 0; i < PRIMITIVES; i++)
		sum += k->weights[i];
	if (!sum)
		return PRIMITIVES;
	at = rng_below(rng, sum);
	while (at >= k->weights[p])
		at -= k->weights[p++];
	return (enum primitive)p;
}

static void
fault_of(const struct scenario_soak *k, enum primitive p, struct scenario_fault *f)
{
	struct trial_spec standard;

	memset(f, 0, sizeof(*f));
	trial_spec_init(&standard, p);
	f->primitive = p;
	f->lease_ns = k->lease_ns ? k->lease_ns : standard.lease_ns;
	memcpy(f->params, standard.params, sizeof(f->params));
	f->targets = k->targets;
}

/* A mesh that is cut in two has no other fault meanwhile: its witnesses are apart. */
static bool
mesh_is_free(const struct plan *p, const struct plan_fault *f,
	const struct guards_node *state, const bool *cut)
{
	const char *mesh = p->nodes[f->spec.targets[0]].mesh;
	bool side = catalog_at(f->spec.primitive)->reach == REACH_SIDE;

	for (size_t i = 0; i < p->node_count; i++)
		if (strcmp(p->nodes[i].mesh, mesh) == 0 &&
			(cut[i] || (side && state[i].faulted)))
			return false;
	return true;
}

void
schedule_make(struct plan *p, size_t step, struct rng *rng)
{
	const struct scenario *s = p->scenario;
	const struct scenario_soak *k = &s->soaks[s->steps[step].soak];
	struct guards_node *state = mem_array(p->node_count + 1, sizeof(*state));
	uint64_t *busy_ns = mem_array(p->node_count + 1, sizeof(*busy_ns));
	bool *cut = mem_array(p->node_count + 1, sizeof(*cut));

	plan_state(p, state);
	for (uint64_t at_ns = 0; at_ns < k->duration_ns; at_ns += k->cadence_ns) {
		struct plan_fault f = { .step = step, .at_ns = at_ns, .skipped = true };
		char why[GUARDS_WHY_CAP];

		for (size_t i = 0; i < p->node_count; i++) {
			state[i].faulted = busy_ns[i] > at_ns;
			state[i].removed &= state[i].faulted;
			cut[i] &= state[i].faulted;
		}
		for (int try = 0; try < TRIES && f.skipped; try++) {
			enum primitive primitive = draw(k, rng);
			struct scenario_fault of;

			if (primitive == PRIMITIVES)
				break;
			fault_of(k, primitive, &of);
			f.spec.target_count = 0;
			f.skipped = plan_choose(p, &of, state, rng, &f, why) != ERR_OK ||
				!mesh_is_free(p, &f, state, cut);
		}
		for (size_t i = 0; !f.skipped && i < f.spec.target_count; i++) {
			size_t t = f.spec.targets[i];

			busy_ns[t] = at_ns + f.spec.lease_ns + SETTLE;
			state[t].removed = catalog_removes(f.spec.primitive);
			cut[t] = catalog_at(f.spec.primitive)->reach == REACH_SIDE;
		}
		plan_put(p, &f);
		if (p->fault_count >= PLAN_FAULTS_MAX)
			break;
	}
	free(state);
	free(busy_ns);
	free(cut);
}
