/* SPDX-License-Identifier: MIT */
#include "trace/otlp_metrics.h"

#include <stdlib.h>

#include "base/mem.h"
#include "trace/otlp.pb-c.h"
#include "trace/otlp_pack.h"

/* opentelemetry-proto, metrics.proto. */
#define CUMULATIVE 2

/* A point of whatever kind, with its attribute; filled in place. */
struct point {
	struct otlp_attribute attribute;
	Otlp__KeyValue *pair;
	Otlp__NumberDataPoint number;
	Otlp__HistogramDataPoint histogram;
	double bounds[METER_BOUNDS];
};

static void
fill_number(struct point *to, const struct meter_point *p, const struct otlp_metrics *m)
{
	Otlp__NumberDataPoint *n = &to->number;

	otlp__number_data_point__init(n);
	n->time_unix_nano = m->wall_us * 1000;
	if (p->kind == METER_COUNTER) {
		n->start_time_unix_nano = m->start_wall_us * 1000;
		n->value_case = OTLP__NUMBER_DATA_POINT__VALUE_AS_INT;
		n->as_int = (int64_t)p->total;
	} else {
		n->value_case = OTLP__NUMBER_DATA_POINT__VALUE_AS_DOUBLE;
		n->as_double = p->value;
	}
	if (p->attribute != NULL) {
		to->pair = otlp_pack_attribute(&to->attribute, p->attribute, p->label);
		n->n_attributes = 1;
		n->attributes = &to->pair;
	}
}

static void
fill_histogram(struct point *to, const struct meter_point *p,
	const struct otlp_metrics *m)
{
	Otlp__HistogramDataPoint *h = &to->histogram;

	otlp__histogram_data_point__init(h);
	h->start_time_unix_nano = m->start_wall_us * 1000;
	h->time_unix_nano = m->wall_us * 1000;
	h->count = p->total;
	h->told_case = OTLP__HISTOGRAM_DATA_POINT__TOLD_SUM;
	h->sum = p->sum;
	for (size_t i = 0; i < METER_BOUNDS; i++)
		to->bounds[i] = meter_bound_ms(i);
	h->n_explicit_bounds = METER_BOUNDS;
	h->explicit_bounds = to->bounds;
	h->n_bucket_counts = METER_BUCKETS;
	h->bucket_counts = (uint64_t *)(uintptr_t)p->buckets;
}

/* The messages that hold a metric's points, by kind; they refer to the arrays. */
static void
put_metric(struct buf *to, const struct meter_point *p, struct point *points,
	size_t count)
{
	Otlp__NumberDataPoint **numbers = mem_array(count, sizeof *numbers);
	Otlp__HistogramDataPoint **histograms = mem_array(count, sizeof *histograms);
	Otlp__Metric metric = OTLP__METRIC__INIT;
	Otlp__Sum sum = OTLP__SUM__INIT;
	Otlp__Gauge gauge = OTLP__GAUGE__INIT;
	Otlp__Histogram histogram = OTLP__HISTOGRAM__INIT;

	for (size_t i = 0; i < count; i++) {
		numbers[i] = &points[i].number;
		histograms[i] = &points[i].histogram;
	}
	metric.name = otlp_pack_text(p->name);
	metric.unit = otlp_pack_text(p->unit);
	metric.description = otlp_pack_text(p->meaning);
	if (p->kind == METER_COUNTER) {
		metric.data_case = OTLP__METRIC__DATA_SUM;
		metric.sum = &sum;
		sum.aggregation_temporality = CUMULATIVE;
		sum.is_monotonic = true;
		sum.n_data_points = count;
		sum.data_points = numbers;
	} else if (p->kind == METER_GAUGE) {
		metric.data_case = OTLP__METRIC__DATA_GAUGE;
		metric.gauge = &gauge;
		gauge.n_data_points = count;
		gauge.data_points = numbers;
	} else {
		metric.data_case = OTLP__METRIC__DATA_HISTOGRAM;
		metric.histogram = &histogram;
		histogram.aggregation_temporality = CUMULATIVE;
		histogram.n_data_points = count;
		histogram.data_points = histograms;
	}
	otlp_pack_message(to, &metric.base);
	free(numbers);
	free(histograms);
}

/* How many points of one metric come next. */
static size_t
count_points(const struct otlp_metrics *m, enum metric which)
{
	size_t cursor = m->cursor, count = 0;
	struct meter_point p;

	while (meter_next(m->meter, &cursor, m->now_ns, &p) && p.metric == which)
		count++;
	return count;
}

bool
otlp_metrics_next(struct otlp_metrics *m, struct buf *to)
{
	size_t peek = m->cursor, count;
	struct meter_point p;
	struct point *points;

	if (!meter_next(m->meter, &peek, m->now_ns, &p))
		return false;
	count = count_points(m, p.metric);
	/* They refer to each other, so none of them may move. */
	points = mem_array(count, sizeof *points);
	for (size_t i = 0; i < count; i++) {
		(void)meter_next(m->meter, &m->cursor, m->now_ns, &p);
		if (p.kind == METER_HISTOGRAM)
			fill_histogram(&points[i], &p, m);
		else
			fill_number(&points[i], &p, m);
	}
	put_metric(to, &p, points, count);
	free(points);
	return true;
}
