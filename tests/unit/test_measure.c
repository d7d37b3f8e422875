/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/err.h"
#include "node/measure.h"
#include "unit/bad_peer.h"
#include "wire/traffic.h"

#define ECHO_LEN 1000
#define EVERY MILLISECONDS(10)

static struct world w;
static struct bad_peer peer;

static struct meter *
meter(size_t i)
{
	return node_meter(w.nodes[i].node);
}

/* Lets time pass as the driver does it: the node is measured between. */
static void
pass(uint64_t ns)
{
	for (uint64_t end = w.now_ns + ns; w.now_ns < end;) {
		world_run(&w, EVERY, NULL);
		for (size_t i = 0; i < w.count; i++)
			measure(w.nodes[i].node, w.now_ns);
	}
}

/* 100 ECHOs of 1,000 bytes a second, while time passes. */
static void
load(uint64_t ns)
{
	uint8_t payload[ECHO_LEN] = { 0 };
	int64_t stream;

	for (uint64_t end = w.now_ns + ns; w.now_ns < end;) {
		assert_int_equal(endpoint_request(peer.e, peer.conn, FRAME_ECHO, payload,
			sizeof payload, &stream), ERR_OK);
		pass(EVERY);
	}
}

static double
rate(enum metric id, size_t label)
{
	return (double)meter_moved(meter(0), id, label, w.now_ns) * NS_PER_S /
	       (double)meter_window_ns(meter(0), w.now_ns);
}

static uint64_t
total(enum metric id, const char *label)
{
	struct meter_point p;
	size_t cursor = 0;

	while (meter_next(meter(0), &cursor, w.now_ns, &p))
		if (p.metric == id && (!label || strcmp(p.label, label) == 0))
			return p.total;
	return 0;
}

static void
begin(void)
{
	world_init(&w, 5);
	world_add(&w, "mesh1", "broker", -1, NULL);
	bad_peer_init(&peer, &w);
	bad_peer_meet(&peer, 0, "mesh1");
}

static void
end(void)
{
	bad_peer_fini(&peer);
	world_fini(&w);
}

/* What the meter says of a load is the load: frames and bytes, in and out. */
static void
a_known_load_is_measured(void **state)
{
	struct endpoint_stats s;
	uint64_t before;

	(void)state;
	begin();
	load(SECONDS(6));
	endpoint_stats(peer.e, &s);
	before = s.bytes_sent;
	load(SECONDS(6));
	assert_true(rate(METRIC_FRAMES_RECEIVED, TRAFFIC_ECHO) > 99);
	assert_true(rate(METRIC_FRAMES_RECEIVED, TRAFFIC_ECHO) < 101);
	assert_true(rate(METRIC_FRAMES_SENT, TRAFFIC_ECHO) > 99);
	assert_true(rate(METRIC_FRAMES_SENT, TRAFFIC_ECHO) < 101);
	endpoint_stats(peer.e, &s);
	before = s.bytes_sent - before;
	/* The peer counts what it sends: over 6 s, the window is 5 of them. */
	assert_true(rate(METRIC_BYTES_RECEIVED, 0) > 0.95 * (double)before / 6);
	assert_true(rate(METRIC_BYTES_RECEIVED, 0) < 1.05 * (double)before / 6);
	assert_true(rate(METRIC_BYTES_SENT, 0) > 100 * ECHO_LEN);
	assert_true(rate(METRIC_BYTES_SENT, 0) < 120 * ECHO_LEN);
	measure_now(w.nodes[0].node);
	assert_int_equal(total(METRIC_BYTES_RECEIVED, NULL), s.bytes_sent);
	assert_int_equal(total(METRIC_FRAMES_RECEIVED, "echo"), 1200);
	/* The same without a load, as soon as the window has passed it by. */
	pass(SECONDS(7));
	assert_true(rate(METRIC_FRAMES_RECEIVED, TRAFFIC_ECHO) == 0);
	assert_true(rate(METRIC_BYTES_RECEIVED, 0) < 1000);
	assert_int_equal(total(METRIC_FRAMES_RECEIVED, "echo"), 1200);
	end();
}

/* A round trip of 2 ms is seen as one, a digest that nobody can read as an error. */
static void
links_and_errors_are_measured(void **state)
{
	struct meter_point p = { 0 };
	size_t cursor = 0;
	uint64_t errors;

	(void)state;
	begin();
	load(SECONDS(3));
	while (meter_next(meter(0), &cursor, w.now_ns, &p))
		if (p.metric == METRIC_PEER_RTT)
			break;
	assert_int_equal(p.metric, METRIC_PEER_RTT);
	assert_true(p.total >= 3);
	assert_true(p.sum / (double)p.total > 1.9);
	assert_true(p.sum / (double)p.total < 5);
	errors = total(METRIC_DECODE_ERRORS, NULL);
	pass(SECONDS(2));
	assert_int_equal(total(METRIC_DECODE_ERRORS, NULL), errors);
	bad_peer_join(&peer, "mesh1");
	bad_peer_broadcast(&peer, "mesh1", (struct view){ (const uint8_t *)"\1x", 2 });
	pass(SECONDS(2));
	assert_int_equal(total(METRIC_DECODE_ERRORS, NULL), errors + 1);
	assert_int_equal(total(METRIC_DROPPED, "digests_malformed"), 1);
	end();
}

/* What one of a pair sent is what the other received, kind by kind. */
static void
a_pair_agrees(void **state)
{
	struct meter_point p, q;

	(void)state;
	world_init(&w, 6);
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh1", "broker", 0, NULL);
	pass(SECONDS(30));
	for (size_t i = 0; i < 2; i++) {
		size_t a = 0, sent = 0;

		measure_now(w.nodes[i].node);
		measure_now(w.nodes[1 - i].node);
		while (meter_next(meter(i), &a, w.now_ns, &p)) {
			size_t b = 0;
			bool found = false;

			if (p.metric != METRIC_FRAMES_SENT)
				continue;
			sent++;
			while (!found && meter_next(meter(1 - i), &b, w.now_ns, &q))
				found = q.metric == METRIC_FRAMES_RECEIVED &&
					strcmp(q.label, p.label) == 0;
			assert_true(found);
			assert_int_equal(p.total, q.total);
		}
		assert_true(sent >= 4);
	}
	world_fini(&w);
}

/* Whoever is not metered holds no meter, and works. */
static void
it_can_be_switched_off(void **state)
{
	(void)state;
	world_init(&w, 7);
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_kill(&w, 0);
	w.nodes[0].config.unmetered = true;
	world_restart(&w, 0);
	pass(SECONDS(3));
	assert_null(meter(0));
	measure_now(w.nodes[0].node);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_load_is_measured),
		cmocka_unit_test(links_and_errors_are_measured),
		cmocka_unit_test(a_pair_agrees),
		cmocka_unit_test(it_can_be_switched_off),
	};

	return cmocka_run_group_tests_name("measure", tests, NULL, NULL);
}
