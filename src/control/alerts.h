/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ALERTS_H
#define CONTROL_ALERTS_H

#include <jansson.h>

#include "mesh/alerts.h"

/*
 * {"alerts":[{"seq":3,"kind":"cpu.budget","state":"active","node":"...","node_id":"...",
 * "mesh":"mesh1","raised_at":"2026-11-20T12:00:00.123Z","age_ms":5000,"lasted_ms":5000,
 * "value":93,"threshold":90,"worst":97,"figure":"93 %","limit":"90 %","peak":"97 %",
 * "acknowledged":false,"text":"..."}],"active":1,"unacknowledged":1,"dropped":0}: what is
 * active first, the newest first. Values are millicores, percent, KiB or milliseconds, as
 * the figure says.
 */
void control_alerts_put(json_t *to, const struct alerts *a, uint64_t now_ns);

#endif
