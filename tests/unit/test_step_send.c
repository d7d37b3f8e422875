/* SPDX-License-Identifier: MIT */
/* The step that sends: what it reads of a file, what it orders, and its verdicts. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "scenario_world.h"

#define MESHES "name: t\nmeshes:\n  m1: { gateway: 1, broker: 2 }\n  m2: { broker: 1 }\n"
#define STEPS "steps:\n  - wait: { until: converged, within: 5s }\n"
#define SEND "  - send: { from: m1.broker, to: m2.broker, count: 100, rate: 50 }\n"

static int
setup(void **state)
{
	static struct world w;

	world_init(&w, MESHES STEPS SEND "  - stop\n");
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	world_fini(*state);
	return 0;
}

static struct view
view_of(const char *text)
{
	return (struct view){ (const uint8_t *)text, strlen(text) };
}

/* All is acknowledged: it passes, and one node was told once. */
static void
all_acknowledged_passes(void **state)
{
	struct world *w = *state;
	const struct report *r = world_run(w);

	assert_int_equal(r->verdict, VERDICT_PASS);
	assert_int_equal(r->steps[1].verdict, VERDICT_PASS);
	assert_non_null(strstr(r->steps[1].reason, "100 of 100 acknowledged"));
	assert_int_equal(w->sends, 1);
}

/* One of a hundred is not: it fails, and says why that one did. */
static void
one_missing_fails(void **state)
{
	struct world *w = *state;
	const struct report *r;

	w->lost_messages = 1;
	r = world_run(w);
	assert_int_equal(r->steps[1].verdict, VERDICT_FAIL);
	assert_non_null(strstr(r->steps[1].reason, "99 of 100 acknowledged"));
	assert_non_null(strstr(r->steps[1].reason, "m2.broker is gone"));
}

/* No report ever comes: it fails when its time is over, 30 s after the last is due. */
static void
silence_fails(void **state)
{
	struct world *w = *state;
	const struct report *r;

	w->never_sent = true;
	r = world_run(w);
	assert_int_equal(r->steps[1].verdict, VERDICT_FAIL);
	assert_non_null(strstr(r->steps[1].reason, "is not done with 100 messages"));
	assert_in_range(r->steps[1].ended_ns - r->steps[1].began_ns, SECONDS(32),
		SECONDS(33));
}

#define ECHO_STEP "  - echo: { from: m1.broker, to: m1.gateway, streams: 32,\n" \
	"      bytes: 9, %s }\n"

static void
echo_world(struct world *w, const char *rest)
{
	char file[500];

	world_fini(w);
	snprintf(file, sizeof(file), MESHES STEPS ECHO_STEP "  - stop\n", rest);
	world_init(w, file);
}

/* All came back as they were: it passes. Some with other bytes, or too few: it fails. */
static void
echoes_are_judged(void **state)
{
	struct world *w = *state;
	const struct report *r;

	echo_world(w, "count: 100, least: 20000");
	r = world_run(w);
	assert_int_equal(r->steps[1].verdict, VERDICT_PASS);
	assert_non_null(strstr(r->steps[1].reason, "100 of 9 B each came back"));
	assert_int_equal(w->sent[0].way, LETTER_ECHO);
	assert_int_equal(w->sent[0].window, 32);
	echo_world(w, "count: 100");
	w->lost_messages = 3;
	w->different = 2;
	r = world_run(w);
	assert_int_equal(r->steps[1].verdict, VERDICT_FAIL);
	assert_non_null(strstr(r->steps[1].reason, "97 of 100 came back, 2 with other"));
	echo_world(w, "count: 100, least: 20001");	/* 100 in 5 ms */
	r = world_run(w);
	assert_int_equal(r->steps[1].verdict, VERDICT_FAIL);
	assert_non_null(strstr(r->steps[1].reason, "20000 a second came back"));
	echo_world(w, "for: 10s");
	w->never_sent = true;
	r = world_run(w);
	assert_int_equal(r->steps[1].verdict, VERDICT_FAIL);
	assert_in_range(r->steps[1].ended_ns - r->steps[1].began_ns, SECONDS(40),
		SECONDS(41));
}

