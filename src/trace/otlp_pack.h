/* SPDX-License-Identifier: MIT */
#ifndef TRACE_OTLP_PACK_H
#define TRACE_OTLP_PACK_H

#include "base/buf.h"
#include "trace/otlp.pb-c.h"

/* What the encoders of spans and of metrics share. */

/* A key with its value. It refers to itself, so it may not move. */
struct otlp_attribute {
	Otlp__KeyValue pair;
	Otlp__AnyValue value;
};

/* Texts stay the caller's; NULL is "". Returns &a->pair. */
Otlp__KeyValue *otlp_pack_attribute(
	struct otlp_attribute *a, const char *key, const char *value);
/* The generated structs have char * and change nothing. */
char *otlp_pack_text(const char *text);
/* to->failed: no room, and nothing is written. */
void otlp_pack_message(struct buf *to, const ProtobufCMessage *m);

#endif
