/* SPDX-License-Identifier: MIT */
#ifndef TRACE_OTLP_METRICS_H
#define TRACE_OTLP_METRICS_H

#include "base/buf.h"
#include "trace/meter.h"

/*
 * What a meter holds, as OTLP has it: counters are cumulative and monotonic sums since
 * the start, gauges the last value, histograms cumulative with their bounds.
 */
struct otlp_metrics {
	const struct meter *meter;
	uint64_t start_wall_us;	/* of the meter's beginning; the same in each snapshot */
	uint64_t wall_us, now_ns;	/* of this snapshot, by both clocks */
	size_t cursor;		/* begins with 0 */
};

/* The next metric with all its points, packed, added to `to`. False at the end. */
bool otlp_metrics_next(struct otlp_metrics *m, struct buf *to);

#endif
