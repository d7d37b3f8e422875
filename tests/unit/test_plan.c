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
#include "scenario/registry.h"

#define NINE "meshes:\n  m1: { gateway: 2, broker: 3, compute: 4 }\n"

static struct scenario *
parse(const char *yaml)
{
	struct problems p;
	struct scenario *s;

	problems_init(&p);
	s = scenario_parse((struct view){ (const uint8_t *)yaml, strlen(yaml) }, 500, &p);
	if (!s)
		fail_msg("%u:%u: %s in\n%s", p.at[0].line, p.at[0].column, p.at[0].text,
			yaml);
	problems_fini(&p);
	return s;
}

/* Every named test can be read and planned, and its name is its own. */
static void
named_tests_are_right(void **state)
{
	(void)state;
	assert_true(registry_count() >= 30);
	for (size_t i = 0; i < registry_count(); i++) {
		const struct registry_test *t = registry_at(i);
		char *yaml = registry_scenario(t), why[PLAN_WHY_CAP];
		struct scenario *s;
		struct plan *p;

		assert_ptr_equal(registry_find(t->name), t);
		assert_true(registry_matches(t, "all"));
		if (!yaml) {
			char text[REPORT_TEXT_CAP];

			assert_true(t->probe || t->check(7, text));
			continue;
		}
		s = parse(yaml);
		assert_string_equal(s->name, t->name);
		for (uint64_t seed = 0; seed < 20; seed++) {
			p = plan_make(s, seed, why);
			if (!p)
				fail_msg("%s, seed %u: %s", t->name, (unsigned)seed, why);
			plan_free(p);
		}
		scenario_free(s);
		free(yaml);
	}
	assert_int_equal(mem_live(MEM_PLAN), 0);
}

/* The same seed gives the same plan three times; another gives another. */
static void
a_seed_is_a_plan(void **state)
{
	struct scenario *s = parse(
		"name: a\n" NINE "steps:\n  - fault: { primitive: burst-kill }\n"
		"  - soak: { duration: 10m, cadence: 2s }\n");
	char why[PLAN_WHY_CAP];
	struct plan *p = plan_make(s, 42, why), *other = plan_make(s, 43, why);

	(void)state;
	assert_true(p->fault_count > 100);
	for (size_t i = 0; i < 3; i++) {
		struct plan *again = plan_make(s, 42, why);
		struct buf a, b;

		assert_string_equal(again->hash, p->hash);
		buf_init(&a, 16 << 20);
		buf_init(&b, 16 << 20);
		plan_print(p, &a);
		plan_print(again, &b);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(a.data, b.data, a.len);
		buf_fini(&a);
		buf_fini(&b);
		plan_free(again);
	}
	assert_string_not_equal(other->hash, p->hash);
	plan_free(p);
	plan_free(other);
	scenario_free(s);
}

static size_t
targets_of(const char *fault, const char *more)
{
	char yaml[600], why[PLAN_WHY_CAP];
	struct scenario *s;
	struct plan *p;
	size_t count;

	snprintf(yaml, sizeof(yaml), "name: a\n" NINE "%ssteps:\n  - fault: { %s }\n",
		more, fault);
	s = parse(yaml);
	p = plan_make(s, 5, why);
	count = p ? p->faults[0].spec.target_count : 0;
	plan_free(p);
	scenario_free(s);
	return count;
}

/* How many are taken is what was said; where that is too many, there is no plan. */
static void
picks_are_obeyed(void **state)
{
	(void)state;
	assert_int_equal(targets_of("primitive: wedge", ""), 1);
	assert_int_equal(targets_of("primitive: burst-kill", ""), 3);
	assert_int_equal(targets_of("primitive: partition-subset", ""), 4);
	assert_int_equal(targets_of("primitive: wedge, pick: minority", ""), 4);
	assert_int_equal(targets_of("primitive: wedge, pick: 2", ""), 2);
	assert_int_equal(targets_of("primitive: wedge, pick: 33%", ""), 3);
	assert_int_equal(targets_of("primitive: partition-pair", ""), 2);
	assert_int_equal(targets_of("primitive: wedge, pick: majority", ""), 0);
	assert_int_equal(targets_of("primitive: wedge, pick: majority",
				 "guards: { share: 80%, allow: [ seed ] }\n"),
		5);
}

/* Guards: the share, the last gateway, the seed and who is kept alive; and the control.
 */
