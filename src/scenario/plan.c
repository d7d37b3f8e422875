/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/blake3.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "scenario/plan.h"
#include "scenario/schedule.h"

#define PRINT_LEN_MAX (256u << 20)
#define BURST 3		/* how many a burst-kill takes unless told */

static void
make_nodes(struct plan *p, const struct scenario *s)
{
	const char *mesh = "";

	p->nodes = mem_array(s->node_count + 1, sizeof(*p->nodes));
	for (size_t g = 0; g < s->group_count; g++) {
		for (unsigned k = 1; k <= s->groups[g].count; k++) {
			struct plan_node *n = &p->nodes[p->node_count++];

			n->mesh = s->groups[g].mesh;
			n->type = s->groups[g].type;
			n->number = k;
			n->seed = strcmp(mesh, n->mesh) != 0;
			n->later = s->selects[0].count > 0 &&
				selector_any_matches(
					&s->selects[0], n->mesh, n->type, k);
			mesh = n->mesh;
			snprintf(n->name, sizeof(n->name), "%s.%s#%u", n->mesh, n->type,
				k);
			if (s->roster) {
				const struct scenario_place *at =
					&s->roster[p->node_count - 1];

				n->seed = at->seed;
				memcpy(n->name, at->name, sizeof(at->name));
			}
		}
	}
}

/* Those that match, in the mesh of `with` unless that is NULL, in an order by chance. */
static size_t
candidates(const struct plan *p, const struct selectors *who, const char *with,
	struct rng *rng, size_t *to)
{
	size_t count = 0, kept = 0;
	const char *mesh = with;

	for (size_t i = 0; i < p->node_count; i++)
		if (selector_any_matches(who, p->nodes[i].mesh, p->nodes[i].type,
			    p->nodes[i].number))
			to[count++] = i;
	if (!count)
		return 0;
	/* Faults are of one mesh: that of the first of all, each node being as likely. */
	if (!mesh)
		mesh = p->nodes[to[rng_below(rng, count)]].mesh;
	for (size_t i = 0; i < count; i++)
		if (strcmp(p->nodes[to[i]].mesh, mesh) == 0)
			to[kept++] = to[i];
	rng_shuffle(rng, to, kept, sizeof(*to));
	return kept;
}

static size_t
how_many(const struct scenario_fault *f, size_t of)
{
	enum reach reach = catalog_at(f->primitive)->reach;
	size_t n = 1;

	switch (f->pick.kind) {
	case PICK_STANDARD:
		if (f->primitive == PRIMITIVE_BURST_KILL)
			n = BURST;
		else if (reach == REACH_SIDE)
			n = (of - 1) / 2;
		break;
	case PICK_ONE:
		break;
	case PICK_MINORITY:
		n = (of - 1) / 2;
		break;
	case PICK_MAJORITY:
		n = of / 2 + 1;
		break;
	case PICK_ALL:
		n = of;
		break;
	case PICK_COUNT:
		n = f->pick.value;
		break;
	case PICK_SHARE:
		n = (of * f->pick.value + 50) / 100;
		break;
	}
	return n == 0 ? 1 : n;
}

int
plan_choose(const struct plan *p, const struct scenario_fault *f,
	const struct guards_node *state, struct rng *rng, struct plan_fault *to,
	char why[static GUARDS_WHY_CAP])
{
	size_t *who = mem_array(p->node_count + 1, sizeof(*who));
	size_t count = candidates(p, &f->targets, NULL, rng, who), wanted;
	struct trial_spec *spec = &to->spec;
	int err = ERR_REFUSED;

	trial_spec_init(spec, f->primitive);
	memcpy(spec->params, f->params, sizeof(spec->params));
	spec->lease_ns = f->lease_ns;
	spec->seed = rng_u64(rng);
	snprintf(why, GUARDS_WHY_CAP, "nobody is there to choose from");
	wanted = how_many(f, count);
	if (catalog_at(f->primitive)->reach == REACH_PAIR)
		wanted = 1;
	for (size_t i = 0; i < count && spec->target_count < wanted &&
		spec->target_count < TRIAL_TARGETS_MAX; i++) {
		spec->targets[spec->target_count++] = who[i];
		err = guards_check(&p->scenario->guards, state, p->node_count,
			f->primitive, spec->targets, spec->target_count, &to->margin,
			why);
		if (err != ERR_OK)
			spec->target_count--;
	}
	if (spec->target_count == wanted)
		err = ERR_OK;
	if (err == ERR_OK && catalog_at(f->primitive)->reach == REACH_PAIR) {
		size_t first = spec->targets[0];

		count = candidates(p, &f->against, p->nodes[first].mesh, rng, who);
		err = ERR_REFUSED;
		snprintf(why, GUARDS_WHY_CAP, "there is no other end for %s",
			p->nodes[first].name);
		for (size_t i = 0; i < count && err != ERR_OK; i++) {
			if (who[i] == first)
				continue;
			spec->targets[1] = who[i];
			spec->target_count = 2;
			err = guards_check(&p->scenario->guards, state, p->node_count,
				f->primitive, spec->targets, 2, &to->margin, why);
		}
	}
	free(who);
	return err;
}

