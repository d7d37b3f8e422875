/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "scenario/scenario.h"

/*
 * Broken scenario files, with the half of a hundred that test_scenario.c has: faults,
 * claims, selectors, guards, links. Each has one error: where, which rule, what it says.
 */
#define HEAD "name: a\nmeshes:\n  m1: { broker: 3, gateway: 1 }\n"
#define STEP HEAD "steps:\n  - "
#define FAULT STEP "fault: { primitive: "
#define ATTACH HEAD "attach: true\n"
#define TAIL "steps:\n  - stop\n"

static const struct {
	const char *text;
	unsigned line, column;
	enum rule rule;
	const char *says;
} bad[] = {
	{STEP "fault: kill\n", 5, 12, RULE_TYPE, "'fault' has to be a mapping"},
	{ATTACH "steps:\n  - stop\n", 6, 5, RULE_ATTACH, "'stop' ends nodes that were"},
	{ATTACH "steps:\n  - stop: m1\n", 6, 5, RULE_ATTACH, "'stop' ends nodes"},
	{ATTACH "steps:\n  - spawn: m1\n", 6, 5, RULE_ATTACH, "'spawn' starts nodes"},
	{ATTACH "steps:\n  - send: { from: m1, to: m1.broker }\n", 6, 5, RULE_ATTACH,
		"'send' is ordered by a node's parent"},
	{ATTACH "steps:\n  - echo: { from: m1, to: m1.broker }\n", 6, 5, RULE_ATTACH,
		"'echo' is ordered by a node's parent"},
	{ATTACH "steps:\n  - gossip: { from: m1 }\n", 6, 5, RULE_ATTACH,
		"'gossip' is ordered by a node's parent"},
	{ATTACH "steps:\n  - soak: { duration: 5m, primitives: [ kill ] }\n", 6, 41,
		RULE_ATTACH, "kill has no place in a soak with attach"},
	{ATTACH "steps:\n  - soak: { duration: 5m, primitives: { restart: 2 } }\n", 6, 41,
		RULE_ATTACH, "restart has no place in a soak"},
	{ATTACH "links: [ { from: m1, to: m1, loss: 1% } ]\nsteps:\n  - hold: 1s\n", 5, 8,
		RULE_ATTACH, "'links' stand for the whole run"},
	{ATTACH "nodes: [ { match: m1, start: later } ]\nsteps:\n  - hold: 1s\n", 5, 30,
		RULE_ATTACH, "'start: later'"},
	{ATTACH "seeds: m1\nsteps:\n  - hold: 1s\n", 5, 8, RULE_VALUE,
		"ID@HOST:PORT"},
	{ATTACH "seeds: [ abc@127.0.0.1:4 ]\nsteps:\n  - hold: 1s\n", 5, 10, RULE_VALUE,
		"64 hex"},
	{HEAD "seeds: [ a ]\n" TAIL, 4, 8, RULE_ATTACH, "'seeds' are for attach: true"},
	{HEAD "attach: 1\n" TAIL, 4, 9, RULE_VALUE, "no 'attach'"},
	{STEP "fault: {}\n", 5, 12, RULE_MISSING, "needs the key 'primitive'"},
	{STEP "fault\n", 5, 5, RULE_STEP, "'fault' needs a value"},
	{FAULT "kil }\n", 5, 25, RULE_VALUE, "did you mean 'kill'"},
	{FAULT "partition }\n", 5, 25, RULE_VALUE, "no primitive"},
	{FAULT "[kill] }\n", 5, 25, RULE_TYPE, "primitive has to be a single value"},
	{FAULT "kill, target: m1 }\n", 5, 31, RULE_UNKNOWN, "did you mean 'targets'"},
	{FAULT "kill, targets: m2 }\n", 5, 40, RULE_SELECT, "matches no node"},
	{FAULT "kill, targets: m1.compute }\n", 5, 40, RULE_SELECT, "matches no node"},
	{FAULT "kill, targets: \"m1.broker#4\" }\n", 5, 40, RULE_SELECT, "matches no"},
	{FAULT "kill, targets: \"m1.broker#0\" }\n", 5, 40, RULE_SELECT,
		"selects nothing"},
	{FAULT "kill, targets: M1 }\n", 5, 40, RULE_SELECT, "selects nothing"},
	{FAULT "kill, targets: [] }\n", 5, 40, RULE_EMPTY, "'targets' selects nothing"},
	{FAULT "kill, targets: { m1: 1 } }\n", 5, 40, RULE_TYPE, "a single value"},
	{FAULT "kill, pick: some }\n", 5, 37, RULE_VALUE, "no way to pick"},
	{FAULT "kill, pick: mojority }\n", 5, 37, RULE_VALUE, "did you mean 'majority'"},
	{FAULT "kill, pick: 0 }\n", 5, 37, RULE_RANGE, "1 to 64"},
	{FAULT "kill, pick: 0% }\n", 5, 37, RULE_RANGE, "1% to 100%"},
	{FAULT "kill, pick: 120% }\n", 5, 37, RULE_RANGE, "1% to 100%"},
	{FAULT "kill, pick: 2x }\n", 5, 37, RULE_NUMBER, "no number"},
	{FAULT "kill, for: 10 }\n", 5, 36, RULE_UNIT, "10s"},
	{FAULT "kill, for: 10ms }\n", 5, 36, RULE_RANGE, "1s at least"},
	{FAULT "kill, for: 30h }\n", 5, 36, RULE_RANGE, "a day at most"},
	{FAULT "kill, for: soon }\n", 5, 36, RULE_DURATION, "'soon'"},
	{FAULT "kill, delay: 1s }\n", 5, 38, RULE_PARAM, "nothing that kill can be told"},
	{FAULT "slow-link, delay: 100 }\n", 5, 43, RULE_UNIT, "100s or 300ms"},
	{FAULT "slow-link, delay: 1ms }\n", 5, 43, RULE_RANGE, "20ms to 10"},
	{FAULT "slow-link, dealy: 1s }\n", 5, 36, RULE_UNKNOWN, "did you mean 'delay'"},
	{FAULT "lossy-link, loss: 10 }\n", 5, 43, RULE_UNIT, "10% or 2.5%"},
	{FAULT "lossy-link, loss: 1% }\n", 5, 43, RULE_RANGE, "3% to 90%"},
	{FAULT "lossy-link, loss: x% }\n", 5, 43, RULE_NUMBER, "no share"},
	{FAULT "clock-skew, offset: -5 }\n", 5, 45, RULE_UNIT, "no unit"},
	{FAULT "clock-skew, offset: -1ms }\n", 5, 45, RULE_RANGE, "'offset'"},
	{FAULT "kill, against: m1 }\n", 5, 40, RULE_PARAM, "'against' is for pairs"},
	{FAULT "flap-link, pick: 3 }\n", 5, 42, RULE_PARAM, "one node and another"},
	{FAULT "kill, expect: alive }\n", 5, 39, RULE_VALUE, "nothing to wait for"},
	{FAULT "kill, expect: live }\n", 5, 39, RULE_CLAIM, "a comparison and a value"},
	{STEP "expect: live = 3 nodes\n", 5, 18, RULE_CLAIM, "a comparison"},
	{STEP "expect: components m9 = 1\n", 5, 13, RULE_SELECT, "no node"},
	{STEP "expect: live >= lots\n", 5, 21, RULE_UNIT, "'lots' is no number"},
	{STEP "expect: directories = 3\n", 5, 27, RULE_UNIT, "99%"},
	{STEP "expect: latency.p99 < 50\n", 5, 27, RULE_UNIT, "50ms or 2s"},
	{STEP "expect: memory < 9ms\n", 5, 22, RULE_UNIT, "MiB"},
	{STEP "expect: converged = 1\n", 5, 23, RULE_CLAIM, "no comparison"},
	{STEP "expect: []\n", 5, 13, RULE_EMPTY, "claims nothing"},
	{STEP "expect: { within: 1s }\n", 5, 13, RULE_MISSING, "'that'"},
	{STEP "parallel: []\n", 5, 15, RULE_EMPTY, "no step"},
	{STEP "parallel: [ { parallel: [ stop ] } ]\n", 5, 17, RULE_STEP, "single steps"},
	{STEP "repeat: { steps: [ stop ] }\n", 5, 13, RULE_MISSING, "'times'"},
	{STEP "repeat: { times: 0, steps: [ stop ] }\n", 5, 22, RULE_RANGE, "1 to 1000"},
	{STEP "repeat: { times: 2, steps: [ { repeat: { times: 2, steps: [ stop ] } } "
	      "] }\n",
		5, 34, RULE_STEP, "cannot hold another"},
	{STEP "repeat: { times: 1000, steps: [ stop, stop ] }\n", 5, 13, RULE_LIMIT,
		"more than 1000 steps"},
	{STEP "soak: { cadence: 5s }\n", 5, 11, RULE_MISSING, "'duration'"},
	{STEP "soak: { duration: 5m, cadence: 500ms }\n", 5, 36, RULE_RANGE, "1s"},
	{STEP "soak: { duration: 5m, primitives: [ sham ] }\n", 5, 41, RULE_VALUE,
		"never proven"},
	{STEP "soak: { duration: 5m, primitives: { kill: many } }\n", 5, 47, RULE_NUMBER,
		"a weight"},
	{STEP "soak: { duration: 5m, primitives: kill }\n", 5, 39, RULE_TYPE, "a list"},
	{STEP "soak: { duration: 5m, budget: { timeouts: 1% } }\n", 5, 37, RULE_UNKNOWN,
		"did you mean 'timeout'"},
	{STEP "soak: { duration: 7m, every: 0 }\n", 5, 34, RULE_RANGE, "'every'"},
	{STEP "spawn: m7\n", 5, 12, RULE_SELECT, "no node"},
	{HEAD "seed: x\n" TAIL, 4, 7, RULE_NUMBER, "'seed'"},
	{HEAD "guards: { share: 0% }\n" TAIL, 4, 18, RULE_RANGE, "'share'"},
	{HEAD "guards: { keep-alive: { compute: 1 } }\n" TAIL, 4, 25, RULE_GUARD,
		"no mesh has nodes of type 'compute'"},
	{HEAD "guards: { allow: [ seeds ] }\n" TAIL, 4, 20, RULE_VALUE,
		"did you mean 'seed'"},
	{HEAD "guards: { shares: 5% }\n" TAIL, 4, 11, RULE_UNKNOWN, "'share'"},
	{HEAD "links: { from: m1 }\n" TAIL, 4, 8, RULE_TYPE, "'links' has to be a list"},
	{HEAD "links: [ { from: m1, delay: 1ms } ]\n" TAIL, 4, 10, RULE_MISSING, "'to'"},
	{HEAD "links: [ { from: m1, to: m1 } ]\n" TAIL, 4, 10, RULE_EMPTY, "as it is"},
	{HEAD "links: [ { from: m1, to: m1, rate: 64 } ]\n" TAIL, 4, 36, RULE_UNIT,
		"64kB"},
	{HEAD "links: [ { from: m1, to: m1, rate: 5B } ]\n" TAIL, 4, 36, RULE_RANGE,
		"600B"},
	{HEAD "links: [ { from: m1, to: m1, delay: 2m } ]\n" TAIL, 4, 37, RULE_RANGE,
		"60s"},
	{HEAD "links: [ { from: m1, to: m1, delay: 1ms, jitter: 2ms } ]\n" TAIL, 4, 50,
		RULE_RANGE, "at most the delay"},
	{HEAD "links: [ { from: m1, to: m1, cut: yes } ]\n" TAIL, 4, 35, RULE_VALUE,
		"'false'"},
	{HEAD "nodes: [ { match: m1, start: never } ]\n" TAIL, 4, 30, RULE_VALUE,
		"time to start"},
	{HEAD "steady_state: wonderful\n" TAIL, 4, 15, RULE_VALUE, "nothing to wait for"},
	{HEAD "report: { xml: a }\n" TAIL, 4, 11, RULE_UNKNOWN, "'report'"},
	{HEAD "report: { json: \"\" }\n" TAIL, 4, 17, RULE_VALUE, "the name of a file"},
};

