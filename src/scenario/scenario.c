/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "scenario/scenario.h"
#include "scenario/tree.h"

enum place { PLACE_ROOT, PLACE_STEP, PLACE_WAIT, PLACE_COUNT };

enum key {
#define KEY(place, name, text, required, help) KEY_##place##_##name,
#include "scenario/keys.def"
#undef KEY
	KEY_COUNT
};

static const enum place key_places[KEY_COUNT] = {
#define KEY(place, name, text, required, help) PLACE_##place,
#include "scenario/keys.def"
#undef KEY
};

static const struct scenario_key keys[KEY_COUNT] = {
#define KEY(place, name, text, required, help) { #place, text, help, required },
#include "scenario/keys.def"
#undef KEY
};

static const char *const place_texts[PLACE_COUNT] = {
	[PLACE_ROOT] = "a scenario", [PLACE_STEP] = "a step", [PLACE_WAIT] = "'wait'",
};

static const char *const kind_texts[] = {
	[TREE_SCALAR] = "a single value",
	[TREE_SEQUENCE] = "a list",
	[TREE_MAPPING] = "a mapping",
};

struct check {
	struct scenario *s;
	struct problems *problems;
	size_t nodes_max;
	bool over;	/* too many nodes was said already */
};

#define AT(c, where, rule, ...) \
	problems_add((c)->problems, (where)->line, (where)->column, rule, __VA_ARGS__)

static bool
check_kind(
	struct check *c, const struct tree_node *n, enum tree_kind kind, const char *what)
{
	if (n->kind == kind)
		return true;
	AT(c, n, RULE_TYPE, "%s has to be %s, not %s", what, kind_texts[kind],
		kind_texts[n->kind]);
	return false;
}

static void
unknown_key(struct check *c, const struct tree_item *item, enum place place)
{
	const char *words[KEY_COUNT];
	size_t count = 0;

	for (size_t k = 0; k < KEY_COUNT; k++)
		if (key_places[k] == place)
			words[count++] = keys[k].key;

	const char *near = text_closest(item->key, words, count);

	if (near)
		AT(c, item, RULE_UNKNOWN, "unknown key '%.60s' in %s, did you mean '%s'?",
			item->key, place_texts[place], near);
	else
		AT(c, item, RULE_UNKNOWN, "unknown key '%.60s' in %s", item->key,
			place_texts[place]);
}

/* Sorts the items of a mapping by their keys; the first of duplicates counts. */
static void
find_keys(struct check *c, const struct tree_node *n, enum place place,
	const struct tree_node *found[static KEY_COUNT])
{
	memset(found, 0, KEY_COUNT * sizeof(*found));
	for (size_t i = 0; i < n->count; i++) {
		const struct tree_item *item = &n->items[i];
		size_t k;

		for (k = 0; k < KEY_COUNT; k++)
			if (key_places[k] == place && strcmp(keys[k].key, item->key) == 0)
				break;
		if (k == KEY_COUNT)
			unknown_key(c, item, place);
		else if (!found[k])
			found[k] = item->value;
	}
	for (size_t k = 0; k < KEY_COUNT; k++)
		if (key_places[k] == place && keys[k].required && !found[k])
			AT(c, n, RULE_MISSING, "%s needs the key '%s'",
				place_texts[place], keys[k].key);
}

static void
check_duration(struct check *c, const struct tree_node *n, const char *what, uint64_t *ns)
{
	if (!check_kind(c, n, TREE_SCALAR, what))
		return;
	if (n->text[0] && strspn(n->text, "0123456789.") == strlen(n->text)) {
		AT(c, n, RULE_UNIT, "%s '%.40s' has no unit: write %.40ss, 300ms or 2m",
			what, n->text, n->text);
		return;
	}
	if (text_parse_duration(n->text, ns) != ERR_OK)
		AT(c, n, RULE_DURATION,
			"%s '%.40s' is no duration: write 10s, 300ms, 2m or 1h", what,
			n->text);
	else if (*ns == 0 || *ns > SCENARIO_TIME_MAX)
		AT(c, n, RULE_RANGE, "%s has to be longer than 0 and at most 7 days",
			what);
}

static void
check_label(struct check *c, unsigned line, unsigned column, const char *text,
	const char *what, char to[static LABEL_LEN_MAX + 1])
{
	if (!text_is_label(text)) {
		problems_add(c->problems, line, column, RULE_LABEL,
			"%s '%.70s': lower case letters, digits and '-', at most %d, not "
			"beginning with '-'",
			what, text, LABEL_LEN_MAX);
		return;
	}
	snprintf(to, LABEL_LEN_MAX + 1, "%s", text);
}

