/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_TREE_H
#define SCENARIO_TREE_H

#include "scenario/problems.h"

/*
 * A YAML document as a bounded tree with places; the only door to libyaml. Anchors and
 * aliases work, within TREE_NODES_MAX nodes counted as often as they are named. Tags,
 * keys that are not plain text, duplicate keys, tabs as indentation and second documents
 * are problems.
 */
#define TREE_DEPTH_MAX 16
#define TREE_NODES_MAX 20000

enum tree_kind { TREE_SCALAR, TREE_SEQUENCE, TREE_MAPPING };

struct tree_node;
struct tree_item {
	char *key;			/* mappings only */
	unsigned line, column;		/* of the key */
	const struct tree_node *value;
};

struct tree_node {
	enum tree_kind kind;
	unsigned line, column;		/* from 1 */
	char *text;			/* scalars: terminated, without NUL inside */
	struct tree_item *items; /* sequences and mappings, in the order of the file */
	size_t count, cap;
	size_t weight; /* nodes below and itself, aliases counted in full */
	struct tree_node *next;		/* of the tree's own list */
};

struct tree;

/*
 * NULL when the file has no usable structure: then `p` says why. Otherwise the tree is
 * whole and `p` may still have grown (duplicate keys, tags). tree_free accepts NULL.
 */
struct tree *tree_parse(struct view source, struct problems *p);
void tree_free(struct tree *t);
const struct tree_node *tree_root(const struct tree *t);

/* "0.2.5": the libyaml it runs on, for --version. */
const char *tree_library_version(void);

#endif
