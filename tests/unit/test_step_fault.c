/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "scenario/events.h"
#include "scenario/outcome.h"
#include "scenario/resume.h"
#include "scenario_world.h"

#define NODES "name: t\nmeshes:\n  m1: { gateway: 2, broker: 6 }\n"
#define WAIT "steps:\n  - wait: { until: converged, within: 5s }\n"

static struct world w;

static uint64_t
figure(const struct report_step *st, const char *name)
{
	for (size_t i = 0; i < st->figure_count; i++)
		if (strcmp(st->figures[i].name, name) == 0)
			return st->figures[i].value;
	fail_msg("no figure %s", name);
	return 0;
}

/* A kill that is obeyed passes, and a node that was spawned again is somebody else. */
static void
a_kill_passes(void **state)
{
	const struct report *r;

	(void)state;
	world_init(&w,
		NODES WAIT "  - fault: { primitive: kill, targets: m1.broker }\n"
			   "  - expect: [ ready = 7, converged ]\n"
			   "  - spawn: m1.broker\n"
			   "  - wait: { until: [ ready = 8, converged ], within: 9s }\n"
			   "  - stop\n");
	w.obeys = true;
	r = world_run(&w);
	for (size_t i = 0; i < r->step_count; i++)
		if (r->steps[i].verdict != VERDICT_PASS)
			fail_msg("%s: %s", r->steps[i].what, r->steps[i].reason);
	assert_int_equal(r->verdict, VERDICT_PASS);
	assert_int_equal(r->fault_count, 1);
	assert_int_equal(r->faults[0].verdict, JUDGE_PASS);
	assert_true(r->faults[0].witnessed_ns > r->faults[0].injected_ns);
	assert_int_equal(w.orders, 1);
	world_fini(&w);
}

/* The control: without the death it is unproven; the run goes on, and is no pass. */
static void
without_a_death_it_is_unproven(void **state)
{
	const struct report *r;

	(void)state;
	world_init(&w, NODES WAIT "  - fault: { primitive: kill, targets: m1.broker }\n"
				  "  - expect: [ ready = 8, converged ]\n  - stop\n");
	r = world_run(&w);
	assert_int_equal(w.orders, 1);
	assert_int_equal(r->steps[1].verdict, VERDICT_UNPROVEN);
	assert_int_equal(r->steps[2].verdict, VERDICT_PASS);
	assert_int_equal(r->steps[3].verdict, VERDICT_PASS);
	assert_int_equal(r->verdict, VERDICT_UNPROVEN);
	world_fini(&w);
}

/* Without its steady state a fault is not begun, and nobody is told anything. */
static void
no_steady_state_no_fault(void **state)
{
	const struct report *r;

	(void)state;
	world_init(&w, NODES "steady_state: ready = 9\n" WAIT
			     "  - fault: { primitive: kill, targets: m1.broker }\n");
	w.obeys = true;
	r = world_run(&w);
	assert_int_equal(w.orders, 0);
	assert_int_equal(r->verdict, VERDICT_UNPROVEN);
	assert_non_null(strstr(r->steps[1].reason, "steady state"));
	world_fini(&w);
}

/* What is claimed of the time of a fault and never true fails it. */
static void
a_claim_about_the_fault_counts(void **state)
{
	const struct report *r;

	(void)state;
	world_init(&w, NODES WAIT "  - fault: { primitive: kill, targets: m1.broker, "
				  "expect: ready = 3 }\n");
	w.obeys = true;
	r = world_run(&w);
	assert_int_equal(r->verdict, VERDICT_FAIL);
	world_fini(&w);
}

/* A soak of kills passes within its budget, and every place is filled again. */
static void
a_soak_keeps_the_pool_full(void **state)
{
	const struct report *r;

	(void)state;
	world_init(&w, NODES WAIT "  - soak: { duration: 30s, cadence: 5s, every: 2,\n"
				  "      primitives: [ kill ], targets: m1.broker }\n"
				  "  - expect: ready = 8\n  - stop\n");
	w.obeys = true;
	r = world_run(&w);
	if (r->verdict != VERDICT_PASS)
		fail_msg("%s", r->steps[1].reason);
	assert_true(figure(&r->steps[1], "faults") >= 3);
	assert_int_equal(figure(&r->steps[1], "passed"), figure(&r->steps[1], "faults"));
	assert_true(figure(&r->steps[1], "looks") >= 2);
	assert_int_equal(w.count, 8 + figure(&r->steps[1], "faults"));
	world_fini(&w);
}

