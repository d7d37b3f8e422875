/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "trace/meter.h"
#include "wire/traffic.h"

#define BEGIN SECONDS(100)

static const char *const queues[] = { "one", "two" };

static struct meter *
meter(void)
{
	return meter_new(queues, 2, BEGIN);
}

/* A point of a metric by its label, NULL for one without; fails the test when absent. */
static struct meter_point
point(const struct meter *m, enum metric id, const char *label, uint64_t now_ns)
{
	struct meter_point p;
	size_t cursor = 0;

	while (meter_next(m, &cursor, now_ns, &p))
		if (p.metric == id && (label == NULL) == (p.label == NULL) &&
			(label == NULL || strcmp(label, p.label) == 0))
			return p;
	fail_msg("no point %d %s", (int)id, label != NULL ? label : "");
	return p;
}

static size_t
points_of(const struct meter *m, enum metric id, uint64_t now_ns)
{
	struct meter_point p;
	size_t cursor = 0, count = 0;

	while (meter_next(m, &cursor, now_ns, &p))
		count += p.metric == id;
	return count;
}

/* Names and units are those of PROTOCOL.md 8, each once, with the attribute that it has.
 */
static void
names_are_those_of_the_list(void **state)
{
	static const struct {
		const char *name, *unit, *attribute;
		enum meter_kind kind;
	} want[] = {
		{ "mesh.bytes.sent", "By", NULL, METER_COUNTER },
		{ "mesh.bytes.received", "By", NULL, METER_COUNTER },
		{ "mesh.frames.sent", "{frame}", "kind", METER_COUNTER },
		{ "mesh.frames.received", "{frame}", "kind", METER_COUNTER },
		{ "mesh.frame.decode_errors", "{frame}", NULL, METER_COUNTER },
		{ "mesh.peer.rtt", "ms", NULL, METER_HISTOGRAM },
		{ "mesh.node.cpu.used", "{core}", NULL, METER_GAUGE },
		{ "mesh.node.cpu.budget", "{core}", NULL, METER_GAUGE },
		{ "mesh.node.memory.used", "By", NULL, METER_GAUGE },
		{ "mesh.node.memory.budget", "By", NULL, METER_GAUGE },
		{ "mesh.loop.lag", "ms", NULL, METER_HISTOGRAM },
		{ "mesh.objects.live", "{object}", "class", METER_GAUGE },
		{ "mesh.dropped", "{item}", "queue", METER_COUNTER },
		{ "mesh.gossip.redundancy", "1", NULL, METER_GAUGE },
	};
	struct meter *m = meter();

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		struct meter_point p;

		if (want[i].kind == METER_GAUGE)
			meter_gauge(m, (enum metric)i, 0, 1);
		else if (want[i].kind == METER_COUNTER)
			meter_add(m, (enum metric)i, 0, 1);
		p = point(m, (enum metric)i, want[i].attribute == NULL ? NULL
			: strcmp(want[i].attribute, "kind") == 0 ? "hello"
			: strcmp(want[i].attribute, "class") == 0 ? "buffer" : "one",
			BEGIN);
		assert_string_equal(p.name, want[i].name);
		assert_string_equal(p.unit, want[i].unit);
		assert_int_equal(p.kind, want[i].kind);
		assert_true(p.meaning[0] != '\0');
		if (want[i].attribute != NULL)
			assert_string_equal(p.attribute, want[i].attribute);
		else
			assert_null(p.attribute);
	}
	meter_free(m);
	assert_int_equal(mem_live(MEM_METER), 0);
}