static void
guards_hold(void **state)
{
	(void)state;
	assert_int_equal(targets_of("primitive: kill, targets: m1.gateway#2", ""), 1);
	assert_int_equal(targets_of("primitive: kill, targets: m1.gateway#1", ""), 0);
	assert_int_equal(targets_of("primitive: kill, targets: m1.gateway#1",
				 "guards: { allow: [ seed ] }\n"),
		1);
	assert_int_equal(targets_of("primitive: burst-kill, targets: m1.gateway, pick: 2",
				 "guards: { allow: [ seed ] }\n"),
		0);
	assert_int_equal(targets_of("primitive: burst-kill, targets: m1.broker, pick: 3",
				 "guards: { keep-alive: { broker: 1 } }\n"),
		0);
	assert_int_equal(targets_of("primitive: burst-kill, targets: m1.broker, pick: 2",
				 "guards: { keep-alive: { broker: 1 } }\n"),
		2);
	assert_int_equal(targets_of("primitive: burst-kill, pick: 2",
				 "guards: { share: 20% }\n"),
		0);
	/* What takes nobody out of the mesh may act on its seed. */
	assert_int_equal(
		targets_of("primitive: slow-link, targets: m1.gateway#1", ""), 1);
}

/* Who was killed by one step is no target of the next, until somebody spawns it. */
static void
the_dead_are_no_targets(void **state)
{
	struct scenario *s = parse("name: a\n" NINE
		"steps:\n  - fault: { primitive: kill, targets: m1.broker#2 }\n"
		"  - fault: { primitive: wedge, targets: m1.broker#2 }\n");
	char why[PLAN_WHY_CAP];

	(void)state;
	assert_null(plan_make(s, 1, why));
	assert_non_null(strstr(why, "m1.broker#2 is not there"));
	scenario_free(s);
	s = parse("name: a\n" NINE
		"steps:\n  - fault: { primitive: kill, targets: m1.broker#2 }\n"
		"  - spawn: m1.broker#2\n"
		"  - fault: { primitive: wedge, targets: m1.broker#2 }\n");

	struct plan *p = plan_make(s, 1, why);

	assert_non_null(p);
	plan_free(p);
	scenario_free(s);
}

/* Faults that begin together have no target in common. */
static void
nobody_has_two_faults(void **state)
{
	struct scenario *s = parse("name: a\n" NINE
		"steps:\n  - parallel:\n"
		"    - fault: { primitive: wedge, targets: m1.broker }\n"
		"    - fault: { primitive: slow-link, targets: m1.broker }\n"
		"    - fault: { primitive: clock-skew, targets: m1.broker }\n");
	char why[PLAN_WHY_CAP];

	(void)state;
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct plan *p = plan_make(s, seed, why);

		assert_non_null(p);
		assert_int_not_equal(
			p->faults[0].spec.targets[0], p->faults[1].spec.targets[0]);
		assert_int_not_equal(
			p->faults[0].spec.targets[0], p->faults[2].spec.targets[0]);
		assert_int_not_equal(
			p->faults[1].spec.targets[0], p->faults[2].spec.targets[0]);
		plan_free(p);
	}
	scenario_free(s);
}

/* The weights of a soak decide how often each comes, and sham never does. */
static void
weights_count(void **state)
{
	struct scenario *s = parse("name: a\n" NINE
		"steps:\n  - soak: { duration: 2h, cadence: 30s,\n"
		"      primitives: { wedge: 3, clock-skew: 1, kill: 0 } }\n");
	size_t seen[PRIMITIVES] = { 0 };
	char why[PLAN_WHY_CAP];
	struct plan *p = plan_make(s, 9, why);

	(void)state;
	assert_non_null(p);
	assert_int_equal(p->fault_count, 240);
	for (size_t i = 0; i < p->fault_count; i++) {
		assert_false(p->faults[i].skipped);
		assert_int_equal(p->faults[i].at_ns, i * SECONDS(30));
		seen[p->faults[i].spec.primitive]++;
	}
	assert_int_equal(seen[PRIMITIVE_WEDGE] + seen[PRIMITIVE_CLOCK_SKEW], 240);
	assert_true(seen[PRIMITIVE_WEDGE] > 2 * seen[PRIMITIVE_CLOCK_SKEW]);
	plan_free(p);
	scenario_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named_tests_are_right),
		cmocka_unit_test(a_seed_is_a_plan),
		cmocka_unit_test(picks_are_obeyed),
		cmocka_unit_test(guards_hold),
		cmocka_unit_test(the_dead_are_no_targets),
		cmocka_unit_test(nobody_has_two_faults),
		cmocka_unit_test(weights_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