/* The control: where nobody dies the soak is unproven. */
static void
a_soak_that_does_nothing_is_unproven(void **state)
{
	const struct report *r;

	(void)state;
	world_init(&w, NODES WAIT "  - soak: { duration: 8s, cadence: 4s,\n"
				  "      primitives: [ kill ], targets: m1.broker }\n");
	r = world_run(&w);
	assert_int_equal(r->steps[1].verdict, VERDICT_UNPROVEN);
	assert_int_equal(figure(&r->steps[1], "passed"), 0);
	assert_true(figure(&r->steps[1], "unproven") > 0);
	world_fini(&w);
}

/* A node that dies in a soak though nobody ordered it fails it. */
static void
a_crash_fails_a_soak(void **state)
{
	const struct report *r;

	(void)state;
	world_init(&w, NODES WAIT "  - soak: { duration: 30s, cadence: 10s,\n"
				  "      primitives: [ kill ], targets: m1.broker }\n");
	w.obeys = true;
	w.killed = 0;
	w.killed_ns = SECONDS(1004);
	r = world_run(&w);
	assert_int_equal(r->verdict, VERDICT_FAIL);
	assert_non_null(
		strstr(r->steps[1].reason, "m1.gateway.a00000 ended by signal 9"));
	world_fini(&w);
}

/* A soak without nodes fails. */
static void
an_empty_soak_fails(void **state)
{
	const struct report *r;

	(void)state;
	world_init(&w, "name: t\nmeshes:\n  m1: { broker: 0 }\nsteps:\n"
		       "  - soak: { duration: 5s }\n");
	r = world_run(&w);
	assert_int_equal(r->verdict, VERDICT_FAIL);
	world_fini(&w);
}

/* Who starts later is missed by nobody before. */
static void
later_ones_are_not_missed(void **state)
{
	const struct report *r;

	(void)state;
	world_init(&w, "name: t\nmeshes:\n  m1: { gateway: 2, broker: 2 }\n"
		       "nodes: [ { match: m1.broker, start: later } ]\n" WAIT
		       "  - expect: ready = 2\n  - spawn: m1.broker\n"
		       "  - wait: { until: [ converged, ready = 4 ], within: 5s }\n"
		       "  - stop: m1.broker\n"
		       "  - wait: { until: [ converged, ready = 2 ], within: 5s }\n"
		       "  - hold: 1s\n  - stop\n");
	w.notice_ns = MILLISECONDS(1);
	r = world_run(&w);
	for (size_t i = 0; i < r->step_count; i++)
		if (r->steps[i].verdict != VERDICT_PASS)
			fail_msg("%s: %s", r->steps[i].what, r->steps[i].reason);
	world_fini(&w);
}

static int
verify(const struct buf *b, size_t len, struct buf *said)
{
	return events_verify((struct view){ b->data, len }, NULL, said);
}

/* A report is verified by its own evidence; one with a byte changed is not. */
static void
reports_are_verified(void **state)
{
	const struct report *r;
	struct buf b, said;

	(void)state;
	world_init(&w, NODES WAIT "  - fault: { primitive: kill, targets: m1.broker }\n"
				  "  - fault: { primitive: sham, for: 1s }\n  - stop\n");
	w.obeys = true;
	r = world_run(&w);
	buf_init(&b, 16 << 20);
	buf_init(&said, 1 << 20);
	report_json(r, &b);
	assert_int_equal(verify(&b, b.len, &said), 0);
	for (size_t i = 0; i < b.len; i += 211) {
		uint8_t was = b.data[i];

		b.data[i] = was == '7' ? '8' : '7';
		if (was != ' ' && was != '\n')
			assert_int_not_equal(
				verify(&b, b.len, &said), 0);
		b.data[i] = was;
		buf_clear(&said);
	}
	assert_int_not_equal(verify(&b, b.len / 2, &said), 0);
	assert_int_not_equal(
		events_verify(
			(struct view){ (const uint8_t *)"{}", 2 }, NULL, &said), 0);
	buf_fini(&b);
	buf_fini(&said);
	world_fini(&w);
}

