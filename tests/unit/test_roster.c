/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "scenario/plan.h"
#include "scenario/roster.h"

#define HEAD "name: a\nattach: true\nmeshes:\n  m2: { broker: 2 }\n" \
	"  m1: { gateway: 1, broker: 3 }\n"
#define STEPS "steps:\n  - fault: { primitive: kill, targets: \"*.broker\" }\n" \
	"  - fault: { primitive: partition-pair, targets: m1.broker }\n"

static struct scenario *
parse(const char *text)
{
	struct problems p;
	struct scenario *s;

	problems_init(&p);
	s = scenario_parse((struct view){ (const uint8_t *)text, strlen(text) }, 50, &p);
	for (size_t k = 0; k < p.count; k++)
		print_message("#   %u:%u %s\n", p.at[k].line, p.at[k].column,
			p.at[k].text);
	assert_non_null(s);
	problems_fini(&p);
	return s;
}

static struct scenario_place
node(const char *mesh, const char *type, uint8_t id)
{
	struct scenario_place n = { .seed = false };

	n.id.bytes[0] = id;
	snprintf(n.mesh, sizeof(n.mesh), "%s", mesh);
	snprintf(n.type, sizeof(n.type), "%s", type);
	snprintf(n.name, sizeof(n.name), "%s.%s.%02x", mesh, type, id);
	return n;
}

/* Ten nodes, one of them of a mesh that the file does not name. */
#define COUNT 10
static void
make_nodes(struct scenario_place to[static COUNT])
{
	to[0] = node("m1", "broker", 5);
	to[1] = node("m1", "broker", 2);
	to[2] = node("m3", "broker", 1);
	to[3] = node("m2", "broker", 9);
	to[4] = node("m1", "gateway", 4);
	to[5] = node("m2", "broker", 8);
	to[6] = node("m1", "broker", 7);
	to[7] = node("m1", "compute", 3);
	to[8] = node("m1", "broker", 6);
	to[9] = node("m2", "broker", 10);
	to[4].seed = true;
}

/* Too few are said by mesh, type and count; more than wanted are welcome. */
static void
what_is_missing_is_said(void **state)
{
	struct scenario_place nodes[COUNT];
	struct scenario *s = parse(HEAD STEPS);
	char why[ROSTER_WHY_CAP];

	(void)state;
	make_nodes(nodes);
	assert_true(roster_is_enough(s, nodes, COUNT, why));
	assert_false(roster_is_enough(s, nodes, 2, why));
	assert_string_equal(why, "nobody of m2 was heard");
	assert_false(roster_is_enough(s, nodes, 6, why));
	assert_string_equal(why, "m1 has 2 broker, the file wants at least 3");
	scenario_free(s);
}

/* Meshes as in the file, then types, then ids; who is of another mesh is left out. */
static void
the_order_is_of_ids(void **state)
{
	static const uint8_t ids[] = { 8, 9, 10, 2, 5, 6, 7, 3, 4 };
	struct scenario_place nodes[COUNT];
	struct scenario *s = parse(HEAD STEPS);
	char why[ROSTER_WHY_CAP];

	(void)state;
	make_nodes(nodes);
	assert_int_equal(roster_take(s, nodes, COUNT, why), ERR_OK);
	assert_int_equal(s->node_count, COUNT - 1);
	for (size_t i = 0; i < s->node_count; i++)
		assert_int_equal(s->roster[i].id.bytes[0], ids[i]);
	assert_int_equal(s->group_count, 4);
	assert_string_equal(s->groups[0].mesh, "m2");
	assert_int_equal(s->groups[0].count, 3);
	assert_string_equal(s->groups[2].type, "compute");
	assert_int_equal(s->groups[1].count, 4);
	scenario_free(s);
}

/* The same nodes, in whatever order they were heard, and the same seed: one plan. */
static void
the_same_roster_gives_the_same_plan(void **state)
{
	char why[PLAN_WHY_CAP], hashes[3][65];

	(void)state;
	for (size_t run = 0; run < 3; run++) {
		struct scenario_place nodes[COUNT];
		struct scenario *s = parse(HEAD STEPS);
		struct plan *p;

		make_nodes(nodes);
		for (size_t i = 0; i < COUNT / 2 && run == 1; i++) {
			struct scenario_place other = nodes[i];

			nodes[i] = nodes[COUNT - 1 - i];
			nodes[COUNT - 1 - i] = other;
		}
		if (run == 2)
			nodes[6] = node("m1", "broker", 17);
		assert_int_equal(roster_take(s, nodes, COUNT, why), ERR_OK);
		p = plan_make(s, 5, why);
		assert_non_null(p);
		assert_int_equal(p->fault_count, 2);
		assert_string_equal(p->nodes[0].name, "m2.broker.08");
		assert_true(p->nodes[8].seed);
		assert_false(p->nodes[0].seed);
		memcpy(hashes[run], p->hash, sizeof(hashes[run]));
		plan_free(p);
		scenario_free(s);
	}
	assert_string_equal(hashes[0], hashes[1]);
	assert_string_not_equal(hashes[0], hashes[2]);
}

/* Before anybody was heard the plan has no targets, and says among whom they will be. */
static void
a_plan_without_a_roster_says_so(void **state)
{
	struct scenario *s = parse(HEAD STEPS);
	char why[PLAN_WHY_CAP];
	struct plan *p = plan_make(s, 5, why);
	struct buf b;

	(void)state;
	assert_non_null(p);
	assert_int_equal(p->fault_count, 0);
	buf_init(&b, 10000);
	plan_print(p, &b);
	buf_put_u8(&b, 0);
	assert_non_null(strstr((char *)b.data, "chosen among them then"));
	assert_non_null(strstr((char *)b.data, "among *.broker; 50% of all"));
	assert_non_null(strstr((char *)b.data, "among m1.broker, with one of all"));
	buf_fini(&b);
	plan_free(p);
	scenario_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_missing_is_said),
		cmocka_unit_test(the_order_is_of_ids),
		cmocka_unit_test(the_same_roster_gives_the_same_plan),
		cmocka_unit_test(a_plan_without_a_roster_says_so),
	};

	return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