static void
check_group(struct check *c, const char *mesh, const struct tree_item *item)
{
	struct scenario_group g = { 0 };
	uint64_t count = 0;

	snprintf(g.mesh, sizeof(g.mesh), "%s", mesh);
	check_label(c, item->line, item->column, item->key, "node type", g.type);
	if (!check_kind(c, item->value, TREE_SCALAR, "the number of nodes"))
		return;
	if (text_u64(item->value->text, UINT64_MAX, &count) != ERR_OK) {
		AT(c, item->value, RULE_NUMBER, "'%.40s' is no number of nodes",
			item->value->text);
		return;
	}
	if (count > c->nodes_max || c->s->node_count + count > c->nodes_max) {
		if (!c->over)
			AT(c, item->value, RULE_LIMIT, "more than %zu nodes in all",
				c->nodes_max);
		c->over = true;
		return;
	}
	if (c->s->group_count == SCENARIO_GROUPS_MAX) {
		AT(c, item, RULE_LIMIT, "more than %d node types in all",
			SCENARIO_GROUPS_MAX);
		return;
	}
	g.count = (unsigned)count;
	c->s->node_count += count;
	c->s->groups[c->s->group_count++] = g;
}

static void
check_meshes(struct check *c, const struct tree_node *n)
{
	if (!check_kind(c, n, TREE_MAPPING, "'meshes'"))
		return;
	if (!n->count)
		AT(c, n, RULE_EMPTY, "'meshes' names no mesh");
	c->s->groups = mem_array(SCENARIO_GROUPS_MAX, sizeof(*c->s->groups));
	for (size_t i = 0; i < n->count; i++) {
		const struct tree_item *item = &n->items[i];
		char mesh[LABEL_LEN_MAX + 1] = "";

		if (i == MESHES_MAX) {
			AT(c, item, RULE_LIMIT, "more than %d meshes", MESHES_MAX);
			return;
		}
		check_label(c, item->line, item->column, item->key, "mesh", mesh);
		if (!check_kind(c, item->value, TREE_MAPPING, "a mesh"))
			continue;
		if (!item->value->count)
			AT(c, item->value, RULE_EMPTY, "mesh '%s' names no node type",
				mesh);
		c->s->mesh_count++;
		for (size_t k = 0; k < item->value->count; k++)
			check_group(c, mesh, &item->value->items[k]);
	}
}

static void
check_until(struct check *c, const struct tree_node *n, enum expect_kind *kind)
{
	const char *words[EXPECT_COUNT];

	if (!check_kind(c, n, TREE_SCALAR, "'until'"))
		return;
	for (size_t i = 0; i < EXPECT_COUNT; i++) {
		words[i] = expect_name((enum expect_kind)i);
		if (strcmp(n->text, words[i]) == 0) {
			*kind = (enum expect_kind)i;
			return;
		}
	}

	const char *near = text_closest(n->text, words, EXPECT_COUNT);

	AT(c, n, RULE_VALUE, "'%.60s' is nothing to wait for, %s'%s'%s", n->text,
		near ? "did you mean " : "there is ", near ? near : words[0],
		near ? "?" : "");
}

