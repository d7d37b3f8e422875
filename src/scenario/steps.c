/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "chaos/trial.h"
#include "scenario/plan.h"
#include "scenario/runner.h"
#include "scenario/steps.h"

#define EXPECT_WITHIN SECONDS(5)
#define CADENCE SECONDS(30)
#define EVERY 5
#define REPEATS_MAX 1000
/* Lists of steps in each other: repeat, in it parallel. */
enum context { AT_TOP, IN_REPEAT, IN_PARALLEL };

static void check_list(struct check *c, const struct tree_node *n, enum context in);

#define NEW(list, count) \
	(list = mem_resize(list, (count) + 1, sizeof(*(list))), \
		memset(&(list)[count], 0, sizeof(*(list))), (count)++)

size_t
steps_new_claims(struct scenario *s)
{
	return NEW(s->claims, s->claims_count);
}

static void
put_step(struct check *c, const struct tree_node *n, const struct scenario_step *st)
{
	if (c->s->step_count < SCENARIO_STEPS_MAX) {
		c->s->steps[c->s->step_count++] = *st;
		return;
	}
	if (!c->steps_over)
		CHECK_AT(c, n, RULE_LIMIT, "more than %d steps", SCENARIO_STEPS_MAX);
	c->steps_over = true;
}

static void
check_wait(struct check *c, const struct tree_node *n, struct scenario_step *st)
{
	const struct tree_node *found[KEYS];

	if (!check_keys(c, n, PLACE_WAIT, found))
		return;
	check_claims(c, found[KEY_WAIT_UNTIL], "'until'", &c->s->claims[st->claims]);
	check_duration(c, found[KEY_WAIT_WITHIN], "'within'", &st->within_ns);
}

/* A mapping with `that` and `within`, or just the claims. */
static void
check_expect(struct check *c, const struct tree_node *n, struct scenario_step *st)
{
	const struct tree_node *found[KEYS];

	st->within_ns = EXPECT_WITHIN;
	if (n->kind != TREE_MAPPING) {
		check_claims(c, n, "'expect'", &c->s->claims[st->claims]);
		return;
	}
	if (!check_keys(c, n, PLACE_EXPECT, found))
		return;
	check_claims(c, found[KEY_EXPECT_CLAIMS], "'that'", &c->s->claims[st->claims]);
	check_duration(c, found[KEY_EXPECT_WITHIN], "'within'", &st->within_ns);
}

static enum primitive
check_primitive(struct check *c, const struct tree_node *n)
{
	const char *words[PRIMITIVES];

	for (size_t i = 0; i < PRIMITIVES; i++)
		words[i] = catalog_at((enum primitive)i)->name;
	return (enum primitive)check_word(c, n, "primitive", words, PRIMITIVES);
}

static void
check_pick(struct check *c, const struct tree_node *n, struct scenario_pick *to)
{
	static const char *const words[] = { "one", "minority", "majority", "all" };
	uint64_t value = 0;
	unsigned share = 0;
	size_t i;

	if (!n || !check_kind(c, n, TREE_SCALAR, "'pick'"))
		return;
	if (n->text[0] >= '0' && n->text[0] <= '9') {
		bool percent = n->text[strlen(n->text) - 1] == '%';

		if (percent)
			check_share(c, n, "'pick'", 100, 10000, &share);
		else
			check_count(c, n, "'pick'", 1, TRIAL_TARGETS_MAX, &value);
		to->kind = percent ? PICK_SHARE : PICK_COUNT;
		to->value = percent ? share / 100 : (unsigned)value;
		return;
	}
	i = check_word(c, n, "way to pick", words, 4);
	to->kind = i == 0 ? PICK_ONE : i == 1 ? PICK_MINORITY :
		i == 2 ? PICK_MAJORITY : PICK_ALL;
}

static void
check_param(struct check *c, const struct tree_node *n, enum param p,
	struct scenario_fault *f)
{
	const struct catalog_param *cp = catalog_param_at(p);
	char lowest[CATALOG_VALUE_CAP], highest[CATALOG_VALUE_CAP], what[40];
	const char *text;
	uint64_t ns = 0;
	unsigned share = 0;

