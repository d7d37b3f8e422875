/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_EXPORTS_H
#define CONTROL_EXPORTS_H

#include <jansson.h>

#include "control/answer.h"

/* "otlp": {"traces": {...} or null, "metrics": ...}. exports: NULL is as zeros. */
void control_exports_put(json_t *to, const struct control_exports *exports);

/* A line of a status for each signal that is exported. */
void control_exports_print(struct buf *to, const json_t *status);

#endif
