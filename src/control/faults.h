/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_FAULTS_H
#define CONTROL_FAULTS_H

#include <jansson.h>

#include "wire/fault_status.h"

/*
 * The faults of a node in a status: "chaos" has the counters, "faults" what is active and
 * "faults_ended" what was lately.
 */
void control_faults_put(json_t *to, const struct fault_status *s);

#endif
