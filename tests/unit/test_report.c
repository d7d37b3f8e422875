/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include <jansson.h>

#include "scenario/report.h"

static const char yaml[] = "name: t\nmeshes:\n  m1: { broker: 2 }\nsteps:\n"
	"  - wait: { until: converged, within: 2s }\n  - hold: 1s\n";

static int
setup(void **state)
{
	static struct report r;
	struct problems p;
	struct scenario *s;

	problems_init(&p);
	s = scenario_parse((struct view){ (const uint8_t *)yaml, strlen(yaml) }, 50, &p);
	assert_non_null(s);
	report_init(&r, s, "t\x1b[1m.yaml");
	scenario_free(s);
	problems_fini(&p);
	r.began_ns = SECONDS(50);
	r.ended_ns = SECONDS(53);
	for (size_t i = 0; i < 2; i++) {
		r.steps[i].reached = true;
		r.steps[i].began_ns = SECONDS(51);
		report_verdict(&r.steps[i], VERDICT_PASS, SECONDS(52), "fine");
	}
	*state = &r;
	return 0;
}

static int
teardown(void **state)
{
	report_fini(*state);
	return 0;
}

/*
 * One failed step fails all; one that is not known makes all unproven; else it is a pass.
 */
static void
the_worst_counts(void **state)
{
	struct report *r = *state;

	report_judge(r);
	assert_int_equal(r->verdict, VERDICT_PASS);
	r->steps[1].verdict = VERDICT_UNPROVEN;
	report_judge(r);
	assert_int_equal(r->verdict, VERDICT_UNPROVEN);
	r->steps[0].verdict = VERDICT_FAIL;
	report_judge(r);
	assert_int_equal(r->verdict, VERDICT_FAIL);
}

/* No nodes or no steps: never a pass. */
static void
nothing_is_no_pass(void **state)
{
	struct report *r = *state;
	size_t nodes = r->node_count;

	r->node_count = 0;
	report_judge(r);
	assert_int_equal(r->verdict, VERDICT_UNPROVEN);
	r->node_count = nodes;
	report_judge(r);
	assert_int_equal(r->verdict, VERDICT_PASS);
}

/* The JSON is one document of version 1 with the times relative to the beginning. */
static void
json_is_whole(void **state)
{
	struct report *r = *state;
	json_t *o, *step;
	struct buf b;

	report_note(&r->steps[0], SECONDS(51) + MILLISECONDS(500), "seen by %s",
		"m1.broker.1");
	report_figure(&r->steps[0], "links", 7);
	report_judge(r);
	buf_init(&b, 1 << 20);
	report_json(r, &b);
	assert_int_equal(b.data[b.len - 1], '\n');
	o = json_loadb((const char *)b.data, b.len, 0, NULL);
	assert_non_null(o);
	assert_int_equal(json_integer_value(json_object_get(o, "version")), 1);
	assert_string_equal(json_string_value(json_object_get(o, "verdict")), "pass");
	assert_int_equal(json_integer_value(json_object_get(o, "exit_status")), 0);
	assert_int_equal(json_integer_value(json_object_get(o, "took_ms")), 3000);
	assert_int_equal(json_array_size(json_object_get(o, "nodes")), 2);
	step = json_array_get(json_object_get(o, "steps"), 0);
	assert_int_equal(json_integer_value(json_object_get(step, "began_ms")), 1000);
	assert_int_equal(json_integer_value(json_object_get(step, "took_ms")), 1000);
	assert_int_equal(json_integer_value(json_object_get(
		json_object_get(step, "figures"), "links")), 7);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(
		json_object_get(step, "evidence"), 0), "at_ms")), 1500);
	json_decref(o);
	buf_fini(&b);
}

/* A reason that was cut within a character is still in the JSON, without its rest. */
static void
cut_text_stays_in_json(void **state)
{
	struct report *r = *state;
	json_t *o, *step;
	struct buf b;

	report_verdict(&r->steps[0], VERDICT_FAIL, SECONDS(52), "cannot open %.3s",
		"/\xc3\xbc\xc3\xbc");
	report_verdict(&r->steps[1], VERDICT_FAIL, SECONDS(52), "cannot open %.2s",
		"/\xc3\xbc");
	report_judge(r);
	buf_init(&b, 1 << 20);
	report_json(r, &b);
	o = json_loadb((const char *)b.data, b.len, 0, NULL);
	assert_non_null(o);
	step = json_array_get(json_object_get(o, "steps"), 0);
	assert_string_equal(json_string_value(json_object_get(step, "reason")),
		"cannot open /\xc3\xbc");
	step = json_array_get(json_object_get(o, "steps"), 1);
	assert_string_equal(json_string_value(json_object_get(step, "reason")),
		"cannot open /?");
	json_decref(o);
	buf_fini(&b);
}

/* The text has a line for each step, what was seen, and nothing that moves a cursor. */
static void
text_is_for_people(void **state)
{
	struct report *r = *state;
	struct buf b;

	r->nodes[1].ended = r->nodes[1].started = true;
	strcpy(r->nodes[1].name, "m1.broker.77");
	strcpy(r->nodes[1].failure, "cannot bind");
	r->nodes[1].end = (struct child_end){ .status = 78, .at_ns = SECONDS(52) };
	report_note(&r->steps[1], SECONDS(52), "noted");
	report_judge(r);
	buf_init(&b, 1 << 20);
	report_text(r, &b);
	buf_put_u8(&b, 0);
	assert_non_null(
		strstr((char *)b.data, "t: pass  (t?[1m.yaml, 2 nodes in 1 mesh"));
	assert_non_null(strstr((char *)b.data, "1.000s    1.000s  pass\n"));
	assert_non_null(strstr((char *)b.data, "2.000s  noted\n"));
	assert_non_null(strstr((char *)b.data,
		"m1.broker.77 exited with status 78 at 2.000s: \"cannot bind\""));
	assert_null(strchr((char *)b.data, '\x1b'));
	buf_fini(&b);
}

/* Evidence is bounded and what was left out is counted. */
static void
evidence_is_bounded(void **state)
{
	struct report *r = *state;

	for (int i = 0; i < REPORT_NOTES_MAX + 5; i++)
		report_note(&r->steps[0], 0, "x");
	assert_int_equal(r->steps[0].note_count, REPORT_NOTES_MAX);
	assert_int_equal(r->steps[0].notes_dropped, 5);
}

/* Seconds are rounded to milliseconds. */
static void
seconds_are_rounded(void **state)
{
	char to[REPORT_SECONDS_CAP];

	(void)state;
	assert_string_equal(report_seconds(to, 0), "0.000s");
	assert_string_equal(report_seconds(to, 3214400000), "3.214s");
	assert_string_equal(report_seconds(to, 999999999), "1.000s");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_worst_counts), T(nothing_is_no_pass), T(json_is_whole),
		T(cut_text_stays_in_json),
		T(text_is_for_people), T(evidence_is_bounded), T(seconds_are_rounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
