/* SPDX-License-Identifier: MIT */
#ifndef TRACE_METER_H
#define TRACE_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

/*
 * What metrics.def lists, as totals since the start and as movement in a window of the
 * last METER_WINDOW. All memory is taken at the beginning, so counting is an addition.
 * The window is measured between marks that its owner sets about once a second on turns
 * that happen anyway: it is as long as it says (meter_window_ns), not just about 5 s.
 * Every function takes a NULL meter and does nothing: that is telemetry switched off.
 */
enum metric {
#define METRIC(id, name, unit, kind, by, meaning) METRIC_##id,
#include "trace/metrics.def"
#undef METRIC
	METRICS
};
enum meter_kind { METER_COUNTER, METER_GAUGE, METER_HISTOGRAM };

#define METER_WINDOW SECONDS(5)
#define METER_MARK_EVERY SECONDS(1)
/* Upper bounds in milliseconds, and what is above the last. */
#define METER_BOUNDS 15
#define METER_BUCKETS (METER_BOUNDS + 1)

struct meter;

/* The queues' names are kept as they are and outlive the meter. Never NULL. */
struct meter *meter_new(const char *const *queues, size_t queue_count, uint64_t now_ns);
void meter_free(struct meter *m);

/* label: 0 for NOTHING, else enum traffic, enum mem_class, or the index of a queue. */
void meter_add(struct meter *m, enum metric id, size_t label, uint64_t count);
/* A counter that is counted elsewhere, as it stands there; it never goes back. */
void meter_total(struct meter *m, enum metric id, size_t label, uint64_t total);
void meter_gauge(struct meter *m, enum metric id, size_t label, double value);
void meter_record(struct meter *m, enum metric id, uint64_t ns);

/* Whether the last mark is METER_MARK_EVERY old. */
bool meter_due(const struct meter *m, uint64_t now_ns);
void meter_mark(struct meter *m, uint64_t now_ns);

uint64_t meter_began_ns(const struct meter *m);
/* How long the window is that ends now: 0 right after the start. */
uint64_t meter_window_ns(const struct meter *m, uint64_t now_ns);
/* What a counter grew by in it. */
uint64_t meter_moved(
	const struct meter *m, enum metric id, size_t label, uint64_t now_ns);

/*
 * One point of one metric. Counters have total and moved; gauges a value; histograms have
 * total (how many), sum and buckets since the start, and the same of the window.
 */
struct meter_point {
	enum metric metric;
	enum meter_kind kind;
	const char *name, *unit, *meaning;
	const char *attribute, *label;	/* "kind", "ping"; NULL when there is none */
	uint64_t total, moved;
	double value;
	double sum, moved_sum;		/* milliseconds */
	const uint64_t *buckets;	/* METER_BUCKETS; valid until the next record */
	uint64_t moved_buckets[METER_BUCKETS];
};

/*
 * The next point, in the order of the list; *cursor begins with 0. Left out are gauges
 * without a value yet and labels that never moved. False at the end.
 */
bool meter_next(const struct meter *m, size_t *cursor, uint64_t now_ns,
	struct meter_point *p);

double meter_bound_ms(size_t bucket);	/* bucket < METER_BOUNDS */
/*
 * The value below which the share q (0 to 1) of all is, in milliseconds, as exactly as
 * buckets know it; 0 when there is none. Above the last bound it is that bound.
 */
double meter_quantile(const uint64_t buckets[static METER_BUCKETS], double q);

#endif
