/* SPDX-License-Identifier: MIT */
#ifndef TRACE_TRACEPARENT_H
#define TRACE_TRACEPARENT_H

#include "wire/frame.h"

/*
 * W3C trace context, level 2, as it stands in the environment of a process:
 * TRACEPARENT=00-<32 hex digits>-<16 hex digits>-<2 hex digits>, in lower case. Who
 * starts us says so under which span our work hangs; the last bit of the flags says
 * whether anybody records it.
 */
#define TRACEPARENT_ENV "TRACEPARENT"
#define TRACEPARENT_CAP 56
#define TRACEPARENT_SAMPLED 0x01

/*
 * ERR_MALFORMED: of another form, of version ff, or with an id of zeros. What a later
 * version appends after the flags is passed over.
 */
int traceparent_parse(struct trace_context *c, const char *text);
char *traceparent_format(char to[static TRACEPARENT_CAP], const struct trace_context *c);

#endif