/* A steady load reads as its rate, in the first window, later, and after it ended. */
static void
rates_are_exact(void **state)
{
	struct meter *m = meter();
	uint64_t now = BEGIN, total = 0;

	(void)state;
	assert_int_equal(meter_window_ns(m, now), 0);
	for (int ms = 1; ms <= 20000; ms++) {
		now = BEGIN + MILLISECONDS(ms);
		meter_add(m, METRIC_BYTES_SENT, 0, 7);
		total += 7;
		if (meter_due(m, now))
			meter_mark(m, now);
		if (ms % 777 == 0) {
			uint64_t window = meter_window_ns(m, now);

			assert_int_equal(meter_moved(m, METRIC_BYTES_SENT, 0, now),
				7 * (window / NS_PER_MS));
			assert_true(window <= SECONDS(6));
			assert_true(window >= SECONDS(5) || ms < 5000);
		}
	}
	assert_int_equal(point(m, METRIC_BYTES_SENT, NULL, now).total, total);
	for (int s = 1; s <= 7; s++) {
		now += SECONDS(1);
		meter_mark(m, now);
	}
	assert_int_equal(meter_moved(m, METRIC_BYTES_SENT, 0, now), 0);
	assert_int_equal(point(m, METRIC_BYTES_SENT, NULL, now).total, total);
	meter_free(m);
}

/* Who slept for a minute says that its window is a minute long. */
static void
windows_say_how_long_they_are(void **state)
{
	struct meter *m = meter();
	uint64_t now = BEGIN + SECONDS(60);

	(void)state;
	meter_add(m, METRIC_BYTES_SENT, 0, 600);
	assert_true(meter_due(m, now));
	meter_mark(m, now);
	assert_false(meter_due(m, now));
	assert_int_equal(meter_window_ns(m, now), SECONDS(60));
	assert_int_equal(meter_moved(m, METRIC_BYTES_SENT, 0, now), 600);
	meter_free(m);
}

/* Labels that never moved are left out, and gauges that were never measured. */
static void
nothing_is_said_of_nothing(void **state)
{
	struct meter *m = meter();

	(void)state;
	assert_int_equal(points_of(m, METRIC_FRAMES_SENT, BEGIN), 0);
	assert_int_equal(points_of(m, METRIC_CPU_USED, BEGIN), 0);
	assert_int_equal(points_of(m, METRIC_BYTES_SENT, BEGIN), 1);
	meter_add(m, METRIC_FRAMES_SENT, TRAFFIC_PING, 1);
	meter_add(m, METRIC_FRAMES_SENT, TRAFFIC_UNKNOWN, 2);
	meter_add(m, METRIC_DROPPED, 1, 3);
	meter_gauge(m, METRIC_CPU_USED, 0, 0);
	assert_int_equal(points_of(m, METRIC_FRAMES_SENT, BEGIN), 2);
	assert_int_equal(point(m, METRIC_FRAMES_SENT, "ping", BEGIN).total, 1);
	assert_int_equal(point(m, METRIC_FRAMES_SENT, "unknown", BEGIN).total, 2);
	assert_int_equal(point(m, METRIC_DROPPED, "two", BEGIN).total, 3);
	assert_int_equal(points_of(m, METRIC_CPU_USED, BEGIN), 1);
	meter_free(m);
}

/* A total that is summed elsewhere may shrink there; a counter does not. */
static void
counters_never_go_back(void **state)
{
	struct meter *m = meter();

	(void)state;
	meter_total(m, METRIC_GOSSIP_DELIVERED, 0, 50);
	meter_total(m, METRIC_GOSSIP_DELIVERED, 0, 20);
	assert_int_equal(point(m, METRIC_GOSSIP_DELIVERED, NULL, BEGIN).total, 50);
	meter_total(m, METRIC_GOSSIP_DELIVERED, 0, 60);
	assert_int_equal(point(m, METRIC_GOSSIP_DELIVERED, NULL, BEGIN).total, 60);
	meter_free(m);
}

