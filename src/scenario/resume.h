/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_RESUME_H
#define SCENARIO_RESUME_H

#include "scenario/plan.h"
#include "scenario/report.h"

/*
 * Going on with a soak that was cut short: its report says how far it came and what came
 * of it, and another run with the same plan does the rest and counts both.
 */
struct json_t;

struct json_t *resume_json(const struct report_soak *s);
/*
 * What a report or a snapshot of one says, for a run with this plan. ERR_MALFORMED: it is
 * no report, or has no soak; ERR_FOREIGN: of another plan. `why` is for a person.
 */
#define RESUME_WHY_CAP 160
int resume_read(struct view document, const struct plan *p, struct report_soak *to,
	char why[static RESUME_WHY_CAP]);

#endif