static struct plan_fault *
put_fault(struct plan *p, size_t step)
{
	p->faults = mem_resize(p->faults, p->fault_count + 1, sizeof(*p->faults));
	memset(&p->faults[p->fault_count], 0, sizeof(*p->faults));
	p->faults[p->fault_count].step = step;
	return &p->faults[p->fault_count++];
}

void
plan_put(struct plan *p, const struct plan_fault *f)
{
	*put_fault(p, f->step) = *f;
}

void
plan_state(const struct plan *p, struct guards_node *to)
{
	for (size_t i = 0; i < p->node_count; i++)
		to[i] = (struct guards_node){ .mesh = p->nodes[i].mesh,
			.type = p->nodes[i].type, .name = p->nodes[i].name,
			.seed = p->nodes[i].seed, .up = true };
}

/* Who is not there: killed by an earlier step, or to be started later. */
static void
take_down(const struct plan *p, const struct guards_node *was, struct guards_node *state)
{
	plan_state(p, state);
	for (size_t i = 0; i < p->node_count; i++)
		state[i].up = was[i].up && !(was[i].faulted && was[i].removed);
}

static void
spawn(const struct plan *p, const struct selectors *who, struct guards_node *state)
{
	for (size_t i = 0; i < p->node_count; i++)
		state[i].up |= selector_any_matches(who, p->nodes[i].mesh,
			p->nodes[i].type, p->nodes[i].number);
}

/* Steps of one parallel see each other's targets. */
static bool
plan_steps(struct plan *p, struct guards_node *state, char why[static PLAN_WHY_CAP])
{
	const struct scenario *s = p->scenario;
	char guard[GUARDS_WHY_CAP];
	unsigned group = 0;

	plan_state(p, state);
	for (size_t i = 0; i < p->node_count; i++)
		state[i].up = !p->nodes[i].later;
	for (size_t i = 0; i < s->step_count; i++) {
		const struct scenario_step *st = &s->steps[i];
		struct plan_fault f = { .step = i };
		struct rng rng;

		/* A step's choices do not change when another step does. */
		rng_init_u64(&rng, p->seed * UINT64_C(0x9e3779b97f4a7c15) + i);
		if (!st->group || st->group != group) {
			struct guards_node *was = mem_copy(
				state, p->node_count * sizeof(*state));

			take_down(p, was, state);
			free(was);
		}
		group = st->group;
		if (st->kind == STEP_SPAWN)
			spawn(p, &s->selects[st->select], state);
		p->first[i] = p->fault_count;
		if (s->attach && !s->roster)
			continue;	/* among whom it will choose nobody knows yet */
		if (st->kind == STEP_SOAK)
			schedule_make(p, i, &rng);
		if (st->kind == STEP_FAULT) {
			if (plan_choose(p, &s->faults[st->fault], state, &rng, &f,
				    guard) != ERR_OK) {
				snprintf(why, PLAN_WHY_CAP,
					"line %u: no choice of targets for %s is within "
					"the "
					"guards: %.200s",
					st->line,
					catalog_at(s->faults[st->fault].primitive)->name,
					guard);
				return false;
			}
			for (size_t k = 0; k < f.spec.target_count; k++) {
				state[f.spec.targets[k]].faulted = true;
				state[f.spec.targets[k]].removed =
					f.spec.primitive == PRIMITIVE_KILL ||
					f.spec.primitive == PRIMITIVE_BURST_KILL;
			}
			plan_put(p, &f);
		}
		p->count[i] = p->fault_count - p->first[i];
	}
	return true;
}