/* A series of latencies that are all zero fails a run, whatever its verdicts. */
static void
latencies_of_zero_fail(void **state)
{
	struct report *r;

	(void)state;
	world_init(&w, NODES WAIT "  - fault: { primitive: kill, targets: m1.broker }\n"
				  "  - stop\n");
	w.obeys = true;
	r = (struct report *)world_run(&w);
	assert_int_equal(r->verdict, VERDICT_PASS);
	r->faults[0].witnessed_ns = r->faults[0].injected_ns;
	assert_int_equal(outcome_zero_series(r), PRIMITIVE_KILL);
	report_judge(r);
	assert_int_equal(r->verdict, VERDICT_FAIL);
	world_fini(&w);
}

/* A soak that was cut short goes on where it was, and both parts are counted. */
static void
a_soak_is_resumed(void **state)
{
	static const char yaml[] =
		NODES WAIT "  - soak: { duration: 60s, cadence: 10s, every: 9,\n"
			   "      primitives: [ kill ], targets: m1.broker }\n";
	char why[RESUME_WHY_CAP];
	struct report_soak from;
	size_t first;
	struct buf b;

	(void)state;
	world_init(&w, yaml);
	w.obeys = true;
	w.cancel_ns = SECONDS(1027);
	world_run(&w);
	buf_init(&b, 16 << 20);
	report_json(runner_report(w.runner), &b);
	assert_int_equal(
		resume_read((struct view){ b.data, b.len }, w.plan, &from, why), 0);
	first = from.passed;
	assert_in_range(first, 1, 3);
	assert_in_range(from.next, first, 4);
	world_fini(&w);

	world_init(&w, yaml);
	assert_int_equal(
		resume_read((struct view){ b.data, b.len }, w.plan, &from, why), 0);
	assert_int_equal(
		resume_read((struct view){b.data, b.len / 2}, w.plan, &from, why),
		ERR_MALFORMED);
	memcpy(w.plan->hash, "00", 2);
	assert_int_equal(
		resume_read((struct view){ b.data, b.len }, w.plan, &from, why),
		ERR_FOREIGN);
	world_fini(&w);

	world_init(&w, yaml);
	assert_int_equal(
		resume_read((struct view){ b.data, b.len }, w.plan, &from, why), 0);
	world_resume(&w, &from);
	w.obeys = true;
	world_run(&w);
	assert_int_equal(runner_report(w.runner)->verdict, VERDICT_PASS);
	assert_int_equal(figure(&runner_report(w.runner)->steps[1], "passed"),
		first + w.orders);
	assert_int_equal(first + w.orders + (from.next - first), 6 + (from.next - first));
	buf_fini(&b);
	world_fini(&w);
}

/* A look at a run that goes on is unproven, and changes nothing of what comes of it. */
static void
a_snapshot_is_unproven(void **state)
{
	const struct report *r;

	(void)state;
	world_init(&w, NODES WAIT "  - fault: { primitive: kill, targets: m1.broker }\n"
				  "  - stop\n");
	w.obeys = true;
	runner_tick(w.runner, w.now_ns);
	r = runner_snapshot(w.runner, w.now_ns);
	assert_int_equal(r->verdict, VERDICT_UNPROVEN);
	assert_string_equal(r->steps[0].reason, "under way");
	assert_string_equal(r->steps[1].reason, "not reached");
	r = world_run(&w);
	assert_int_equal(r->verdict, VERDICT_PASS);
	assert_ptr_equal(runner_snapshot(w.runner, w.now_ns), r);
	assert_int_equal(r->verdict, VERDICT_PASS);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kill_passes),
		cmocka_unit_test(without_a_death_it_is_unproven),
		cmocka_unit_test(no_steady_state_no_fault),
		cmocka_unit_test(a_claim_about_the_fault_counts),
		cmocka_unit_test(a_soak_keeps_the_pool_full),
		cmocka_unit_test(a_soak_that_does_nothing_is_unproven),
		cmocka_unit_test(a_crash_fails_a_soak),
		cmocka_unit_test(an_empty_soak_fails),
		cmocka_unit_test(later_ones_are_not_missed),
		cmocka_unit_test(reports_are_verified),
		cmocka_unit_test(latencies_of_zero_fail),
		cmocka_unit_test(a_snapshot_is_unproven),
		cmocka_unit_test(a_soak_is_resumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
