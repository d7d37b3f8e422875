/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_CHECK_H
#define SCENARIO_CHECK_H

#include "scenario/scenario.h"
#include "scenario/tree.h"

/*
 * Checking a scenario: keys by their place, and values by their shape. Each function says
 * what is wrong, where, and goes on, so that all errors of a file are found at once.
 */
enum place {
#define PLACE(name, text) PLACE_##name,
#include "scenario/places.def"
#undef PLACE
	PLACES
};

enum key {
#define KEY(place, name, text, required, shape, help) KEY_##place##_##name,
#include "scenario/keys.def"
#undef KEY
#define PARAM(primitive, name, ...) KEY_FAULT_##name,
#include "chaos/param.def"
#undef PARAM
	KEYS
};
#define KEY_OF_PARAM(p) ((enum key)(KEYS - PARAMS + (p)))

/* What a value looks like: for checks, the schema and the manual. */
enum shape {
	SHAPE_LABEL, SHAPE_COUNT, SHAPE_SHARE, SHAPE_DURATION, SHAPE_RATE, SHAPE_BOOL,
	SHAPE_PATH, SHAPE_SELECT, SHAPE_CLAIMS, SHAPE_PICK, SHAPE_PRIMITIVE, SHAPE_START,
	SHAPE_ALLOW, SHAPE_KEEP, SHAPE_WEIGHTS, SHAPE_MESHES, SHAPE_NODES, SHAPE_LINKS,
	SHAPE_STEPS, SHAPE_STOP, SHAPE_GUARDS, SHAPE_REPORT, SHAPE_WAIT, SHAPE_EXPECT,
	SHAPE_FAULT, SHAPE_REPEAT, SHAPE_SOAK, SHAPE_BUDGET, SHAPE_PARAM, SHAPE_SEND,
	SHAPE_NAME, SHAPE_ECHO, SHAPE_SEEDS, SHAPE_GOSSIP,
};

struct check_key {
	enum place place;
	const char *place_name, *key, *text;
	enum shape shape;
	bool required;
};
const struct check_key *check_key_at(enum key k);

struct check {
	struct scenario *s;
	struct problems *problems;
	size_t nodes_max;
	bool over;	/* too many nodes was said already */
	bool steps_over;
};

#define CHECK_AT(c, where, rule, ...) \
	problems_add((c)->problems, (where)->line, (where)->column, rule, __VA_ARGS__)

bool check_kind(struct check *c, const struct tree_node *n, enum tree_kind kind,
	const char *what);
/* Items of a mapping by their keys; the first of duplicates counts. False: no mapping. */
bool check_keys(struct check *c, const struct tree_node *n, enum place place,
	const struct tree_node *found[static KEYS]);
void check_unknown_key(struct check *c, const struct tree_item *item, enum place place);

/* The value of a key, or of nothing when n is NULL: then *to stays as it is. */
void check_duration(
	struct check *c, const struct tree_node *n, const char *what, uint64_t *ns);
void check_count(struct check *c, const struct tree_node *n, const char *what,
	uint64_t min, uint64_t max, uint64_t *to);
/* "10%", in 1/10000. */
void check_share(struct check *c, const struct tree_node *n, const char *what,
	unsigned min, unsigned max, unsigned *to);
void check_label(struct check *c, unsigned line, unsigned column, const char *text,
	const char *what, char to[static LABEL_LEN_MAX + 1]);
/* One of `count` words: its index, or count after an error. */
size_t check_word(struct check *c, const struct tree_node *n, const char *what,
	const char *const *words, size_t count);
/* A selector or a list of them; each has to match a node of the scenario. */
void check_select(struct check *c, const struct tree_node *n, const char *what,
	struct selectors *to);
/* A claim or a list of them. */
void check_claims(struct check *c, const struct tree_node *n, const char *what,
	struct scenario_claims *to);
void check_path(struct check *c, const struct tree_node *n, const char *what,
	char to[static SCENARIO_PATH_CAP]);
/* With attach: steps that only a parent of the nodes can have carried out. */
void check_attached(
	struct check *c, const struct tree_node *n, enum scenario_step_kind kind);
void check_bool(struct check *c, const struct tree_node *n, const char *what, bool *to);

#endif
