/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "scenario/scenario.h"

#define HEAD "name: a\nmeshes:\n  m1: { broker: 1 }\n"
#define TAIL "steps:\n  - stop\n"

static struct view
view_of(const char *text)
{
	return (struct view){ (const uint8_t *)text, strlen(text) };
}

/* Files with one error each: where it is and which rule it breaks. */
static const struct {
	const char *text;
	unsigned line, column;
	enum rule rule;
	const char *says;
} bad[] = {
	{ "", 1, 1, RULE_EMPTY, "nothing" },
	{ "# only words\n", 1, 1, RULE_EMPTY, "nothing" },
	{ "- stop\n", 1, 1, RULE_TYPE, "not a list" },
	{ "quick\n", 1, 1, RULE_TYPE, "not a single value" },
	{ HEAD, 1, 1, RULE_MISSING, "'steps'" },
	{ "name: a\n" TAIL, 1, 1, RULE_MISSING, "'meshes'" },
	{ "meshes:\n  m1: { broker: 1 }\n" TAIL, 1, 1, RULE_MISSING, "'name'" },
	{ HEAD "name: b\n" TAIL, 4, 1, RULE_DUPLICATE, "line 1" },
	{ HEAD "stesp: []\n" TAIL, 4, 1, RULE_UNKNOWN, "did you mean 'steps'" },
	{ HEAD "zebra: 1\n" TAIL, 4, 1, RULE_UNKNOWN, "'zebra'" },
	{ "name: Quick\nmeshes:\n  m1: { broker: 1 }\n" TAIL, 1, 7, RULE_LABEL, "name" },
	{ "name: [a]\nmeshes:\n  m1: { broker: 1 }\n" TAIL, 1, 7, RULE_TYPE, "'name'" },
	{ "name: a\nmeshes:\n  M1: { broker: 1 }\n" TAIL, 3, 3, RULE_LABEL, "mesh" },
	{ "name: a\nmeshes:\n  m1: { bro_ker: 1 }\n" TAIL, 3, 9, RULE_LABEL,
		"node type" },
	{ "name: a\nmeshes:\n  m1: { broker: many }\n" TAIL, 3, 17, RULE_NUMBER,
		"'many'" },
	{ "name: a\nmeshes:\n  m1: { broker: -1 }\n" TAIL, 3, 17, RULE_NUMBER, "'-1'" },
	{ "name: a\nmeshes:\n  m1: { broker: 51 }\n" TAIL, 3, 17, RULE_LIMIT, "50" },
	{ "name: a\nmeshes:\n  m1: { a: 30 }\n  m2: { a: 21 }\n" TAIL, 4, 12, RULE_LIMIT,
		"50" },
	{ "name: a\nmeshes:\n  m1: 3\n" TAIL, 3, 7, RULE_TYPE, "a mesh" },
	{ "name: a\nmeshes:\n  m1: { broker: [1] }\n" TAIL, 3, 17, RULE_TYPE, "number" },
	{ "name: a\nmeshes: {}\n" TAIL, 2, 9, RULE_EMPTY, "no mesh" },
	{ "name: a\nmeshes:\n  m1: {}\n" TAIL, 3, 7, RULE_EMPTY, "'m1'" },
	{ HEAD "steps: []\n", 4, 8, RULE_EMPTY, "no step" },
	{ HEAD "steps: { stop: {} }\n", 4, 8, RULE_TYPE, "'steps'" },
	{ HEAD "steps:\n  - stpo\n", 5, 5, RULE_UNKNOWN, "did you mean 'stop'" },
	{ HEAD "steps:\n  - hold\n", 5, 5, RULE_STEP, "needs a value" },
	{ HEAD "steps:\n  - hodl: 10s\n", 5, 5, RULE_UNKNOWN, "did you mean 'hold'" },
	{ HEAD "steps:\n  - hold: 10\n", 5, 11, RULE_UNIT, "10s" },
	{ HEAD "steps:\n  - hold: ten\n", 5, 11, RULE_DURATION, "'ten'" },
	{ HEAD "steps:\n  - hold: 0s\n", 5, 11, RULE_RANGE, "longer than 0" },
	{ HEAD "steps:\n  - hold: 9999h\n", 5, 11, RULE_RANGE, "7 days" },
	{ HEAD "steps:\n  - hold: [10s]\n", 5, 11, RULE_TYPE, "'hold'" },
	{ HEAD "steps:\n  - wait: 20s\n", 5, 11, RULE_TYPE, "'wait'" },
	{ HEAD "steps:\n  - wait: { until: converged }\n", 5, 11, RULE_MISSING,
		"'within'" },
	{ HEAD "steps:\n  - wait: { within: 2s }\n", 5, 11, RULE_MISSING, "'until'" },
	{ HEAD "steps:\n  - wait: { until: convreged, within: 2s }\n", 5, 20, RULE_VALUE,
		"did you mean 'converged'" },
	{ HEAD "steps:\n  - wait: { until: converged, within: 20 }\n", 5, 39, RULE_UNIT,
		"20s" },
	{ HEAD "steps:\n  - wait: { until: converged, within: 2s, forr: 1 }\n", 5, 43,
		RULE_UNKNOWN, "'forr'" },
	{ HEAD "steps:\n  - stop: now\n", 5, 11, RULE_SELECT, "no node" },
	{ HEAD "steps:\n  - stop:\n    hold: 1s\n", 5, 5, RULE_STEP, "one key" },
	{ HEAD "steps:\n  - {}\n", 5, 5, RULE_STEP, "one key" },
	{ HEAD "steps:\n  - - stop\n", 5, 5, RULE_TYPE, "a step" },
	{ HEAD "steps:\n\t- stop\n", 5, 1, RULE_TAB, "tab" },
	{ HEAD "steps:\n  \t- stop\n", 5, 3, RULE_TAB, "tab" },
	{ HEAD TAIL "---\nname: b\n", 6, 1, RULE_DOCUMENTS, "second" },
	{ HEAD "steps: [stop\n", 5, 1, RULE_SYNTAX, "" },
	{ HEAD "steps:\n  - \"stop\n", 6, 1, RULE_SYNTAX, "" },
	{ HEAD "steps: *nothing\n", 4, 8, RULE_ALIAS, "'nothing'" },
	{ HEAD "steps: &s [ *s ]\n", 4, 13, RULE_ALIAS, "itself" },
	{ HEAD "steps: [ !!str stop ]\n", 4, 10, RULE_TAG, "tags" },
	{ HEAD "? [a]\n: 1\n" TAIL, 4, 3, RULE_KEY, "plain text" },
	{ HEAD "steps: [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]\n", 4, 23, RULE_DEPTH, "16" },
};