/* Several of one node at once: each gets its own report, whichever comes last. */
static void
one_node_does_several_at_once(void **state)
{
	struct world *w = *state;
	const struct report *r;

	world_fini(w);
	world_init(w, MESHES STEPS "  - parallel:\n"
		"    - send: { from: m1.gateway, to: m2.broker, count: 3 }\n"
		"    - send: { from: m1.gateway, to: m1.broker, count: 4 }\n"
		"    - echo: { from: m1.gateway, to: m1.broker, count: 5 }\n"
		"  - stop\n");
	r = world_run(w);
	assert_int_equal(r->verdict, VERDICT_PASS);
	for (size_t i = 1; i <= 3; i++)
		assert_int_equal(r->steps[i].figures[0].value, 2 + i);
}

#define GOSSIP_STEP "  - gossip: { from: m1.broker, count: 100, rate: 1000, %s }\n"

static const struct report *
gossip_run(struct world *w, const char *rest, uint64_t lost, uint64_t twice)
{
	char file[500];

	world_fini(w);
	snprintf(file, sizeof(file), MESHES STEPS GOSSIP_STEP "  - stop\n", rest);
	world_init(w, file);
	w->cast_lost = lost;
	w->cast_twice = twice;
	return world_run(w);
}

/* All of m1 is told by two, m2 is not: what should come is said by who sent. */
static void
messages_to_a_mesh_are_judged(void **state)
{
	struct world *w = *state;
	const struct report *r = gossip_run(w, "bytes: 9", 0, 0);

	assert_int_equal(r->steps[1].verdict, VERDICT_PASS);
	/* The gateway has 200, and each of the two brokers the other one's. */
	assert_non_null(strstr(r->steps[1].reason, "400 of 400 came, once each"));
	assert_int_equal(w->sends, 2);
	assert_true(w->sent[0].way == LETTER_GOSSIP && w->sent[0].run != 0 &&
		w->sent[0].run == w->sent[1].run && w->sent[0].len == 9);
	/* One that is missing, for good: known 5 s after the last one came. */
	r = gossip_run(w, "bytes: 9", 1, 0);
	assert_int_equal(r->steps[1].verdict, VERDICT_FAIL);
	assert_non_null(strstr(r->steps[1].reason, "399 of 400 came, 1 were dropped"));
	assert_in_range(r->steps[1].ended_ns - r->steps[1].began_ns, SECONDS(5),
		SECONDS(7));
	r = gossip_run(w, "delivered: 99%", 1, 0);
	assert_int_equal(r->steps[1].verdict, VERDICT_PASS);
	r = gossip_run(w, "delivered: 99%", 5, 0);
	assert_int_equal(r->steps[1].verdict, VERDICT_FAIL);
	r = gossip_run(w, "delivered: 50%", 0, 1);
	assert_int_equal(r->steps[1].verdict, VERDICT_FAIL);
	assert_non_null(strstr(r->steps[1].reason, "1 came twice"));
}

/* Too late, or with digests that are too old meanwhile: that is no pass either. */
static void
messages_to_a_mesh_have_times(void **state)
{
	struct world *w = *state;
	const struct report *r = gossip_run(w, "p99: 2ms, silence: 1s", 0, 0);

	assert_int_equal(r->steps[1].verdict, VERDICT_PASS);
	r = gossip_run(w, "p99: 900us", 0, 0);
	assert_int_equal(r->steps[1].verdict, VERDICT_FAIL);
	assert_non_null(strstr(r->steps[1].reason, "99 of 100 came within"));
	r = gossip_run(w, "silence: 6ms", 0, 0);	/* theirs are 7 ms old */
	assert_int_equal(r->steps[1].verdict, VERDICT_FAIL);
	assert_non_null(strstr(r->steps[1].reason, "a digest of a live node"));
	world_fini(w);
	world_init(w, MESHES STEPS "  - gossip: { from: m1.broker, within: 3s }\n"
		"  - stop\n");
	w->never_sent = true;
	r = world_run(w);
	assert_int_equal(r->steps[1].verdict, VERDICT_FAIL);
	assert_non_null(strstr(r->steps[1].reason, "0 of 2 senders are done"));
}

