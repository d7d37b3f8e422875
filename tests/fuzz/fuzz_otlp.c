/* SPDX-License-Identifier: MIT */
/*
 * What comes from outside for the sake of OTLP: answers of a collector, lists and a
 * traceparent of the environment. The first byte says which. Counts add up whatever is
 * answered, and what is kept for people is printable.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "trace/exporter.h"
#include "trace/otlp_keys.h"
#include "trace/traceparent.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
is_printable(const char *text)
{
	char shown[512];

	assert(strlen(text) < sizeof shown);
	text_printable(shown, sizeof shown, text, strlen(text));
	assert(strcmp(shown, text) == 0);
}

static void
answer(const uint8_t *bytes, size_t len)
{
	static const struct exporter_limits limits = { 4, 2, 0 };
	static const unsigned statuses[] = { 200, 202, 400, 429, 500, 503 };
	static const uint8_t seed[32] = { 1 };
	struct exporter *x = exporter_new(&limits, seed);
	const struct exporter_stats *s = exporter_stats(x);
	struct exporter_answer a = { .status = statuses[bytes[0] % 6] };
	const struct view *items;

	a.body = (struct view){ bytes + 1, len - 1 };
	for (int i = 0; i < 3; i++)
		exporter_add(x, "x", 1, 0);
	assert(exporter_take(x, 0, &items) == 2);
	exporter_answer(x, &a, 0);
	assert(s->taken ==
		s->sent + s->rejected + s->failed + s->dropped + s->queued);
	is_printable(s->last_error);
	exporter_free(x);
}

static void
texts(const uint8_t *bytes, size_t len)
{
	char *text = mem_array(1, len + 1), again[TRACEPARENT_CAP];
	struct otlp_pairs pairs = { 0 };
	struct trace_context c;

	memcpy(text, bytes, len);
	if (otlp_keys_read(&pairs, text) == ERR_OK)
		for (size_t i = 0; i < pairs.count; i++) {
			assert(pairs.at[i].key[0] != '\0');
			assert(strpbrk(pairs.at[i].value, "\r\n") == NULL);
		}
	else
		assert(pairs.count == 0);
	otlp_keys_fini(&pairs);
	if (traceparent_parse(&c, text) == ERR_OK)
		assert(memcmp(traceparent_format(again, &c) + 2, text + 2, 53) == 0);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 2)
		return 0;
	if (bytes[0] & 1)
		answer(bytes + 1, len - 1);
	else
		texts(bytes + 1, len - 1);
	return 0;
}
