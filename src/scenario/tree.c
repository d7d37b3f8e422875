/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/limits.h"
#include "base/mem.h"
#include "scenario/tree.h"

#define ANCHORS_MAX 64
#define KEYS_MAX 1000	/* of one mapping; each is compared with those before it */

struct anchor {
	char *name;
	struct tree_node *node;
};

struct tree {
	struct tree_node *root;
	struct tree_node *all;	/* every node once: aliases make the tree share nodes */
};

/* A collection that is still open, and the key that waits for its value. */
struct level {
	struct tree_node *node;
	char *key;
	unsigned key_line, key_column;
};

struct parse {
	struct tree *tree;
	struct problems *problems;
	struct level levels[TREE_DEPTH_MAX];
	size_t depth;
	struct anchor anchors[ANCHORS_MAX];
	size_t anchor_count;
	unsigned documents;
	size_t placed;	/* scalars, collections and aliases so far */
	bool broken;	/* no use in going on */
};

static unsigned
line_of(const yaml_mark_t *m)
{
	return (unsigned)m->line + 1;
}

static unsigned
column_of(const yaml_mark_t *m)
{
	return (unsigned)m->column + 1;
}

#define PROBLEM(p, mark, rule, ...) \
	problems_add((p)->problems, line_of(mark), column_of(mark), rule, __VA_ARGS__)

static struct tree_node *
node_new(struct parse *p, enum tree_kind kind, const yaml_mark_t *mark)
{
	struct tree_node *n = mem_new(MEM_TREE_NODE, sizeof(*n));

	n->kind = kind;
	n->line = line_of(mark);
	n->column = column_of(mark);
	n->weight = 1;
	n->next = p->tree->all;
	p->tree->all = n;
	return n;
}

static void
append(struct tree_node *to, struct tree_item item)
{
	if (to->count == to->cap) {
		to->cap = to->cap ? to->cap * 2 : 4;
		to->items = mem_resize(to->items, to->cap, sizeof(*to->items));
	}
	to->items[to->count++] = item;
}

/* Puts a finished scalar, a collection that begins or an alias where it belongs. */
static void
place(struct parse *p, struct tree_node *n, const yaml_mark_t *mark)
{
	if (++p->placed > TREE_NODES_MAX) {
		PROBLEM(p, mark, RULE_LIMIT, "more than %d values", TREE_NODES_MAX);
		p->broken = true;
		return;
	}
	if (!p->depth) {
		p->tree->root = n;
		return;
	}

	struct level *l = &p->levels[p->depth - 1];
	struct tree_item item = { .key = l->key, .line = l->key_line,
		.column = l->key_column, .value = n };

	if (l->node->kind == TREE_SEQUENCE) {
		item.line = line_of(mark);
		item.column = column_of(mark);
	}
	l->key = NULL;
	append(l->node, item);
}

static bool
wants_key(const struct parse *p)
{
	return p->depth && p->levels[p->depth - 1].node->kind == TREE_MAPPING &&
		!p->levels[p->depth - 1].key;
}

static void
take_key(struct parse *p, const yaml_event_t *ev)
{
	struct level *l = &p->levels[p->depth - 1];
	const char *key = (const char *)ev->data.scalar.value;

	if (l->node->count == KEYS_MAX) {
		PROBLEM(p, &ev->start_mark, RULE_LIMIT, "more than %d keys", KEYS_MAX);
		p->broken = true;
		return;
	}
	for (size_t i = 0; i < l->node->count; i++) {
		if (strcmp(l->node->items[i].key, key) == 0) {
			PROBLEM(p, &ev->start_mark, RULE_DUPLICATE,
				"'%s' is here twice; the first is in line %u", key,
				l->node->items[i].line);
			break;
		}
	}
	l->key = mem_text(key);
	l->key_line = line_of(&ev->start_mark);
	l->key_column = column_of(&ev->start_mark);
}

