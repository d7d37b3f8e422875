/* SPDX-License-Identifier: MIT */
#include "trace/otlp_pack.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

char *
otlp_pack_text(const char *text)
{
	return (char *)(uintptr_t)(text != NULL ? text : "");
}

Otlp__KeyValue *
otlp_pack_attribute(struct otlp_attribute *a, const char *key, const char *value)
{
	otlp__key_value__init(&a->pair);
	otlp__any_value__init(&a->value);
	a->value.value_case = OTLP__ANY_VALUE__VALUE_STRING_VALUE;
	a->value.string_value = otlp_pack_text(value);
	a->pair.key = otlp_pack_text(key);
	a->pair.value = &a->value;
	return &a->pair;
}

void
otlp_pack_message(struct buf *to, const ProtobufCMessage *m)
{
	size_t len = protobuf_c_message_get_packed_size(m);
	uint8_t *bytes;

	if (to->len + len > to->max) {
		to->failed = ERR_LIMIT;
		return;
	}
	bytes = mem_array(1, len + 1);
	protobuf_c_message_pack(m, bytes);
	buf_put(to, bytes, len);
	free(bytes);
}