/* What a file says is what is ordered. */
static void
a_file_is_read(void **state)
{
	char text[SCENARIO_STEP_TEXT_CAP];
	const struct letter_order *o;
	struct problems p;
	struct scenario *s;

	(void)state;
	problems_init(&p);
	s = scenario_parse(view_of(MESHES STEPS
		"  - send: { from: m1.broker, to: \"*.broker\", count: 7, kind: x,\n"
		"      bytes: 9, within: 3s }\n"), 50, &p);
	assert_int_equal(p.count, 0);
	assert_int_equal(s->steps[1].kind, STEP_SEND);
	assert_int_equal(s->steps[1].within_ns, SECONDS(3));
	o = &s->letters[s->steps[1].letter];
	assert_string_equal(o->destination, "*.broker");
	assert_string_equal(o->kind, "x");
	assert_int_equal(o->len, 9);
	assert_int_equal(o->count, 7);
	assert_int_equal(o->every_us, 0);
	assert_string_equal(scenario_step_text(s, &s->steps[1], text),
		"send 7 from m1.broker to *.broker");
	scenario_free(s);
	problems_fini(&p);
}

/* And what is wrong in it is said, each at its place. */
static void
mistakes_are_told(void **state)
{
	static const char *const bad[] = {
		"  - send: { to: m2.broker }\n",		/* nobody sends */
		"  - send: { from: m1.broker }\n",		/* to nobody */
		"  - send: { from: m9.broker, to: m2.broker }\n",
		"  - send: { from: m1.broker, to: m2 }\n",
		"  - send: { from: m1.broker, to: m2.broker, count: 0 }\n",
		"  - send: { from: m1.broker, to: m2.broker, bytes: 65537 }\n",
		"  - send: { from: m1.broker, to: m2.broker, kind: X }\n",
		"  - send: { from: m1.broker, to: m2.broker, rate: fast }\n",
		"  - send: { from: m1.broker, to: m2.broker, often: 3 }\n",
		"  - echo: { to: m2.broker }\n",
		"  - echo: { from: m1.broker }\n",
		"  - echo: { from: m1.broker, to: m2.broker, bytes: 65537 }\n",
		"  - echo: { from: m1.broker, to: m2.broker, streams: 1001 }\n",
		"  - echo: { from: m1.broker, to: m2.broker, streams: 0 }\n",
		"  - echo: { from: m1.broker, to: m2.broker, for: 3 }\n",
		"  - echo: { from: m1.broker, to: m2.broker, for: 3s, count: 4 }\n",
		"  - echo: { from: m1.broker, to: m2.broker, least: 0 }\n",
		"  - echo: { from: m1.broker, to: m2.broker, kind: x }\n",
		"  - gossip: { count: 3 }\n",
		"  - gossip: { from: m9 }\n",
		"  - gossip: { from: m1, to: m3 }\n",
		"  - gossip: { from: m1, bytes: 769 }\n",
		"  - gossip: { from: m1, count: 1000001 }\n",
		"  - gossip: { from: m1, rate: 0 }\n",
		"  - gossip: { from: m1, delivered: 101% }\n",
		"  - gossip: { from: m1, delivered: 3 }\n",
		"  - gossip: { from: m1, p99: 5 }\n",
		"  - gossip: { from: m1, silence: soon }\n",
		"  - gossip: { from: m1, kind: A }\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct problems p;
		char file[400];

		snprintf(file, sizeof(file), "%s%s", MESHES STEPS, bad[i]);
		problems_init(&p);
		assert_null(scenario_parse(view_of(file), 50, &p));
		if (p.count != 1)
			fail_msg("%zu problems: %s", p.count, bad[i]);
		assert_int_equal(p.at[0].line, 7);
		problems_fini(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		IN_WORLD(all_acknowledged_passes),
		IN_WORLD(one_missing_fails),
		IN_WORLD(silence_fails),
		IN_WORLD(echoes_are_judged),
		IN_WORLD(one_node_does_several_at_once),
		IN_WORLD(messages_to_a_mesh_are_judged),
		IN_WORLD(messages_to_a_mesh_have_times),
		cmocka_unit_test(a_file_is_read),
		cmocka_unit_test(mistakes_are_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