static void
remember(struct parse *p, const yaml_char_t *name, struct tree_node *n,
	const yaml_mark_t *mark)
{
	if (!name)
		return;
	if (p->anchor_count == ANCHORS_MAX) {
		PROBLEM(p, mark, RULE_ALIAS, "more than %d anchors", ANCHORS_MAX);
		p->broken = true;
		return;
	}
	p->anchors[p->anchor_count++] =
		(struct anchor){ mem_text((const char *)name), n };
}

static void
refuse_tag(struct parse *p, const yaml_char_t *tag, const yaml_mark_t *mark)
{
	if (tag)
		PROBLEM(p, mark, RULE_TAG, "tags are not part of this language");
}

static void
on_scalar(struct parse *p, const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value;

	refuse_tag(p, ev->data.scalar.tag, &ev->start_mark);
	if (strlen(text) != ev->data.scalar.length) {
		PROBLEM(p, &ev->start_mark, RULE_SYNTAX, "a text with a NUL character");
		p->broken = true;
		return;
	}
	if (wants_key(p)) {
		take_key(p, ev);
		return;
	}

	struct tree_node *n = node_new(p, TREE_SCALAR, &ev->start_mark);

	n->text = mem_text(text);
	remember(p, ev->data.scalar.anchor, n, &ev->start_mark);
	place(p, n, &ev->start_mark);
}

static void
on_begin(struct parse *p, const yaml_event_t *ev, enum tree_kind kind)
{
	const yaml_char_t *anchor = kind == TREE_MAPPING ? ev->data.mapping_start.anchor :
		ev->data.sequence_start.anchor;

	if (wants_key(p)) {
		PROBLEM(p, &ev->start_mark, RULE_KEY, "a key has to be plain text");
		p->broken = true;
		return;
	}
	if (p->depth == TREE_DEPTH_MAX) {
		PROBLEM(p, &ev->start_mark, RULE_DEPTH, "nested more than %d deep",
			TREE_DEPTH_MAX);
		p->broken = true;
		return;
	}
	refuse_tag(p, kind == TREE_MAPPING ? ev->data.mapping_start.tag :
		ev->data.sequence_start.tag, &ev->start_mark);

	struct tree_node *n = node_new(p, kind, &ev->start_mark);

	remember(p, anchor, n, &ev->start_mark);
	place(p, n, &ev->start_mark);
	p->levels[p->depth++] = (struct level){ .node = n };
}

static void
on_end(struct parse *p, const yaml_event_t *ev)
{
	struct tree_node *n = p->levels[--p->depth].node;

	for (size_t i = 0; i < n->count; i++)
		n->weight += n->items[i].value->weight;
	if (n->weight > TREE_NODES_MAX) {
		PROBLEM(p, &ev->start_mark, RULE_ALIAS,
			"more than %d values, aliases counted in full", TREE_NODES_MAX);
		p->broken = true;
	}
}

static void
on_alias(struct parse *p, const yaml_event_t *ev)
{
	const char *name = (const char *)ev->data.alias.anchor;

	if (wants_key(p)) {
		PROBLEM(p, &ev->start_mark, RULE_KEY, "a key has to be plain text");
		p->broken = true;
		return;
	}
	/* The latest of a name counts (YAML 1.1, 3.2.2.2). */
	for (size_t i = p->anchor_count; i-- > 0;) {
		struct tree_node *n = p->anchors[i].node;

		if (strcmp(p->anchors[i].name, name) != 0)
			continue;
		for (size_t k = 0; k < p->depth; k++) {
			if (p->levels[k].node != n)
				continue;
			PROBLEM(p, &ev->start_mark, RULE_ALIAS, "'%s' contains itself",
				name);
			p->broken = true;
			return;
		}
		place(p, n, &ev->start_mark);
		return;
	}
	PROBLEM(p, &ev->start_mark, RULE_ALIAS, "nothing is anchored as '%s'", name);
	p->broken = true;
}

