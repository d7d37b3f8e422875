/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "scenario/tree.h"

static struct tree *
parse(const char *text, struct problems *p)
{
	problems_init(p);
	return tree_parse((struct view){ (const uint8_t *)text, strlen(text) }, p);
}

/* Kinds, texts, keys and places are those of the file. */
static void
places_are_kept(void **state)
{
	struct problems p;
	struct tree *t = parse("a: 1\nbb:\n  - x\n  - {c: 'd e'}\n", &p);
	const struct tree_node *root = tree_root(t), *list;

	(void)state;
	assert_int_equal(root->kind, TREE_MAPPING);
	assert_int_equal(root->count, 2);
	assert_string_equal(root->items[0].key, "a");
	assert_string_equal(root->items[0].value->text, "1");
	assert_int_equal(root->items[0].value->column, 4);
	assert_int_equal(root->items[1].line, 2);
	list = root->items[1].value;
	assert_int_equal(list->kind, TREE_SEQUENCE);
	assert_int_equal(list->items[1].value->line, 4);
	assert_string_equal(list->items[1].value->items[0].value->text, "d e");
	assert_int_equal(list->items[1].value->items[0].column, 6);
	tree_free(t);
	problems_fini(&p);
	assert_int_equal(mem_live(MEM_TREE_NODE), 0);
	assert_int_equal(mem_live(MEM_TREE), 0);
}

/* An alias is the same node; the latest anchor of a name counts. */
static void
aliases_share(void **state)
{
	struct problems p;
	struct tree *t = parse("[ &a [1, 2], *a, &a x, *a ]", &p);
	const struct tree_node *root = tree_root(t);

	(void)state;
	assert_ptr_equal(root->items[0].value, root->items[1].value);
	assert_ptr_equal(root->items[2].value, root->items[3].value);
	tree_free(t);
	problems_fini(&p);
}

/* A billion laughs are refused long before they are laughed. */
static void
aliases_have_a_budget(void **state)
{
	char text[2000] = "- &l0 [x, x, x, x, x, x, x, x, x, x]\n";
	struct problems p;

	(void)state;
	for (int i = 1; i < 10; i++) {
		char line[200];

		snprintf(line, sizeof(line),
			"- &l%d [*l%d, *l%d, *l%d, *l%d, *l%d, *l%d, *l%d, "
			"*l%d, *l%d, *l%d]\n",
			i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
			i - 1);
		strcat(text, line);
	}
	assert_null(parse(text, &p));
	assert_int_equal(p.count, 1);
	assert_int_equal(p.at[0].rule, RULE_ALIAS);
	assert_int_equal(p.at[0].line, 5);
	problems_fini(&p);
	assert_int_equal(mem_live(MEM_TREE_NODE), 0);
}

/* The control: aliases within the budget are fine. */
static void
a_few_aliases_are_fine(void **state)
{
	struct problems p;
	struct tree *t = parse("- &a [x, x]\n- [*a, *a]\n", &p);

	(void)state;
	assert_non_null(t);
	assert_int_equal(p.count, 0);
	tree_free(t);
	problems_fini(&p);
}

/* Every tab that indents is told, and one inside a text is nobody's business. */
static void
tabs_are_told(void **state)
{
	struct problems p;
	struct tree *t;

	(void)state;
	assert_null(parse("a:\n\tb: 1\n \tc: 2\n", &p));
	assert_int_equal(p.count, 2);
	assert_int_equal(p.at[1].line, 3);
	assert_int_equal(p.at[1].column, 2);
	problems_fini(&p);
	t = parse("a: 'x\ty'\n", &p);
	assert_non_null(t);
	tree_free(t);
	problems_fini(&p);
}

/* Depth 16 is fine, 17 is not. */
static void
depth_is_bounded(void **state)
{
	struct problems p;
	struct tree *t = parse("[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]", &p);

	(void)state;
	assert_non_null(t);
	tree_free(t);
	problems_fini(&p);
	assert_null(parse("[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]", &p));
	assert_int_equal(p.at[0].rule, RULE_DEPTH);
	problems_fini(&p);
}

/* Bytes that are no UTF-8 and control characters are syntax errors, not crashes. */
static void
foreign_bytes_are_refused(void **state)
{
	static const char *const texts[] = { "a: \xff\xfe\n", "\x01", "a: \xc3", "a\0b" };
	struct problems p;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_null(parse(texts[i], &p));
		assert_int_equal(p.at[0].rule, RULE_SYNTAX);
		problems_fini(&p);
	}
	problems_init(&p);
	assert_null(tree_parse((struct view){ (const uint8_t *)texts[3], 3 }, &p));
	problems_fini(&p);
}

/*
 * The second of a key is told; the tree is still whole, so that the rest can be checked
 * too.
 */
static void
duplicates_are_told(void **state)
{
	struct problems p;
	struct tree *t = parse("a: 1\nb: 2\na: 3\n", &p);

	(void)state;
	assert_non_null(t);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.at[0].rule, RULE_DUPLICATE);
	assert_int_equal(p.at[0].line, 3);
	assert_int_equal(tree_root(t)->count, 3);
	tree_free(t);
	problems_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_kept),
		cmocka_unit_test(aliases_share),
		cmocka_unit_test(aliases_have_a_budget),
		cmocka_unit_test(a_few_aliases_are_fine),
		cmocka_unit_test(tabs_are_told),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(foreign_bytes_are_refused),
		cmocka_unit_test(duplicates_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
