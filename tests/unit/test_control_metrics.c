/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "control/metrics.h"
#include "wire/traffic.h"

static const char *const queues[] = { "digests_stale" };

/* A minute of a load that is known, and a status that tells it. */
static json_t *
status(bool metered)
{
	struct meter *m = metered ? meter_new(queues, 1, 0) : NULL;
	json_t *o = json_object();
	uint64_t now_ns = 0;

	for (int s = 1; s <= 60; s++) {
		now_ns = SECONDS(s);
		meter_add(m, METRIC_BYTES_SENT, 0, 2048);
		meter_add(m, METRIC_FRAMES_SENT, TRAFFIC_PING, 3);
		meter_add(m, METRIC_FRAMES_SENT, TRAFFIC_ECHO, 1);
		meter_record(m, METRIC_PEER_RTT, MILLISECONDS(3));
		meter_mark(m, now_ns);
	}
	meter_add(m, METRIC_DROPPED, 0, 5);
	meter_gauge(m, METRIC_MEMORY_USED, 0, 2443264.0);
	control_metrics_put(o, m, now_ns);
	meter_free(m);
	return o;
}

static const json_t *
at(const json_t *o, const char *metric, const char *label)
{
	const json_t *m = json_object_get(json_object_get(o, "metrics"), metric);

	return label ? json_object_get(json_object_get(m, "points"), label) : m;
}

static double
real(const json_t *o, const char *key)
{
	assert_non_null(json_object_get(o, key));
	return json_number_value(json_object_get(o, key));
}

/* Totals are of all time, rates of the window, and bytes are whole. */
static void
figures_are_told(void **state)
{
	json_t *o = status(true);
	const json_t *rtt = at(o, "mesh.peer.rtt", NULL);
	const json_t *window = json_object_get(rtt, "window");

	(void)state;
	assert_true(real(json_object_get(o, "metrics"), "window_ms") == 5000);
	assert_true(real(at(o, "mesh.bytes.sent", NULL), "total") == 60 * 2048);
	assert_true(real(at(o, "mesh.bytes.sent", NULL), "rate") == 2048);
	assert_true(real(at(o, "mesh.frames.sent", "ping"), "rate") == 3);
	assert_true(real(at(o, "mesh.frames.sent", "echo"), "total") == 60);
	assert_null(at(o, "mesh.frames.sent", "hello"));
	assert_true(real(rtt, "count") == 60);
	assert_true(real(window, "count") == 5);
	assert_true(real(window, "p50") > 2 && real(window, "p50") <= 5);
	assert_int_equal(json_array_size(json_object_get(rtt, "buckets")), METER_BUCKETS);
	assert_int_equal(json_integer_value(json_object_get(
		at(o, "mesh.node.memory.used", NULL), "value")), 2443264);
	assert_null(at(o, "mesh.node.cpu.used", NULL));
	json_decref(o);
}

/* The text has the figures that a person wants first, and is silent without them. */
static void
figures_are_printed(void **state)
{
	json_t *o = status(true), *none = status(false);
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	control_metrics_print(&b, none);
	assert_int_equal(b.len, 0);
	control_metrics_print(&b, o);
	buf_put_u8(&b, 0);
	assert_non_null(strstr((char *)b.data, "2.0 KiB/s, 120.0 KiB in all"));
	assert_non_null(strstr((char *)b.data, "4.0/s, 240 in all"));
	assert_non_null(strstr((char *)b.data, "dropped           5, of them not"));
	assert_null(strstr((char *)b.data, "turns of loop"));
	buf_fini(&b);
	json_decref(o);
	json_decref(none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_are_told),
		cmocka_unit_test(figures_are_printed),
	};

	return cmocka_run_group_tests_name("control_metrics", tests, NULL, NULL);
}
