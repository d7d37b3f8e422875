/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "trace/otlp.h"
#include "trace/otlp.pb-c.h"
#include "trace/otlp_metrics.h"
#include "trace/traceparent.h"
#include "trace/tracer.h"

static const uint8_t trace[SPAN_TRACE_LEN] = { 1, 2, 3 };

static struct span
a_span(void)
{
	struct span s = { .id = { 9 }, .parent = { 8 }, .begin_us = 100,
		.duration_us = 200000, .state = SPAN_OK, .attr_count = SPAN_ATTRS_MAX };

	snprintf(s.name, sizeof s.name, "mesh.boot.endpoint_created");
	for (size_t i = 0; i < SPAN_ATTRS_MAX; i++) {
		snprintf(s.attrs[i].key, SPAN_KEY_CAP, "key%zu", i);
		snprintf(s.attrs[i].value, SPAN_VALUE_CAP, "value%zu", i);
	}
	return s;
}

static Otlp__Span *
packed(const struct span *s)
{
	struct buf b;
	Otlp__Span *read;

	buf_init(&b, 8192);
	otlp_put_span(&b, trace, UINT64_C(1795178096789000), s, 1);
	assert_int_equal(b.failed, 0);
	read = otlp__span__unpack(NULL, b.len, b.data);
	assert_non_null(read);
	buf_fini(&b);
	return read;
}

/* A span is read back as it was: ids, times in nanoseconds, attributes. */
static void
a_span_is_read_back(void **state)
{
	struct span s = a_span();
	Otlp__Span *read = packed(&s);

	(void)state;
	assert_int_equal(read->trace_id.len, SPAN_TRACE_LEN);
	assert_memory_equal(read->trace_id.data, trace, SPAN_TRACE_LEN);
	assert_memory_equal(read->span_id.data, s.id, SPAN_ID_LEN);
	assert_int_equal(read->parent_span_id.len, SPAN_ID_LEN);
	assert_memory_equal(read->parent_span_id.data, s.parent, SPAN_ID_LEN);
	assert_string_equal(read->name, s.name);
	assert_true(read->start_time_unix_nano == UINT64_C(1795178096789100000));
	assert_true(read->end_time_unix_nano == UINT64_C(1795178096989100000));
	assert_int_equal(read->n_attributes, SPAN_ATTRS_MAX);
	assert_string_equal(read->attributes[7]->key, "key7");
	assert_string_equal(read->attributes[7]->value->string_value, "value7");
	assert_int_equal(read->flags, 1);
	assert_null(read->status);
	otlp__span__free_unpacked(read, NULL);
}

/* A root has no parent; what failed says why; an empty text is still a text. */
static void
a_failed_root(void **state)
{
	struct span s = a_span();
	Otlp__Span *read;

	(void)state;
	memset(s.parent, 0, sizeof s.parent);
	s.state = SPAN_FAILED;
	s.attrs[0].value[0] = '\0';
	snprintf(s.why, sizeof s.why, "the port is taken");
	read = packed(&s);
	assert_int_equal(read->parent_span_id.len, 0);
	assert_int_equal(read->status->code, 2);
	assert_string_equal(read->status->message, "the port is taken");
	assert_int_equal(read->attributes[0]->value->value_case,
		OTLP__ANY_VALUE__VALUE_STRING_VALUE);
	otlp__span__free_unpacked(read, NULL);
}

static const char *
find(const Otlp__Resource *r, const char *key)
{
	const char *found = NULL;

	for (size_t i = 0; i < r->n_attributes; i++)
		if (strcmp(r->attributes[i]->key, key) == 0) {
			assert_null(found);
			found = r->attributes[i]->value->string_value;
		}
	return found;
}

/* A batch wraps spans that are packed already, and says who it is from, once. */
static void
a_batch_wraps_spans(void **state)
{
	char mesh[] = "mesh.id", x[] = "x", zone[] = "zone", b[] = "b";
	struct otlp_pair more[] = { { mesh, x }, { zone, b } };
	const struct otlp_pairs pairs = { more, 2 };
	const struct otlp_resource r = { .service_name = "broker", .mesh = "mesh1",
		.instance_id = "", .more = &pairs };
	Otlp__ExportTraceServiceRequest *read;
	const Otlp__Resource *of;
	struct span s = a_span();
	struct buf one, all;
	struct view items[2];
	Otlp__Span *second;

	(void)state;
	buf_init(&one, 8192);
	buf_init(&all, 8192);
	otlp_put_span(&one, trace, 5, &s, 1);
	items[0] = items[1] = (struct view){ one.data, one.len };
	otlp_put_request(&all, OTLP_TRACES, &r, items, 2);
	read = otlp__export_trace_service_request__unpack(NULL, all.len, all.data);
	assert_non_null(read);
	assert_int_equal(read->n_resource_spans, 1);
	of = read->resource_spans[0]->resource;
	assert_string_equal(find(of, "service.name"), "broker");
	assert_string_equal(find(of, "mesh.id"), "mesh1");
	assert_string_equal(find(of, "zone"), "b");
	assert_null(find(of, "node.type"));
	assert_null(find(of, "service.instance.id"));
	assert_int_equal(read->resource_spans[0]->scope_spans[0]->n_spans, 2);
	second = otlp__span__unpack(NULL,
		read->resource_spans[0]->scope_spans[0]->spans[1].len,
		read->resource_spans[0]->scope_spans[0]->spans[1].data);
	assert_string_equal(second->name, s.name);
	otlp__span__free_unpacked(second, NULL);
	otlp__export_trace_service_request__free_unpacked(read, NULL);
	/* No room is an error, not a piece of a batch. */
	buf_fini(&all);
	buf_init(&all, one.len);
	otlp_put_request(&all, OTLP_TRACES, &r, items, 2);
	assert_int_equal(all.failed, ERR_LIMIT);
	assert_int_equal(all.len, 0);
	buf_fini(&all);
	buf_fini(&one);
}