	snprintf(what, sizeof(what), "'%s'", cp->key);
	if (f->primitive < PRIMITIVES && cp->primitive != f->primitive) {
		CHECK_AT(c, n, RULE_PARAM, "%s is nothing that %s can be told", what,
			catalog_at(f->primitive)->name);
		return;
	}
	if (!check_kind(c, n, TREE_SCALAR, what))
		return;
	if (cp->unit == UNIT_SHARE) {
		check_share(c, n, what, (unsigned)cp->min, (unsigned)cp->max, &share);
		f->params[p] = share;
		return;
	}
	text = n->text + (cp->unit == UNIT_OFFSET && n->text[0] == '-');
	if (text[0] && strspn(text, "0123456789.") == strlen(text)) {
		CHECK_AT(c, n, RULE_UNIT, "%s '%.40s' has no unit: write %.40ss or 300ms",
			what, n->text, n->text);
		return;
	}
	if (text_parse_duration(text, &ns) != ERR_OK) {
		CHECK_AT(c, n, RULE_DURATION, "%s '%.40s' is no time: write 10s or 300ms",
			what, n->text);
		return;
	}
	if ((int64_t)ns < cp->min || (int64_t)ns > cp->max) {
		CHECK_AT(c, n, RULE_RANGE, "%s has to be %s to %s", what,
			catalog_value(lowest, p, cp->min),
			catalog_value(highest, p, cp->max));
		return;
	}
	f->params[p] = text == n->text ? (int64_t)ns : -(int64_t)ns;
}

static void
fault_standard(struct scenario_fault *f, enum primitive p)
{
	f->primitive = p;
	f->lease_ns = p < PRIMITIVES ? catalog_at(p)->lease_ns : 0;
	for (size_t i = 0; i < PARAMS; i++)
		if (catalog_param_at((enum param)i)->primitive == p)
			f->params[i] = catalog_param_at((enum param)i)->standard;
}

static void
check_lease(struct check *c, const struct tree_node *n, uint64_t *ns)
{
	uint64_t value = *ns;

	check_duration(c, n, "'for'", &value);
	if (n && value > SECONDS(FAULT_LEASE_MS_MAX / 1000))
		CHECK_AT(c, n, RULE_RANGE, "a fault lasts a day at most");
	else if (n && value < SECONDS(1))
		CHECK_AT(c, n, RULE_RANGE, "a fault lasts 1s at least");
	else
		*ns = value;
}

static void
check_fault(struct check *c, const struct tree_node *n, struct scenario_step *st)
{
	const struct tree_node *found[KEYS];
	struct scenario_fault f = { 0 };

	if (!check_keys(c, n, PLACE_FAULT, found))
		return;
	fault_standard(&f, found[KEY_FAULT_PRIMITIVE] ?
			check_primitive(c, found[KEY_FAULT_PRIMITIVE]) : PRIMITIVES);
	check_select(c, found[KEY_FAULT_TARGETS], "'targets'", &f.targets);
	check_select(c, found[KEY_FAULT_AGAINST], "'against'", &f.against);
	check_pick(c, found[KEY_FAULT_PICK], &f.pick);
	check_lease(c, found[KEY_FAULT_FOR], &f.lease_ns);
	check_claims(c, found[KEY_FAULT_EXPECT], "'expect'", &c->s->claims[st->claims]);
	for (size_t p = 0; p < PARAMS; p++)
		if (found[KEY_OF_PARAM(p)])
			check_param(c, found[KEY_OF_PARAM(p)], (enum param)p, &f);
	if (f.primitive < PRIMITIVES && found[KEY_FAULT_AGAINST] &&
		catalog_at(f.primitive)->reach != REACH_PAIR)
		CHECK_AT(c, found[KEY_FAULT_AGAINST], RULE_PARAM,
			"'against' is for pairs, and %s is none",
			catalog_at(f.primitive)->name);
	if (f.primitive < PRIMITIVES && found[KEY_FAULT_PICK] &&
		f.pick.kind != PICK_ONE && catalog_at(f.primitive)->reach == REACH_PAIR)
		CHECK_AT(c, found[KEY_FAULT_PICK], RULE_PARAM,
			"%s takes one node and another", catalog_at(f.primitive)->name);
	st->fault = NEW(c->s->faults, c->s->fault_count);
	c->s->faults[st->fault] = f;
}

static void
check_weights(struct check *c, const struct tree_node *n, struct scenario_soak *k)
{
	uint64_t weight = 1;

	if (!n) {
		for (size_t i = 0; i < PRIMITIVES; i++)
			k->weights[i] = i != PRIMITIVE_SHAM &&
				!(c->s->attach && catalog_kills((enum primitive)i));
		return;
	}
	if (n->kind == TREE_SCALAR || !n->count) {
		CHECK_AT(c, n, RULE_TYPE,
			"'primitives' has to be a list of names, or names with weights");
		return;
	}
	for (size_t i = 0; i < n->count; i++) {
		const struct tree_item *item = &n->items[i];
		struct tree_node name = { .kind = TREE_SCALAR, .text = item->key,
			.line = item->line, .column = item->column };
		enum primitive p = check_primitive(
			c, n->kind == TREE_MAPPING ? &name : item->value);

		if (n->kind == TREE_MAPPING)
			check_count(c, item->value, "a weight", 0, 1000, &weight);
		if (p == PRIMITIVE_SHAM)
			CHECK_AT(c, n->kind == TREE_MAPPING ? &name : item->value,
				RULE_VALUE,
				"sham is never proven: it has no place in a soak");
		else if (p < PRIMITIVES && c->s->attach && catalog_kills(p))
			CHECK_AT(c, n->kind == TREE_MAPPING ? &name : item->value,
				RULE_ATTACH,
				"%s has no place in a soak with attach: true: who it "
				"ends cannot be started again from here, and a soak "
				"keeps all nodes", catalog_at(p)->name);
		else if (p < PRIMITIVES)
			k->weights[p] = (unsigned)weight;
	}
}

