/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "scenario/check.h"

static const struct check_key keys[KEYS] = {
#define KEY(at, name, text, required, shape, help) \
	[KEY_##at##_##name] = { PLACE_##at, #at, text, help, SHAPE_##shape, required },
#include "scenario/keys.def"
#undef KEY
#define PARAM(primitive, name, text, unit, min, max, standard, help) \
	[KEY_FAULT_##name] = { PLACE_FAULT, "FAULT", text, help, SHAPE_PARAM, false },
#include "chaos/param.def"
#undef PARAM
};

static const char *const places[PLACES] = {
#define PLACE(name, text) [PLACE_##name] = text,
#include "scenario/places.def"
#undef PLACE
};

static const char *const kinds[] = {
	[TREE_SCALAR] = "a single value",
	[TREE_SEQUENCE] = "a list",
	[TREE_MAPPING] = "a mapping",
};

const struct check_key *
check_key_at(enum key k)
{
	return &keys[k];
}

bool
check_kind(
	struct check *c, const struct tree_node *n, enum tree_kind kind, const char *what)
{
	if (n->kind == kind)
		return true;
	CHECK_AT(c, n, RULE_TYPE, "%s has to be %s, not %s", what, kinds[kind],
		kinds[n->kind]);
	return false;
}

void
check_unknown_key(struct check *c, const struct tree_item *item, enum place place)
{
	const char *words[KEYS], *near;
	size_t count = 0;

	for (size_t k = 0; k < KEYS; k++)
		if (keys[k].place == place)
			words[count++] = keys[k].key;
	near = text_closest(item->key, words, count);
	if (near)
		CHECK_AT(c, item, RULE_UNKNOWN,
			"unknown key '%.60s' in %s, did you mean '%s'?", item->key,
			places[place], near);
	else
		CHECK_AT(c, item, RULE_UNKNOWN, "unknown key '%.60s' in %s", item->key,
			places[place]);
}

bool
check_keys(struct check *c, const struct tree_node *n, enum place place,
	const struct tree_node *found[static KEYS])
{
	memset(found, 0, KEYS * sizeof(*found));
	if (!check_kind(c, n, TREE_MAPPING, places[place]))
		return false;
	for (size_t i = 0; i < n->count; i++) {
		const struct tree_item *item = &n->items[i];
		size_t k;

		for (k = 0; k < KEYS; k++)
			if (keys[k].place == place && strcmp(keys[k].key, item->key) == 0)
				break;
		if (k == KEYS)
			check_unknown_key(c, item, place);
		else if (!found[k])
			found[k] = item->value;
	}
	for (size_t k = 0; k < KEYS; k++)
		if (keys[k].place == place && keys[k].required && !found[k])
			CHECK_AT(c, n, RULE_MISSING, "%s needs the key '%s'",
				places[place], keys[k].key);
	return true;
}

void
check_duration(struct check *c, const struct tree_node *n, const char *what, uint64_t *ns)
{
	if (!n || !check_kind(c, n, TREE_SCALAR, what))
		return;
	if (n->text[0] && strspn(n->text, "0123456789.") == strlen(n->text)) {
		CHECK_AT(c, n, RULE_UNIT,
			"%s '%.40s' has no unit: write %.40ss, 300ms or 2m", what,
			n->text, n->text);
		return;
	}
	if (text_parse_duration(n->text, ns) != ERR_OK)
		CHECK_AT(c, n, RULE_DURATION,
			"%s '%.40s' is no duration: write 10s, 300ms, 2m or 1h", what,
			n->text);
	else if (*ns == 0 || *ns > SCENARIO_TIME_MAX)
		CHECK_AT(c, n, RULE_RANGE,
			"%s has to be longer than 0 and at most 7 days", what);
}

void
check_count(struct check *c, const struct tree_node *n, const char *what, uint64_t min,
	uint64_t max, uint64_t *to)
{
	uint64_t value;

	if (!n || !check_kind(c, n, TREE_SCALAR, what))
		return;
	if (text_u64(n->text, UINT64_MAX, &value) != ERR_OK) {
		CHECK_AT(c, n, RULE_NUMBER, "%s '%.40s' is no number", what, n->text);
		return;
	}
	if (value < min || value > max) {
		CHECK_AT(c, n, RULE_RANGE, "%s has to be %" PRIu64 " to %" PRIu64, what,
			min, max);
		return;
	}
	*to = value;
}

void
check_share(struct check *c, const struct tree_node *n, const char *what, unsigned min,
	unsigned max, unsigned *to)
{
	char text[24];
	size_t len;
	uint64_t whole = 0, part = 0;
	char *dot;

	if (!n || !check_kind(c, n, TREE_SCALAR, what))
		return;
	len = strlen(n->text);
	if (len < 2 || len >= sizeof(text) || n->text[len - 1] != '%') {
		CHECK_AT(c, n, RULE_UNIT, "%s '%.40s' is no share: write 10%% or 2.5%%",
			what, n->text);
		return;
	}
	memcpy(text, n->text, len - 1);
	text[len - 1] = '\0';
	dot = strchr(text, '.');
	if (dot)
		*dot++ = '\0';
	if (text_u64(text, 100000, &whole) != ERR_OK ||
		(dot && (strlen(dot) > 2 || text_u64(dot, 99, &part) != ERR_OK))) {
		CHECK_AT(c, n, RULE_NUMBER, "%s '%.40s' is no share: write 10%% or 2.5%%",
			what, n->text);
		return;
	}
	if (dot && strlen(dot) == 1)
		part *= 10;
	whole = whole * 100 + part;
	if (whole < min || whole > max) {
		CHECK_AT(c, n, RULE_RANGE, "%s has to be %g%% to %g%%", what, min / 100.0,
			max / 100.0);
		return;
	}
	*to = (unsigned)whole;
}

void
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

size_t
check_word(struct check *c, const struct tree_node *n, const char *what,
	const char *const *words, size_t count)
{
	const char *near;

	if (!check_kind(c, n, TREE_SCALAR, what))
		return count;
	for (size_t i = 0; i < count; i++)
		if (strcmp(n->text, words[i]) == 0)
			return i;
	near = text_closest(n->text, words, count);
	CHECK_AT(c, n, RULE_VALUE, "'%.60s' is no %s, %s'%s'%s", n->text, what,
		near ? "did you mean " : "there is ", near ? near : words[0],
		near ? "?" : "");
	return count;
}

static bool
matches_any(const struct check *c, const struct selector *s)
{
	for (size_t g = 0; g < c->s->group_count; g++)
		for (unsigned k = 1; k <= c->s->groups[g].count; k++)
			if (selector_matches(s, c->s->groups[g].mesh,
				    c->s->groups[g].type, k))
				return true;
	return false;
}

static void
select_one(struct check *c, const struct tree_node *n, const char *what,
	struct selectors *to)
{
	char why[SELECTOR_WHY_CAP];
	struct selector s;

	if (!check_kind(c, n, TREE_SCALAR, what))
		return;
	if (!selector_parse(&s, n->text, why))
		CHECK_AT(c, n, RULE_SELECT, "%s", why);
	else if (!matches_any(c, &s))
		CHECK_AT(c, n, RULE_SELECT, "'%.60s' matches no node of 'meshes'",
			n->text);
	else if (to->count == SELECTORS_MAX)
		CHECK_AT(c, n, RULE_LIMIT, "more than %d selectors in one list",
			SELECTORS_MAX);
	else
		to->at[to->count++] = s;
}

void
check_select(struct check *c, const struct tree_node *n, const char *what,
	struct selectors *to)
{
	if (!n)
		return;
	if (n->kind != TREE_SEQUENCE) {
		select_one(c, n, what, to);
		return;
	}
	if (!n->count)
		CHECK_AT(c, n, RULE_EMPTY, "%s selects nothing", what);
	for (size_t i = 0; i < n->count; i++)
		select_one(c, n->items[i].value, what, to);
}

static void
claim_one(struct check *c, const struct tree_node *n, const char *what,
	struct scenario_claims *to)
{
	static const enum rule rules[] = { [CLAIM_BAD_METRIC] = RULE_VALUE,
		[CLAIM_BAD_SHAPE] = RULE_CLAIM, [CLAIM_BAD_UNIT] = RULE_UNIT };
	char why[CLAIM_WHY_CAP];
	enum claim_error error;
	struct claim one;
	size_t at;

	if (!check_kind(c, n, TREE_SCALAR, what))
		return;
	error = claim_parse(&one, n->text, why, &at);
	if (error != CLAIM_OK)
		problems_add(c->problems, n->line, n->column + (unsigned)at, rules[error],
			"%s", why);
	else if (one.about.count && !matches_any(c, &one.about.at[0]))
		CHECK_AT(c, n, RULE_SELECT, "'%.60s' is about no node of 'meshes'",
			n->text);
	else if (to->count == SCENARIO_CLAIMS_MAX)
		CHECK_AT(c, n, RULE_LIMIT, "more than %d claims in one list",
			SCENARIO_CLAIMS_MAX);
	else
		to->at[to->count++] = one;
}

void
check_claims(struct check *c, const struct tree_node *n, const char *what,
	struct scenario_claims *to)
{
	if (!n)
		return;
	if (n->kind != TREE_SEQUENCE) {
		claim_one(c, n, what, to);
		return;
	}
	if (!n->count)
		CHECK_AT(c, n, RULE_EMPTY, "%s claims nothing", what);
	for (size_t i = 0; i < n->count; i++)
		claim_one(c, n->items[i].value, what, to);
}

void
check_path(struct check *c, const struct tree_node *n, const char *what,
	char to[static SCENARIO_PATH_CAP])
{
	if (!n || !check_kind(c, n, TREE_SCALAR, what))
		return;
	if (!n->text[0] || strlen(n->text) >= SCENARIO_PATH_CAP)
		CHECK_AT(c, n, RULE_VALUE, "%s needs the name of a file", what);
	else
		snprintf(to, SCENARIO_PATH_CAP, "%s", n->text);
}

void
check_bool(struct check *c, const struct tree_node *n, const char *what, bool *to)
{
	static const char *const words[] = { "false", "true" };
	size_t i;

	if (!n)
		return;
	i = check_word(c, n, what, words, 2);
	if (i < 2)
		*to = i == 1;
}

void
check_attached(struct check *c, const struct tree_node *n, enum scenario_step_kind kind)
{
	static const char *const why[] = {
		[STEP_SPAWN] = "'spawn' starts nodes, and with attach: true they are "
			       "those of somebody else: start them where they belong",
		[STEP_STOP] = "'stop' ends nodes that were started here, and with "
			      "attach: true none was: leave it out, they stay",
		[STEP_SEND] = "'send' is ordered by a node's parent, and with attach: "
			      "true that is somebody else: use meshtui --send there",
		[STEP_ECHO] = "'echo' is ordered by a node's parent, and with attach: "
			      "true that is somebody else: use meshtui --echo there",
		[STEP_GOSSIP] = "'gossip' is ordered by a node's parent, and with "
				"attach: true that is somebody else",
	};

	if (c->s->attach && (size_t)kind < sizeof(why) / sizeof(why[0]) && why[kind])
		CHECK_AT(c, n, RULE_ATTACH, "%s", why[kind]);
}
