/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_ECHOES_H
#define CONTROL_ECHOES_H

#include <jansson.h>

#include "base/buf.h"
#include "mesh/echoes.h"

/*
 * The answer to the verb echo, from malloc: {"version":1,"echoed":{"name":..,
 * "receiver":..,"count":..,"answered":..,"failed":..,"different":..,"bytes":..,"why":..,
 * "rtt_ms":{"min":..,"mean":..,"max":..},"took_ms":..,"trace_id":".."}}.
 */
char *control_echoes_answer(const struct echo_report *r);
/* As text for people; false: it is none. *status: the exit status. */
bool control_echoes_print(struct buf *to, const json_t *answer, int *status);

#endif