static void
check_soak(struct check *c, const struct tree_node *n, struct scenario_step *st)
{
	const struct tree_node *found[KEYS], *budget[KEYS];
	struct scenario_soak k = { .cadence_ns = CADENCE, .budget_timeout = 500,
		.budget_unproven = 1000 };
	struct scenario_claims *claims = &c->s->claims[st->claims];
	uint64_t every = EVERY;

	if (!check_keys(c, n, PLACE_SOAK, found))
		return;
	check_duration(c, found[KEY_SOAK_DURATION], "'duration'", &k.duration_ns);
	check_duration(c, found[KEY_SOAK_CADENCE], "'cadence'", &k.cadence_ns);
	if (k.duration_ns / k.cadence_ns >= PLAN_FAULTS_MAX)
		CHECK_AT(c, n, RULE_LIMIT, "more than %d faults in one soak",
			PLAN_FAULTS_MAX);
	if (k.cadence_ns < SECONDS(1))
		CHECK_AT(c, found[KEY_SOAK_CADENCE], RULE_RANGE,
			"'cadence' is 1s at the least");
	if (found[KEY_SOAK_FOR])
		check_lease(c, found[KEY_SOAK_FOR], &k.lease_ns);
	check_weights(c, found[KEY_SOAK_PRIMITIVES], &k);
	check_select(c, found[KEY_SOAK_TARGETS], "'targets'", &k.targets);
	check_claims(c, found[KEY_SOAK_INVARIANTS], "'invariants'", claims);
	if (!found[KEY_SOAK_INVARIANTS])
		claims->at[claims->count++] = (struct claim){ .metric = CLAIM_CONVERGED };
	check_count(c, found[KEY_SOAK_EVERY], "'every'", 1, 1000, &every);
	k.every = (unsigned)every;
	if (found[KEY_SOAK_BUDGET] &&
		check_keys(c, found[KEY_SOAK_BUDGET], PLACE_BUDGET, budget)) {
		check_share(c, budget[KEY_BUDGET_TIMEOUT], "'timeout'", 0, 10000,
			&k.budget_timeout);
		check_share(c, budget[KEY_BUDGET_ASSERTION], "'assertion'", 0, 10000,
			&k.budget_assertion);
		check_share(c, budget[KEY_BUDGET_UNPROVEN], "'unproven'", 0, 10000,
			&k.budget_unproven);
	}
	st->soak = NEW(c->s->soaks, c->s->soak_count);
	c->s->soaks[st->soak] = k;
}

static void
check_parallel(struct check *c, const struct tree_node *n)
{
	size_t first = c->s->step_count;
	unsigned group = ++c->s->parallels;

	check_list(c, n, IN_PARALLEL);
	if (c->s->step_count - first > RUNNER_AT_ONCE_MAX)
		CHECK_AT(c, n, RULE_LIMIT, "more than %d steps at once",
			RUNNER_AT_ONCE_MAX);
	for (size_t i = first; i < c->s->step_count; i++)
		c->s->steps[i].group = group;
}

/* The steps are checked once and then stand there as often as they are to happen. */
static void
check_repeat(struct check *c, const struct tree_node *n)
{
	const struct tree_node *found[KEYS];
	uint64_t times = 1;
	size_t first = c->s->step_count, count;
	unsigned groups = c->s->parallels;

	if (!check_keys(c, n, PLACE_REPEAT, found))
		return;
	check_count(c, found[KEY_REPEAT_TIMES], "'times'", 1, REPEATS_MAX, &times);
	if (found[KEY_REPEAT_STEPS])
		check_list(c, found[KEY_REPEAT_STEPS], IN_REPEAT);
	count = c->s->step_count - first;
	groups = c->s->parallels - groups;
	for (unsigned r = 1; r < times; r++) {
		for (size_t i = 0; i < count; i++) {
			struct scenario_step st = c->s->steps[first + i];

			if (st.group)
				st.group += r * groups;
			put_step(c, n, &st);
		}
		c->s->parallels += groups;
	}
}

