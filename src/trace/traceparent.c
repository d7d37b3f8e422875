/* SPDX-License-Identifier: MIT */
#include "trace/traceparent.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"

/* Of version 00: "00-" trace "-" span "-" flags. */
#define TRACEPARENT_LEN 55

/* `len` bytes as lower-case digits; upper case is no traceparent. */
static int
take(void *to, size_t len, const char *from)
{
	char hex[2 * 16 + 1];

	memcpy(hex, from, 2 * len);
	hex[2 * len] = '\0';
	if (strspn(hex, "0123456789abcdef") != 2 * len)
		return ERR_MALFORMED;
	return hex_decode(to, len, hex);
}

static bool
is_zero(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

int
traceparent_parse(struct trace_context *c, const char *text)
{
	struct trace_context read;
	uint8_t version;
	size_t len = strlen(text);

	if (len < TRACEPARENT_LEN || text[2] != '-' || text[35] != '-' || text[52] != '-')
		return ERR_MALFORMED;
	if (take(&version, 1, text) != ERR_OK || version == 0xff ||
		take(read.trace_id, sizeof read.trace_id, text + 3) != ERR_OK ||
		take(read.span_id, sizeof read.span_id, text + 36) != ERR_OK ||
		take(&read.flags, 1, text + 53) != ERR_OK)
		return ERR_MALFORMED;
	if (len > TRACEPARENT_LEN && (version == 0 || text[TRACEPARENT_LEN] != '-'))
		return ERR_MALFORMED;
	if (is_zero(read.trace_id, sizeof read.trace_id) ||
		is_zero(read.span_id, sizeof read.span_id))
		return ERR_MALFORMED;
	*c = read;
	return ERR_OK;
}

char *
traceparent_format(char to[static TRACEPARENT_CAP], const struct trace_context *c)
{
	char trace[2 * sizeof c->trace_id + 1], span[2 * sizeof c->span_id + 1];

	snprintf(to, TRACEPARENT_CAP, "00-%s-%s-%02x",
		hex_encode(trace, c->trace_id, sizeof c->trace_id),
		hex_encode(span, c->span_id, sizeof c->span_id), c->flags);
	return to;
}
