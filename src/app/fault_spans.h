/* SPDX-License-Identifier: MIT */
#ifndef APP_FAULT_SPANS_H
#define APP_FAULT_SPANS_H

#include "app/root_span.h"
#include "scenario/report.h"

/*
 * The faults of a run as spans below it: chaos.fault, and in it how long it took until
 * the fault was there, until others saw its effect, and until it was gone. From the
 * report, so from what the witnesses said.
 */
void fault_spans_put(const struct root_span *run, const struct report *report,
	struct telemetry *t);

#endif