/* With those of test_scenario.c there are more than a hundred. */
_Static_assert(sizeof(bad) / sizeof(bad[0]) >= 70, "broken files");

/* Each is refused once, at its place, under its rule, with words that help. */
static void
broken_files_are_refused(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *text = bad[i].text;
		struct problems p;

		problems_init(&p);
		if (scenario_parse((struct view){(const uint8_t *)text, strlen(text)}, 50,
			    &p) == NULL &&
			p.count == 1 && p.at[0].line == bad[i].line &&
			p.at[0].column == bad[i].column && p.at[0].rule == bad[i].rule &&
			strstr(p.at[0].text, bad[i].says)) {
			problems_fini(&p);
			continue;
		}
		wrong++;
		print_message("# %zu: %s", i, strrchr(text, '{') ? text : text);
		for (size_t k = 0; k < p.count; k++)
			print_message("#   %u:%u %s [%s]\n", p.at[k].line, p.at[k].column,
				p.at[k].text, problems_rule(p.at[k].rule));
		problems_fini(&p);
	}
	assert_int_equal(wrong, 0);
}

/* The control: all of the language in one file that is right. */
static void
a_right_file_is_read(void **state)
{
	static const char text[] =
		"name: all\nseed: 7\nmeshes:\n  m1: { gateway: 2, broker: 4 }\n"
		"  m2: { broker: 2 }\nnodes:\n  - { match: \"m1.broker#4\", start: later "
		"}\n"
		"links:\n  - { from: m1.broker, to: m1.gateway, delay: 5ms, jitter: 1ms, "
		"loss: 0.5%, rate: 1.5MB }\n  - { from: m2, to: m2, cut: false, loss: 1% "
		"}\n"
		"guards: { share: 40%, keep-alive: { gateway: 1 }, allow: [ seed ] }\n"
		"steady_state: [ converged, \"degree.min >= 1\" ]\n"
		"report: { json: a, tap: b, junit: c }\nsteps:\n"
		"  - wait: { until: [ converged, live *.broker >= 50% ], within: 20s }\n"
		"  - expect: [ components m1 = 1, latency.p99 < 50ms, memory < 64MiB ]\n"
		"  - expect: { that: directories = 100%, within: 1s }\n"
		"  - spawn: \"m1.broker#4\"\n  - parallel:\n"
		"      - fault: { primitive: slow-link, targets: [ m1.broker, m2 ], "
		"pick: one, "
		"delay: 50ms, jitter: 5ms, for: 5s, expect: live = 100% }\n      - hold: "
		"3s\n"
		"  - repeat: { times: 3, steps: [ { hold: 1s }, { parallel: [ { hold: 1s "
		"}, "
		"{ hold: 2s } ] } ] }\n"
		"  - soak: { duration: 5m, cadence: 10s, primitives: { kill: 1, wedge: 3 "
		"}, "
		"budget: { timeout: 0%, assertion: 0%, unproven: 2.5% }, every: 3, "
		"invariants: converged, targets: m1, for: 4s }\n"
		"  - stop: [ m1.broker ]\n  - stop\n";
	struct problems p;
	struct scenario *s;

	(void)state;
	problems_init(&p);
	s = scenario_parse((struct view){ (const uint8_t *)text, strlen(text) }, 50, &p);
	for (size_t k = 0; k < p.count; k++)
		print_message(
			"#   %u:%u %s\n", p.at[k].line, p.at[k].column, p.at[k].text);
	assert_non_null(s);
	assert_int_equal(s->seed, 7);
	assert_int_equal(s->link_count, 2);
	assert_int_equal(s->links[0].loss, 50);
	assert_int_equal(s->links[0].rate, 1500000);
	assert_int_equal(s->guards.share, 40);
	assert_true(s->guards.seed && !s->guards.last_gateway);
	/* 4, the two at once, three times one and two at once, soak and two stops. */
	assert_int_equal(s->step_count, 4 + 2 + 3 * 3 + 3);
	assert_int_equal(s->steps[4].group, s->steps[5].group);
	assert_int_equal(s->steps[7].group, s->steps[8].group);
	assert_int_not_equal(s->steps[7].group, s->steps[10].group);
	assert_int_equal(s->steps[6].group, 0);
	assert_int_equal(s->faults[0].params[PARAM_DELAY], MILLISECONDS(50));
	assert_int_equal(s->soaks[0].weights[PRIMITIVE_WEDGE], 3);
	assert_int_equal(s->soaks[0].budget_unproven, 250);
	scenario_free(s);
	problems_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_files_are_refused),
		cmocka_unit_test(a_right_file_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
