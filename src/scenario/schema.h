/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_SCHEMA_H
#define SCENARIO_SCHEMA_H

#include "base/buf.h"

/*
 * JSON Schemas (draft 2020-12): of scenario files, made from keys.def, and of the JSON
 * that a run reports. They say less than --check does: editors use them.
 */
void schema_scenario(struct buf *to);
void schema_report(struct buf *to);

#endif