static void
check_stop(struct check *c, const struct tree_node *n, struct scenario_step *st)
{
	bool nothing = !n || (!n->count && n->kind != TREE_SCALAR) ||
		(n->kind == TREE_SCALAR && (!n->text[0] || strcmp(n->text, "~") == 0));

	st->kind = STEP_STOP;
	st->select = NEW(c->s->selects, c->s->select_count);
	if (!nothing)
		check_select(c, n, "'stop'", &c->s->selects[st->select]);
}

/* `stop` takes nothing, so it may stand alone. */
static void
check_word_step(struct check *c, const struct tree_node *n, struct scenario_step *st)
{
	struct tree_item item = { .key = n->text, .line = n->line, .column = n->column };

	if (strcmp(n->text, check_key_at(KEY_STEP_STOP)->key) == 0) {
		check_stop(c, NULL, st);
		check_attached(c, n, st->kind);
		put_step(c, n, st);
		return;
	}
	for (size_t k = 0; k < KEYS; k++) {
		if (check_key_at((enum key)k)->place == PLACE_STEP &&
			strcmp(check_key_at((enum key)k)->key, n->text) == 0) {
			CHECK_AT(c, n, RULE_STEP, "'%s' needs a value", n->text);
			return;
		}
	}
	check_unknown_key(c, &item, PLACE_STEP);
}

static void
check_step(struct check *c, const struct tree_node *n, enum context in)
{
	static void (*const checks[])(
		struct check *, const struct tree_node *, struct scenario_step *) = {
		[STEP_WAIT] = check_wait, [STEP_EXPECT] = check_expect,
		[STEP_FAULT] = check_fault, [STEP_SOAK] = check_soak,
		[STEP_STOP] = check_stop, [STEP_SEND] = steps_letters_send,
		[STEP_ECHO] = steps_letters_echo, [STEP_GOSSIP] = steps_letters_gossip,
	};
	static const enum key kinds[] = { [STEP_WAIT] = KEY_STEP_WAIT,
		[STEP_HOLD] = KEY_STEP_HOLD, [STEP_EXPECT] = KEY_STEP_EXPECT,
		[STEP_FAULT] = KEY_STEP_FAULT, [STEP_SOAK] = KEY_STEP_SOAK,
		[STEP_SPAWN] = KEY_STEP_SPAWN, [STEP_STOP] = KEY_STEP_STOP,
		[STEP_SEND] = KEY_STEP_SEND, [STEP_ECHO] = KEY_STEP_ECHO,
		[STEP_GOSSIP] = KEY_STEP_GOSSIP, [STEP_BASELINE] = KEY_STEP_BASELINE };
	const struct tree_node *found[KEYS], *v;
	struct scenario_step st = { .line = n->line, .claims = steps_new_claims(c->s) };

	if (n->kind == TREE_SCALAR) {
		check_word_step(c, n, &st);
		return;
	}
	if (!check_kind(c, n, TREE_MAPPING, "a step"))
		return;
	check_keys(c, n, PLACE_STEP, found);
	if (n->count != 1) {
		CHECK_AT(c, n, RULE_STEP,
			"a step has one key: each step is an item of its own");
		return;
	}
	if (found[KEY_STEP_PARALLEL] || found[KEY_STEP_REPEAT]) {
		if (in == IN_PARALLEL)
			CHECK_AT(c, n, RULE_STEP,
				"'parallel' holds single steps, no lists of them");
		else if (found[KEY_STEP_PARALLEL])
			check_parallel(c, found[KEY_STEP_PARALLEL]);
		else if (in == IN_REPEAT)
			CHECK_AT(c, n, RULE_STEP, "a 'repeat' cannot hold another");
		else
			check_repeat(c, found[KEY_STEP_REPEAT]);
		return;
	}
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		v = found[kinds[k]];
		if (!v)
			continue;
		st.kind = (enum scenario_step_kind)k;
		check_attached(c, n, st.kind);
		if (k == STEP_HOLD) {
			check_duration(c, v, "'hold'", &st.hold_ns);
		} else if (k == STEP_SPAWN || k == STEP_BASELINE) {
			st.select = NEW(c->s->selects, c->s->select_count);
			check_select(c, v, k == STEP_SPAWN ? "'spawn'" : "'baseline'",
				&c->s->selects[st.select]);
		} else {
			checks[k](c, v, &st);
		}
		put_step(c, n, &st);
	}
}

static void
check_list(struct check *c, const struct tree_node *n, enum context in)
{
	if (!check_kind(c, n, TREE_SEQUENCE, "'steps'"))
		return;
	if (!n->count)
		CHECK_AT(c, n, RULE_EMPTY, "'steps' has no step");
	for (size_t i = 0; i < n->count && !c->steps_over; i++)
		check_step(c, n->items[i].value, in);
}

void
steps_check(struct check *c, const struct tree_node *n)
{
	c->s->steps = mem_array(SCENARIO_STEPS_MAX, sizeof(*c->s->steps));
	check_list(c, n, AT_TOP);
}