static void
on_event(struct parse *p, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++p->documents > 1) {
			PROBLEM(p, &ev->start_mark, RULE_DOCUMENTS,
				"a second document begins here; a scenario is one");
			p->broken = true;
		}
		break;
	case YAML_SCALAR_EVENT:
		on_scalar(p, ev);
		break;
	case YAML_SEQUENCE_START_EVENT:
		on_begin(p, ev, TREE_SEQUENCE);
		break;
	case YAML_MAPPING_START_EVENT:
		on_begin(p, ev, TREE_MAPPING);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_end(p, ev);
		break;
	case YAML_ALIAS_EVENT:
		on_alias(p, ev);
		break;
	default:
		break;
	}
}

/* libyaml's own words for a broken file, with the place it means. */
static void
syntax_problem(struct parse *p, const yaml_parser_t *y)
{
	const yaml_mark_t *at = &y->problem_mark;

	if (y->error == YAML_READER_ERROR) {
		/*
		 * The reader knows only the offset in bytes; the mark is where parsing
		 * stands.
		 */
		problems_add(p->problems, line_of(&y->mark), column_of(&y->mark),
			RULE_SYNTAX, "%s", y->problem ? y->problem : "unreadable bytes");
		return;
	}
	PROBLEM(p, at, RULE_SYNTAX, "%s%s%s", y->problem ? y->problem : "broken YAML",
		y->context ? " " : "", y->context ? y->context : "");
}

static void
parse_all(struct parse *p, struct view source)
{
	yaml_parser_t y;
	bool over = false;

	if (!yaml_parser_initialize(&y))
		abort();	/* out of memory, which ends the program everywhere */
	yaml_parser_set_encoding(&y, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y, source.data, source.len);
	while (!over && !p->broken) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&y, &ev)) {
			syntax_problem(p, &y);
			p->broken = true;
			break;
		}
		on_event(p, &ev);
		over = ev.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&y);
	for (size_t i = 0; i < p->depth; i++)
		free(p->levels[i].key);
	for (size_t i = 0; i < p->anchor_count; i++)
		free(p->anchors[i].name);
}

/* A tab looks like spaces and is none: each line that begins with one is named. */
static bool
has_tabs(struct view source, struct problems *p)
{
	unsigned line = 1, column = 1;
	bool indent = true, found = false;

	for (size_t i = 0; i < source.len; i++, column++) {
		uint8_t c = source.data[i];

		if (indent && c == '\t') {
			problems_add(p, line, column, RULE_TAB,
				"a tab as indentation; YAML wants spaces");
			found = true;
		}
		indent = indent && c == ' ';
		if (c == '\n') {
			line++;
			column = 0;
			indent = true;
		}
	}
	return found;
}

struct tree *
tree_parse(struct view source, struct problems *problems)
{
	struct parse p = { .problems = problems };

	if (source.len > SCENARIO_FILE_LEN_MAX) {
		problems_add(problems, 1, 1, RULE_SIZE, "larger than %u bytes",
			SCENARIO_FILE_LEN_MAX);
		return NULL;
	}
	if (has_tabs(source, problems))
		return NULL;
	p.tree = mem_new(MEM_TREE, sizeof(*p.tree));
	parse_all(&p, source);
	if (!p.broken && !p.tree->root) {
		problems_add(problems, 1, 1, RULE_EMPTY, "nothing is in this file");
		p.broken = true;
	}
	if (p.broken) {
		tree_free(p.tree);
		return NULL;
	}
	return p.tree;
}

void
tree_free(struct tree *t)
{
	if (!t)
		return;
	while (t->all) {
		struct tree_node *n = t->all;

		t->all = n->next;
		for (size_t i = 0; i < n->count; i++)
			free(n->items[i].key);
		free(n->items);
		free(n->text);
		mem_free(MEM_TREE_NODE, n);
	}
	mem_free(MEM_TREE, t);
}

const struct tree_node *
tree_root(const struct tree *t)
{
	return t->root;
}

const char *
tree_library_version(void)
{
	return yaml_get_version_string();
}