/* Histograms keep counts and sum, and know their middle as exactly as their buckets. */
static void
histograms_are_kept(void **state)
{
	struct meter *m = meter();
	struct meter_point p;

	(void)state;
	for (int i = 1; i <= 100; i++)
		meter_record(m, METRIC_PEER_RTT, MILLISECONDS(i));
	meter_record(m, METRIC_PEER_RTT, SECONDS(60));
	p = point(m, METRIC_PEER_RTT, NULL, BEGIN + SECONDS(1));
	assert_int_equal(p.total, 101);
	assert_int_equal(p.moved, 101);
	assert_true(p.sum > 65049.9 && p.sum < 65050.1);
	assert_int_equal(p.buckets[METER_BOUNDS], 1);
	assert_int_equal(p.buckets[0], 0);
	assert_true(meter_quantile(p.buckets, 0.5) > 49);
	assert_true(meter_quantile(p.buckets, 0.5) < 52);
	assert_true(meter_quantile(p.buckets, 1) == meter_bound_ms(METER_BOUNDS - 1));
	for (int s = 1; s <= 7; s++)
		meter_mark(m, BEGIN + SECONDS(s));
	p = point(m, METRIC_PEER_RTT, NULL, BEGIN + SECONDS(7));
	assert_int_equal(p.total, 101);
	assert_int_equal(p.moved, 0);
	assert_true(p.moved_sum == 0);
	assert_true(meter_quantile(p.moved_buckets, 0.5) == 0);
	meter_free(m);
}

/* Switched off it takes everything and holds nothing. */
static void
without_a_meter_nothing_happens(void **state)
{
	struct meter_point p;
	size_t cursor = 0;

	(void)state;
	meter_add(NULL, METRIC_BYTES_SENT, 0, 1);
	meter_total(NULL, METRIC_BYTES_SENT, 0, 1);
	meter_gauge(NULL, METRIC_CPU_USED, 0, 1);
	meter_record(NULL, METRIC_LOOP_LAG, 1);
	assert_false(meter_due(NULL, SECONDS(1000)));
	meter_mark(NULL, SECONDS(1));
	assert_int_equal(meter_window_ns(NULL, SECONDS(1)), 0);
	assert_int_equal(meter_moved(NULL, METRIC_BYTES_SENT, 0, SECONDS(1)), 0);
	assert_false(meter_next(NULL, &cursor, SECONDS(1), &p));
	meter_free(NULL);
}

static struct view
body(const char *bytes, size_t len)
{
	return (struct view){ (const uint8_t *)bytes, len };
}

/* Each frame and each gossip message has a kind with a name of its own. */
static void
traffic_has_names(void **state)
{
	(void)state;
	for (int a = 0; a < TRAFFIC_KINDS; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(traffic_text((enum traffic)a),
				traffic_text((enum traffic)b));
	assert_string_equal(traffic_text(traffic_of_frame(FRAME_PING)), "ping");
	assert_string_equal(traffic_text(traffic_of_frame(0x7f)), "unknown");
	assert_string_equal(traffic_text(traffic_of_gossip(body("\0\0", 2))), "join");
	assert_string_equal(traffic_text(traffic_of_gossip(body("\0\5", 2))),
		gossip_msg_kind_name(GOSSIP_DISCONNECT));
	assert_string_equal(traffic_text(traffic_of_gossip(body("\1\0", 2))), "payload");
	assert_string_equal(traffic_text(traffic_of_gossip(body("\1\3", 2))), "ihave");
	assert_int_equal(traffic_of_gossip(body("\0\6", 2)), TRAFFIC_UNKNOWN);
	assert_int_equal(traffic_of_gossip(body("\1\4", 2)), TRAFFIC_UNKNOWN);
	assert_int_equal(traffic_of_gossip(body("\2\0", 2)), TRAFFIC_UNKNOWN);
	assert_int_equal(traffic_of_gossip(body("\0", 1)), TRAFFIC_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_list),
		cmocka_unit_test(rates_are_exact),
		cmocka_unit_test(windows_say_how_long_they_are),
		cmocka_unit_test(nothing_is_said_of_nothing),
		cmocka_unit_test(counters_never_go_back),
		cmocka_unit_test(histograms_are_kept),
		cmocka_unit_test(without_a_meter_nothing_happens),
		cmocka_unit_test(traffic_has_names),
	};

	return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
