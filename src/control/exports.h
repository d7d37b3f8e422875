/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_EXPORTS_H
#define CONTROL_EXPORTS_H

#include <jansson.h>

#include "control/answer.h"

/* "otlp": {"traces": {...} or null, "metrics": ...}. exports: NULL is as zeros. */
void control_exports_put(json_t *to, const struct control_exports *exports);

#endif
