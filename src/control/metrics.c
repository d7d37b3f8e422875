/* SPDX-License-Identifier: MIT */
#include "control/metrics.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "control/cells.h"

static const char *const kinds[] = {
	[METER_COUNTER] = "counter", [METER_GAUGE] = "gauge",
	[METER_HISTOGRAM] = "histogram",
};

static json_t *
json_count(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

/* Bytes and objects are whole, and a fraction of JSON has but six digits. */
static json_t *
json_value(double value)
{
	json_int_t whole = value < 1e15 ? (json_int_t)value : 0;

	return (double)whole == value ? json_integer(whole) : json_real(value);
}

static void
put_rate(json_t *to, uint64_t moved, uint64_t window_ns)
{
	json_object_set_new(to, "rate", json_real(window_ns > 0
		? (double)moved * NS_PER_S / (double)window_ns : 0));
}

static void
put_buckets(json_t *to, uint64_t count, double sum,
	const uint64_t buckets[static METER_BUCKETS])
{
	json_t *list = json_array();

	json_object_set_new(to, "count", json_count(count));
	json_object_set_new(to, "sum", json_real(sum));
	json_object_set_new(to, "p50", json_real(meter_quantile(buckets, 0.5)));
	json_object_set_new(to, "p99", json_real(meter_quantile(buckets, 0.99)));
	for (size_t i = 0; i < METER_BUCKETS; i++) {
		json_t *pair = json_array();

		json_array_append_new(pair, i < METER_BOUNDS
			? json_real(meter_bound_ms(i)) : json_null());
		json_array_append_new(pair, json_count(buckets[i]));
		json_array_append_new(list, pair);
	}
	json_object_set_new(to, "buckets", list);
}

static void
put_figures(json_t *to, const struct meter_point *p, uint64_t window_ns)
{
	json_t *window;

	switch (p->kind) {
	case METER_COUNTER:
		json_object_set_new(to, "total", json_count(p->total));
		put_rate(to, p->moved, window_ns);
		break;
	case METER_GAUGE:
		json_object_set_new(to, "value", json_value(p->value));
		break;
	case METER_HISTOGRAM:
		window = json_object();
		put_buckets(to, p->total, p->sum, p->buckets);
		put_buckets(window, p->moved, p->moved_sum, p->moved_buckets);
		put_rate(window, p->moved, window_ns);
		json_object_set_new(to, "window", window);
		break;
	}
}

/* What a metric says once, however many points it has. */
static json_t *
metric(json_t *all, const struct meter_point *p)
{
	json_t *o = json_object_get(all, p->name);

	if (o)
		return o;
	o = json_object();
	json_object_set_new(o, "unit", json_string(p->unit));
	json_object_set_new(o, "kind", json_string(kinds[p->kind]));
	if (p->attribute) {
		json_object_set_new(o, "by", json_string(p->attribute));
		json_object_set_new(o, "points", json_object());
	}
	json_object_set_new(all, p->name, o);
	return o;
}

void
control_metrics_put(json_t *to, const struct meter *m, uint64_t now_ns)
{
	uint64_t window_ns = meter_window_ns(m, now_ns);
	json_t *all = json_object();
	struct meter_point p;
	size_t cursor = 0;

	json_object_set_new(all, "window_ms", json_count(window_ns / NS_PER_MS));
	while (meter_next(m, &cursor, now_ns, &p)) {
		json_t *o = metric(all, &p);

		if (p.attribute) {
			json_t *point = json_object();

			json_object_set_new(json_object_get(o, "points"), p.label, point);
			o = point;
		}
		put_figures(o, &p, window_ns);
	}
	json_object_set_new(to, "metrics", all);
}

static double
real(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

/* Of all points of a metric. */
static double
rate_of_all(const json_t *o, uint64_t *total)
{
	const char *label;
	double rate = 0;
	json_t *point;

	*total = 0;
	json_object_foreach(json_object_get(o, "points"), label, point) {
		rate += real(point, "rate");
		*total += cells_number(point, "total");
	}
	return rate;
}

static void
print_bytes(struct buf *to, const char *what, const json_t *o)
{
	double rate = real(o, "rate");
	char each[32], all[32];

	text_bytes(each, sizeof each, rate > 0 ? (uint64_t)(rate + 0.5) : 0);
	text_bytes(all, sizeof all, cells_number(o, "total"));
	buf_format(to, "%-16s  %s/s, %s in all\n", what, each, all);
}

static void
print_frames(struct buf *to, const char *what, const json_t *o)
{
	uint64_t total;
	double rate = rate_of_all(o, &total);

	buf_format(to, "%-16s  %.1f/s, %" PRIu64 " in all\n", what, rate, total);
}

static void
print_histogram(struct buf *to, const char *what, const json_t *o)
{
	const json_t *w = json_object_get(o, "window");

	if (cells_number(w, "count") == 0)
		return;
	buf_format(to, "%-16s  p50 %.2fms, p99 %.2fms\n", what, real(w, "p50"),
		real(w, "p99"));
}

void
control_metrics_print(struct buf *to, const json_t *status)
{
	const json_t *all = json_object_get(status, "metrics"), *o;
	uint64_t total, errors;

	if (!json_is_object(all) || !json_object_get(all, "mesh.bytes.sent"))
		return;
	print_bytes(to, "sent", json_object_get(all, "mesh.bytes.sent"));
	print_bytes(to, "received", json_object_get(all, "mesh.bytes.received"));
	print_frames(to, "frames sent", json_object_get(all, "mesh.frames.sent"));
	print_frames(to, "frames received", json_object_get(all, "mesh.frames.received"));
	print_histogram(to, "round trips", json_object_get(all, "mesh.peer.rtt"));
	print_histogram(to, "turns of loop", json_object_get(all, "mesh.loop.lag"));
	o = json_object_get(all, "mesh.gossip.redundancy");
	if (o)
		buf_format(to, "%-16s  %.2f\n", "redundancy", real(o, "value"));
	rate_of_all(json_object_get(all, "mesh.dropped"), &total);
	errors = cells_number(json_object_get(all, "mesh.frame.decode_errors"), "total");
	buf_format(to, "%-16s  %" PRIu64 ", of them not readable %" PRIu64 "\n",
		"dropped", total, errors);
}