/* Answers: nothing is a full success; what is cut or foreign is said to be. */
static void
answers_are_read(void **state)
{
	static const uint8_t whole[] = { 0x0a, 6, 0x08, 7, 0x12, 2, 'n', 'o' };
	static const uint8_t negative[] = { 0x0a, 11, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 1 };
	struct otlp_answer a;
	char text[40];

	(void)state;
	assert_int_equal(otlp_read_answer((struct view){ NULL, 0 }, &a), ERR_OK);
	assert_int_equal(a.rejected, 0);
	assert_int_equal(
		otlp_read_answer((struct view){ whole, sizeof whole }, &a), ERR_OK);
	assert_int_equal(a.rejected, 7);
	assert_string_equal(a.message, "no");
	assert_int_equal(
		otlp_read_answer((struct view){ negative, sizeof negative }, &a), ERR_OK);
	assert_int_equal(a.rejected, 0);
	for (size_t len = 1; len < sizeof whole; len++)
		assert_int_equal(otlp_read_answer((struct view){ whole, len }, &a),
			ERR_MALFORMED);
	otlp_read_status((struct view){ whole + 4, 4 }, text, sizeof text);
	assert_string_equal(text, "no");
	otlp_read_status((struct view){ whole, 3 }, text, sizeof text);
	assert_string_equal(text, "");
}

/* Packs all metrics of a meter; the one of this name is read back. */
static Otlp__Metric *
metric(const struct meter *m, uint64_t now_ns, const char *name, size_t *count)
{
	struct otlp_metrics o = {
		.meter = m, .start_wall_us = 5, .wall_us = 9, .now_ns = now_ns
	};
	Otlp__Metric *found = NULL;
	struct buf b;

	*count = 0;
	buf_init(&b, 65536);
	for (; otlp_metrics_next(&o, &b); buf_clear(&b)) {
		Otlp__Metric *read = otlp__metric__unpack(NULL, b.len, b.data);

		assert_int_equal(b.failed, 0);
		assert_non_null(read);
		++*count;
		if (found == NULL && strcmp(read->name, name) == 0)
			found = read;
		else
			otlp__metric__free_unpacked(read, NULL);
	}
	buf_fini(&b);
	return found;
}