static void
check_step(struct check *c, const struct tree_node *n)
{
	const struct tree_node *found[KEY_COUNT];
	struct scenario_step st = { .line = n->line };

	if (n->kind == TREE_SCALAR) {
		/* `stop` takes nothing, so it may stand alone. */
		if (strcmp(n->text, keys[KEY_STEP_STOP].key) != 0) {
			struct tree_item item = { .key = n->text, .line = n->line,
				.column = n->column };

			for (size_t k = 0; k < KEY_COUNT; k++) {
				if (key_places[k] == PLACE_STEP &&
					strcmp(keys[k].key, n->text) == 0) {
					AT(c, n, RULE_STEP, "'%s' needs a value",
						n->text);
					return;
				}
			}
			unknown_key(c, &item, PLACE_STEP);
			return;
		}
		st.kind = STEP_STOP;
	} else {
		if (!check_kind(c, n, TREE_MAPPING, "a step"))
			return;
		find_keys(c, n, PLACE_STEP, found);
		if (n->count != 1) {
			AT(c, n, RULE_STEP,
				"a step has one key: each step is an item of its own");
			return;
		}
		if (found[KEY_STEP_WAIT]) {
			const struct tree_node *w = found[KEY_STEP_WAIT];

			st.kind = STEP_WAIT;
			if (!check_kind(c, w, TREE_MAPPING, "'wait'"))
				return;
			find_keys(c, w, PLACE_WAIT, found);
			if (found[KEY_WAIT_UNTIL])
				check_until(c, found[KEY_WAIT_UNTIL], &st.until);
			if (found[KEY_WAIT_WITHIN])
				check_duration(c, found[KEY_WAIT_WITHIN], "'within'",
					&st.within_ns);
		} else if (found[KEY_STEP_HOLD]) {
			st.kind = STEP_HOLD;
			check_duration(c, found[KEY_STEP_HOLD], "'hold'", &st.hold_ns);
		} else if (found[KEY_STEP_STOP]) {
			const struct tree_node *v = found[KEY_STEP_STOP];

			st.kind = STEP_STOP;
			if (v->count || (v->kind == TREE_SCALAR && v->text[0] &&
						strcmp(v->text, "~")))
				AT(c, v, RULE_VALUE, "'stop' takes nothing");
		}
	}
	c->s->steps[c->s->step_count++] = st;
}

static void
check_steps(struct check *c, const struct tree_node *n)
{
	if (!check_kind(c, n, TREE_SEQUENCE, "'steps'"))
		return;
	if (!n->count)
		AT(c, n, RULE_EMPTY, "'steps' has no step");
	c->s->steps = mem_array(SCENARIO_STEPS_MAX, sizeof(*c->s->steps));
	for (size_t i = 0; i < n->count; i++) {
		if (i == SCENARIO_STEPS_MAX) {
			AT(c, n->items[i].value, RULE_LIMIT, "more than %d steps",
				SCENARIO_STEPS_MAX);
			return;
		}
		check_step(c, n->items[i].value);
	}
}

static void
check_root(struct check *c, const struct tree_node *n)
{
	const struct tree_node *found[KEY_COUNT];

	if (!check_kind(c, n, TREE_MAPPING, "a scenario"))
		return;
	find_keys(c, n, PLACE_ROOT, found);
	if (found[KEY_ROOT_NAME] &&
	    check_kind(c, found[KEY_ROOT_NAME], TREE_SCALAR, "'name'"))
		check_label(c, found[KEY_ROOT_NAME]->line, found[KEY_ROOT_NAME]->column,
			found[KEY_ROOT_NAME]->text, "name", c->s->name);
	if (found[KEY_ROOT_MESHES])
		check_meshes(c, found[KEY_ROOT_MESHES]);
	if (found[KEY_ROOT_STEPS])
		check_steps(c, found[KEY_ROOT_STEPS]);
}

struct scenario *
scenario_parse(struct view source, size_t nodes_max, struct problems *p)
{
	struct check c = { .problems = p, .nodes_max = nodes_max };
	struct tree *t = tree_parse(source, p);

	if (t) {
		c.s = mem_new(MEM_SCENARIO, sizeof(*c.s));
		check_root(&c, tree_root(t));
	}
	tree_free(t);
	problems_sort(p);
	if (p->count) {
		scenario_free(c.s);
		return NULL;
	}
	assert(c.s);
	return c.s;
}

void
scenario_free(struct scenario *s)
{
	if (!s)
		return;
	free(s->groups);
	free(s->steps);
	mem_free(MEM_SCENARIO, s);
}

char *
scenario_step_text(const struct scenario_step *st, char to[static SCENARIO_STEP_TEXT_CAP])
{
	char time[24];

	switch (st->kind) {
	case STEP_WAIT:
		snprintf(to, SCENARIO_STEP_TEXT_CAP, "wait until %s within %s",
			expect_name(st->until),
			text_duration(time, sizeof(time), st->within_ns));
		break;
	case STEP_HOLD:
		snprintf(to, SCENARIO_STEP_TEXT_CAP, "hold %s",
			text_duration(time, sizeof(time), st->hold_ns));
		break;
	case STEP_STOP:
		snprintf(to, SCENARIO_STEP_TEXT_CAP, "stop");
		break;
	}
	return to;
}

size_t
scenario_key_count(void)
{
	return KEY_COUNT;
}

const struct scenario_key *
scenario_key_at(size_t i)
{
	assert(i < KEY_COUNT);
	return &keys[i];
}