/*
 * Each broken file is refused once, at its place, under its rule, with words that help.
 */
static void
broken_files_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct problems p;

		problems_init(&p);
		assert_null(scenario_parse(view_of(bad[i].text), 50, &p));
		if (p.count != 1 || p.at[0].line != bad[i].line ||
		    p.at[0].column != bad[i].column || p.at[0].rule != bad[i].rule ||
		    !strstr(p.at[0].text, bad[i].says)) {
			for (size_t k = 0; k < p.count; k++)
				print_message("# %zu: %u:%u %s [%s]\n", i, p.at[k].line,
					p.at[k].column, p.at[k].text,
					problems_rule(p.at[k].rule));
			fail_msg("case %zu", i);
		}
		problems_fini(&p);
	}
}

static const char good[] =
	"name: quickstart\nmeshes:\n  mesh1: { gateway: 2, broker: 3 }\n"
	"  mesh2: &m { broker: 1 }\n  mesh3: *m\nsteps:\n"
	"  - wait: { until: converged, within: 20s }\n  - hold: 1.5s\n"
	"  - stop\n  - stop: {}\n"
	"  - stop:\n";

/* The control: what is right has no errors, and says what it says. */
static void
a_right_file_is_read(void **state)
{
	struct problems p;
	struct scenario *s;
	char text[SCENARIO_STEP_TEXT_CAP];

	(void)state;
	problems_init(&p);
	s = scenario_parse(view_of(good), 50, &p);
	assert_int_equal(p.count, 0);
	assert_non_null(s);
	assert_string_equal(s->name, "quickstart");
	assert_int_equal(s->mesh_count, 3);
	assert_int_equal(s->node_count, 7);
	assert_int_equal(s->group_count, 4);
	assert_string_equal(s->groups[1].mesh, "mesh1");
	assert_string_equal(s->groups[1].type, "broker");
	assert_int_equal(s->groups[1].count, 3);
	assert_string_equal(s->groups[3].mesh, "mesh3");
	assert_int_equal(s->step_count, 5);
	assert_int_equal(s->steps[0].kind, STEP_WAIT);
	assert_int_equal(s->claims[s->steps[0].claims].count, 1);
	assert_int_equal(
		s->claims[s->steps[0].claims].at[0].metric, CLAIM_CONVERGED);
	assert_int_equal(s->steps[0].within_ns, SECONDS(20));
	assert_int_equal(s->steps[0].line, 7);
	assert_int_equal(s->steps[1].kind, STEP_HOLD);
	assert_int_equal(s->steps[1].hold_ns, MILLISECONDS(1500));
	for (size_t i = 2; i < 5; i++)
		assert_int_equal(s->steps[i].kind, STEP_STOP);
	assert_non_null(strstr(
		scenario_step_text(s, &s->steps[0], text), "wait until converged"));
	scenario_free(s);
	problems_fini(&p);
	assert_int_equal(mem_live(MEM_SCENARIO), 0);
	assert_int_equal(mem_live(MEM_TREE_NODE), 0);
}