/* A meter's counters, gauges and histograms are what OTLP calls so. */
static void
metrics_are_read_back(void **state)
{
	static const char *const queues[] = { "one", "two" };
	struct meter *m = meter_new(queues, 2, 0);
	const Otlp__HistogramDataPoint *lag;
	Otlp__Metric *read;
	size_t count;

	(void)state;
	meter_add(m, METRIC_DROPPED, 1, 7);
	meter_add(m, METRIC_BYTES_SENT, 0, 100);
	meter_gauge(m, METRIC_CPU_USED, 0, 0.25);
	meter_record(m, METRIC_LOOP_LAG, 3 * NS_PER_MS);
	meter_record(m, METRIC_LOOP_LAG, SECONDS(60));
	read = metric(m, SECONDS(1), "mesh.bytes.sent", &count);
	assert_int_equal(read->data_case, OTLP__METRIC__DATA_SUM);
	assert_true(read->sum->is_monotonic);
	assert_int_equal(read->sum->aggregation_temporality, 2);
	assert_string_equal(read->unit, "By");
	assert_int_equal(read->sum->n_data_points, 1);
	assert_int_equal(read->sum->data_points[0]->as_int, 100);
	assert_true(read->sum->data_points[0]->start_time_unix_nano == 5000);
	assert_true(read->sum->data_points[0]->time_unix_nano == 9000);
	otlp__metric__free_unpacked(read, NULL);
	read = metric(m, SECONDS(1), "mesh.dropped", &count);
	assert_int_equal(read->sum->n_data_points, 1);
	assert_string_equal(read->sum->data_points[0]->attributes[0]->key, "queue");
	assert_string_equal(
		read->sum->data_points[0]->attributes[0]->value->string_value, "two");
	otlp__metric__free_unpacked(read, NULL);
	read = metric(m, SECONDS(1), "mesh.node.cpu.used", &count);
	assert_int_equal(read->data_case, OTLP__METRIC__DATA_GAUGE);
	assert_true(read->gauge->data_points[0]->as_double == 0.25);
	otlp__metric__free_unpacked(read, NULL);
	read = metric(m, SECONDS(1), "mesh.loop.lag", &count);
	assert_int_equal(read->data_case, OTLP__METRIC__DATA_HISTOGRAM);
	assert_int_equal(read->histogram->data_points[0]->count, 2);
	assert_true(read->histogram->data_points[0]->sum == 60003);
	lag = read->histogram->data_points[0];
	assert_int_equal(lag->n_explicit_bounds, METER_BOUNDS);
	assert_int_equal(lag->n_bucket_counts, METER_BUCKETS);
	assert_int_equal(lag->bucket_counts[METER_BOUNDS], 1);
	otlp__metric__free_unpacked(read, NULL);
	/* A gauge without a value is left out, not told as 0. */
	assert_null(metric(m, SECONDS(1), "mesh.node.memory.used", &count));
	meter_gauge(m, METRIC_MEMORY_USED, 0, 0);
	read = metric(m, SECONDS(1), "mesh.node.memory.used", &count);
	assert_true(read->gauge->data_points[0]->as_double == 0);
	otlp__metric__free_unpacked(read, NULL);
	meter_free(m);
}

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"

/* A traceparent is read and written as W3C has it, and nothing else is one. */
static void
traceparents(void **state)
{
	static const char *const bad[] = { "", "00", "00-" TRACE "-" PARENT,
		"00-" TRACE "-" PARENT "-1", "00-" TRACE "-" PARENT "-0g",
		"00-" TRACE "-" PARENT "-01-x", "ff-" TRACE "-" PARENT "-01",
		"00-00000000000000000000000000000000-" PARENT "-01",
		"00-" TRACE "-0000000000000000-01", "00-" TRACE "_" PARENT "-01",
		"00-0AF7651916cd43dd8448eb211c80319c-" PARENT "-01",
		"01-" TRACE "-" PARENT "-01x", " 00-" TRACE "-" PARENT "-01" };
	struct trace_context c = { .flags = 77 };
	char text[TRACEPARENT_CAP];

	(void)state;
	assert_int_equal(traceparent_parse(&c, "00-" TRACE "-" PARENT "-01"), ERR_OK);
	assert_int_equal(c.trace_id[0], 0x0a);
	assert_int_equal(c.span_id[7], 0x31);
	assert_int_equal(c.flags, 1);
	assert_string_equal(traceparent_format(text, &c), "00-" TRACE "-" PARENT "-01");
	assert_int_equal(
		traceparent_parse(&c, "cc-" TRACE "-" PARENT "-00-more"), ERR_OK);
	assert_int_equal(c.flags, 0);
	c.flags = 77;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(traceparent_parse(&c, bad[i]), ERR_MALFORMED);
	assert_int_equal(c.flags, 77);
}

/* A tracer that was told of a span hangs its own below it, and tells of them. */
static void
a_tracer_adopts(void **state)
{
	static const uint8_t seed[32] = { 7 };
	struct tracer *t = tracer_new(seed, 0, 1);
	const struct span_set *s = tracer_spans(t);
	struct trace_context above;
	char text[TRACEPARENT_CAP];
	int root, step;

	(void)state;
	assert_int_equal(traceparent_parse(&above, "00-" TRACE "-" PARENT "-01"), ERR_OK);
	tracer_adopt(t, &above);
	root = tracer_begin(t, TRACE_NODE_READY, -1, 0);
	step = tracer_begin(t, TRACE_ENDPOINT_CREATED, root, 0);
	assert_memory_equal(s->trace, above.trace_id, SPAN_TRACE_LEN);
	assert_memory_equal(s->spans[root].parent, above.span_id, SPAN_ID_LEN);
	assert_memory_equal(s->spans[step].parent, s->spans[root].id, SPAN_ID_LEN);
	above = tracer_context(t, root, 1);
	assert_memory_equal(above.span_id, s->spans[root].id, SPAN_ID_LEN);
	assert_memory_equal(traceparent_format(text, &above), "00-" TRACE "-", 36);
	tracer_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_is_read_back),
		cmocka_unit_test(a_failed_root),
		cmocka_unit_test(a_batch_wraps_spans),
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(metrics_are_read_back),
		cmocka_unit_test(traceparents),
		cmocka_unit_test(a_tracer_adopts),
	};

	return cmocka_run_group_tests_name("otlp", tests, NULL, NULL);
}
