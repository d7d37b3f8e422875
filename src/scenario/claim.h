/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_CLAIM_H
#define SCENARIO_CLAIM_H

#include <stdint.h>

#include "scenario/selector.h"

/*
 * A claim about a mesh: "converged", "components mesh1 = 2", "live *.gateway >= 90%",
 * "latency.p99 < 50ms". A metric, whom it is about, a comparison, a value with its unit.
 */
enum claim_metric {
#define METRIC(name, text, unit, help) CLAIM_##name,
#include "scenario/metrics.def"
#undef METRIC
	CLAIM_METRICS
};

enum claim_unit { CLAIM_TRUTH, CLAIM_COUNT, CLAIM_SHARE, CLAIM_TIME, CLAIM_BYTES };
enum claim_compare { CLAIM_EQ, CLAIM_NE, CLAIM_LT, CLAIM_LE, CLAIM_GT, CLAIM_GE };

struct claim {
	enum claim_metric metric;
	struct selectors about;	/* one, or none for all */
	enum claim_compare compare;
	bool percent;		/* COUNT: the value is a share of the nodes meant */
	/* COUNT in 1/1000, SHARE in 1/10000, TIME in ns, BYTES in bytes. */
	int64_t value;
};

enum claim_unit claim_unit(enum claim_metric m);

/*
 * False with a text for a person and the place in `text` at which it goes wrong. kind:
 * what to call the error.
 */
#define CLAIM_WHY_CAP 200
enum claim_error { CLAIM_OK, CLAIM_BAD_METRIC, CLAIM_BAD_SHAPE, CLAIM_BAD_UNIT };
enum claim_error claim_parse(
	struct claim *c, const char *text, char why[static CLAIM_WHY_CAP], size_t *at);

/* The comparison: `have` and `of` in the unit of the metric (of: nodes meant). */
bool claim_holds(const struct claim *c, int64_t have, int64_t of);
/* "components mesh1.* = 2". */
#define CLAIM_TEXT_CAP 240
char *claim_text(const struct claim *c, char to[static CLAIM_TEXT_CAP]);
/* "2", "93.7%", "12ms", "9.1 MiB". */
#define CLAIM_VALUE_CAP 32
char *claim_value(char to[static CLAIM_VALUE_CAP], enum claim_unit unit, int64_t value);

#endif