/* All errors at once, in the order of the file. */
static void
all_errors_are_told(void **state)
{
	struct problems p;

	(void)state;
	problems_init(&p);
	assert_null(
		scenario_parse(view_of("nmae: a\nmeshes:\n  m1: { broker: x }\nsteps:\n"
				       "  - hold: 5\n  - wiat: {}\n"),
			50, &p));
	assert_int_equal(p.count, 5);
	assert_int_equal(p.at[0].rule, RULE_UNKNOWN);
	assert_int_equal(p.at[1].rule, RULE_MISSING);
	assert_int_equal(p.at[2].rule, RULE_NUMBER);
	assert_int_equal(p.at[3].rule, RULE_UNIT);
	assert_int_equal(p.at[4].rule, RULE_UNKNOWN);
	problems_fini(&p);
}

/* An error is printed with its place, its rule, the line and a caret under the column. */
static void
errors_are_shown(void **state)
{
	const char *text = HEAD "steps:\n  - hodl: 10s\n";
	struct problems p;
	struct buf b;

	(void)state;
	problems_init(&p);
	buf_init(&b, 4096);
	assert_null(scenario_parse(view_of(text), 50, &p));
	problems_print(&p, "a.yaml", view_of(text), &b);
	buf_put_u8(&b, 0);
	assert_string_equal((char *)b.data,
		"a.yaml:5:5: error: unknown key 'hodl' in a step, did you mean 'hold'? "
		"[unknown-key]\n      - hodl: 10s\n        ^\n");
	buf_fini(&b);
	problems_fini(&p);
}

/*
 * Control characters of a file do not reach the terminal; long lines are shown in part.
 */
static void
hostile_lines_are_tamed(void **state)
{
	char text[2000] = HEAD "steps: [ ";
	struct problems p;
	struct buf b;

	(void)state;
	for (int i = 0; i < 300; i++)
		strcat(text, "\xc3\xa4, ");
	strcat(text, "]\n# \x1b[31m\n");
	problems_init(&p);
	buf_init(&b, 1 << 20);
	assert_null(scenario_parse(view_of(text), 50, &p));
	assert_true(p.count > 0);
	problems_print(&p, "a\x1b.yaml", view_of(text), &b);
	buf_put_u8(&b, 0);
	assert_null(strchr((char *)b.data, '\x1b'));
	for (const char *line = (char *)b.data; *line;) {
		const char *end = strchr(line, '\n');

		assert_true(end - line < 500);
		line = end + 1;
	}
	buf_fini(&b);
	problems_fini(&p);
}

/* A file over 1 MiB is refused unread, one of just that size is read. */
static void
size_is_bounded(void **state)
{
	char *text = malloc(SCENARIO_FILE_LEN_MAX + 2);
	struct problems p;
	struct scenario *s;
	size_t len = strlen(HEAD TAIL);

	(void)state;
	memset(text, '#', SCENARIO_FILE_LEN_MAX + 1);
	memcpy(text, HEAD TAIL, len);
	text[SCENARIO_FILE_LEN_MAX + 1] = '\0';
	problems_init(&p);
	assert_null(scenario_parse(view_of(text), 50, &p));
	assert_int_equal(p.count, 1);
	assert_int_equal(p.at[0].rule, RULE_SIZE);
	problems_fini(&p);
	text[SCENARIO_FILE_LEN_MAX] = '\0';
	problems_init(&p);
	s = scenario_parse(view_of(text), 50, &p);
	assert_non_null(s);
	scenario_free(s);
	problems_fini(&p);
	free(text);
}

/* A thousand errors are a hundred and a number. */
static void
errors_are_bounded(void **state)
{
	char text[16000] = HEAD "steps:\n";
	struct problems p;

	(void)state;
	for (int i = 0; i < 500; i++)
		strcat(text, "  - hold: 1\n");
	problems_init(&p);
	assert_null(scenario_parse(view_of(text), 50, &p));
	assert_int_equal(p.count, SCENARIO_ERRORS_MAX);
	assert_int_equal(p.dropped, 500 - SCENARIO_ERRORS_MAX);
	problems_fini(&p);
}

/* The example that people are given is right. */
static void
the_example_is_right(void **state)
{
	const char *root = getenv("SRCDIR");
	char path[1000], text[8192];
	struct problems p;
	struct scenario *s;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/examples/quickstart.yaml", root ? root : ".");
	f = fopen(path, "re");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	problems_init(&p);
	s = scenario_parse(view_of(text), 50, &p);
	assert_non_null(s);
	assert_int_equal(s->node_count, 18);
	assert_int_equal(s->step_count, 3);
	scenario_free(s);
	problems_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_files_are_refused),
		cmocka_unit_test(a_right_file_is_read),
		cmocka_unit_test(all_errors_are_told),
		cmocka_unit_test(errors_are_shown),
		cmocka_unit_test(hostile_lines_are_tamed),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(errors_are_bounded),
		cmocka_unit_test(the_example_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
