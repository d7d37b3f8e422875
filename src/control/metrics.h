/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_METRICS_H
#define CONTROL_METRICS_H

#include <jansson.h>

#include "base/buf.h"
#include "trace/meter.h"

/*
 * Metrics in a status: {"window_ms":5003,"mesh.bytes.sent":{"unit":"By",
 * "kind":"counter","total":1234,"rate":56.7}, ...}. A rate is movement in the window for
 * each second of it. With an attribute, "by":"kind" and "points":{"ping":{"total":...}}
 * take the place of the figures. A histogram has "count", "sum", "rate", "p50", "p99" and
 * "buckets":[[0.1,17],...,[null,0]] of all time, with "window":{...} the same of the
 * window.
 */
void control_metrics_put(json_t *to, const struct meter *m, uint64_t now_ns);

/* The figures of a status that a person wants first, one to a line. */
void control_metrics_print(struct buf *to, const json_t *status);

#endif