char *
plan_fault_text(
	const struct plan *p, const struct plan_fault *f, char to[static PLAN_TEXT_CAP])
{
	char time[24], value[CATALOG_VALUE_CAP];
	size_t len = (size_t)snprintf(to, PLAN_TEXT_CAP, "%s on",
		catalog_at(f->spec.primitive)->name);

	for (size_t k = 0; k < f->spec.target_count && len < PLAN_TEXT_CAP; k++)
		len += (size_t)snprintf(to + len, PLAN_TEXT_CAP - len, "%s %s",
			k ? "," : "", p->nodes[f->spec.targets[k]].name);
	if (len < PLAN_TEXT_CAP)
		len += (size_t)snprintf(to + len, PLAN_TEXT_CAP - len, " for %s",
			text_duration(time, sizeof(time), f->spec.lease_ns));
	for (size_t i = 0; i < PARAMS && len < PLAN_TEXT_CAP; i++)
		if (catalog_param_at((enum param)i)->primitive == f->spec.primitive)
			len += (size_t)snprintf(to + len, PLAN_TEXT_CAP - len, ", %s %s",
				catalog_param_at((enum param)i)->key,
				catalog_value(value, (enum param)i, f->spec.params[i]));
	return to;
}

/* Before there is a roster: among whom, how many, and what for. */
static void
print_choice(const struct plan *p, const struct scenario_step *st, struct buf *to)
{
	const struct scenario *s = p->scenario;
	const struct selectors *among = st->kind == STEP_FAULT
		? &s->faults[st->fault].targets : &s->soaks[st->soak].targets;
	char text[PLAN_TEXT_CAP];

	if (st->kind != STEP_FAULT && st->kind != STEP_SOAK)
		return;
	buf_format(to, "      among %s", selector_text(among, text, sizeof(text)));
	if (st->kind == STEP_FAULT &&
		catalog_at(s->faults[st->fault].primitive)->reach == REACH_PAIR)
		buf_format(to, ", with one of %s", selector_text(
			&s->faults[st->fault].against, text, sizeof(text)));
	buf_format(to, "; %u%% of all nodes at once at most\n", s->guards.share);
}

static void
print_steps(const struct plan *p, struct buf *to)
{
	const struct scenario *s = p->scenario;
	char text[PLAN_TEXT_CAP], at[24];
	_Static_assert(PLAN_TEXT_CAP >= SCENARIO_STEP_TEXT_CAP, "texts fit");

	buf_format(to, "plan of %s, seed %" PRIu64 ", %s%zu nodes\n", s->name, p->seed,
		s->attach && !s->roster ? "at least " : "", p->node_count);
	if (s->attach && !s->roster)
		buf_format(to, "nodes are found when it is run, and targets chosen among "
			"them then, by this seed\n");
	for (size_t i = 0; i < s->step_count; i++) {
		const struct scenario_step *st = &s->steps[i];

		buf_format(to, "%4zu  line %u  %s%s\n", i + 1, st->line,
			st->group ? "at once: " : "", scenario_step_text(s, st, text));
		if (s->attach && !s->roster)
			print_choice(p, st, to);
		for (size_t k = 0; k < p->count[i]; k++) {
			const struct plan_fault *f = &p->faults[p->first[i] + k];

			if (st->kind == STEP_SOAK)
				buf_format(to, "      %8s ",
					text_duration(at, sizeof(at), f->at_ns));
			if (f->skipped) {
				buf_format(to, "      skipped: nobody is free\n");
				continue;
			}
			buf_format(to,
				"      %s; %zu of %zu allowed at once, seed %016" PRIx64
				"\n",
				plan_fault_text(p, f, text), f->margin.faulted,
				f->margin.allowed, f->spec.seed);
		}
	}
}

void
plan_print(const struct plan *p, struct buf *to)
{
	print_steps(p, to);
	buf_format(to, "hash %s\n", p->hash);
}

struct plan *
plan_make(const struct scenario *s, uint64_t seed, char why[static PLAN_WHY_CAP])
{
	struct plan *p = mem_new(MEM_PLAN, sizeof(*p));
	struct guards_node *state;
	uint8_t digest[32];
	struct buf b;
	bool fine;

	p->scenario = s;
	p->seed = seed;
	make_nodes(p, s);
	p->first = mem_array(s->step_count + 1, sizeof(*p->first));
	p->count = mem_array(s->step_count + 1, sizeof(*p->count));
	state = mem_array(p->node_count + 1, sizeof(*state));
	fine = plan_steps(p, state, why);
	free(state);
	if (!fine) {
		plan_free(p);
		return NULL;
	}
	buf_init(&b, PRINT_LEN_MAX);
	print_steps(p, &b);
	blake3(digest, b.data, b.len);
	hex_encode(p->hash, digest, sizeof(digest));
	buf_fini(&b);
	return p;
}

void
plan_free(struct plan *p)
{
	if (!p)
		return;
	free(p->nodes);
	free(p->faults);
	free(p->first);
	free(p->count);
	mem_free(MEM_PLAN, p);
}
