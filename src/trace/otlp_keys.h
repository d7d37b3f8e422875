/* SPDX-License-Identifier: MIT */
#ifndef TRACE_OTLP_KEYS_H
#define TRACE_OTLP_KEYS_H

#include <stddef.h>

/*
 * Lists "key1=value1,key2=value2" as OpenTelemetry has them in the environment (those of
 * W3C baggage, without properties): white space around a key or value is not part of it,
 * and values are percent-decoded.
 */
struct otlp_pair {
	char *key, *value;
};

struct otlp_pairs {
	struct otlp_pair *at;	/* owned, and the texts */
	size_t count;		/* at most OTLP_PAIRS_MAX */
};

/*
 * Adds to `to`, which is zeroed or has been read into. All or nothing: ERR_MALFORMED (no
 * '=', an empty key, a broken escape, or what is no printable UTF-8), ERR_LIMIT.
 */
int otlp_keys_read(struct otlp_pairs *to, const char *text);
void otlp_keys_fini(struct otlp_pairs *p);	/* accepts a zeroed one */
const char *otlp_keys_find(const struct otlp_pairs *p, const char *key); /* or NULL */

#endif
