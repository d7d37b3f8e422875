/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_FAULTS_H
#define CONTROL_FAULTS_H

#include <jansson.h>

#include "base/id.h"
#include "wire/fault_status.h"

/*
 * The faults of a node in a status: "chaos" has the counters, "faults" what is active and
 * "faults_ended" what was lately.
 */
void control_faults_put(json_t *to, const struct fault_status *s);
/* What one node said to an order: a line of JSON from malloc, without newline. */
char *control_faults_line(const char *name, const struct peer_id *id,
	const struct fault_status *s);

#endif
