/* SPDX-License-Identifier: MIT */
/*
 * What reads or filters text of strangers in base: the filter, ids, addresses, durations.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"

#define TEXT_CAP 256

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What the filter lets through, it lets through unchanged a second time. */
static void
filter_twice(const uint8_t *bytes, size_t len)
{
	char once[TEXT_CAP], twice[TEXT_CAP];
	size_t n = text_printable(once, sizeof once, bytes, len);

	assert(n < sizeof once && once[n] == '\0' && strlen(once) == n);
	assert(text_printable(twice, sizeof twice, once, n) == n);
	assert(memcmp(once, twice, n) == 0);
}

/* Whatever is read as an address is written as a text that reads as the same address. */
static void
round_trip(const char *text)
{
	struct address a, b;
	char formatted[ADDRESS_TEXT_CAP];

	if (address_parse(&a, text) < 0)
		return;
	address_format(formatted, &a);
	assert(address_parse(&b, formatted) == 0);
	assert(address_equal(&a, &b));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char text[TEXT_CAP] = {0};
	struct peer_id id;
	uint64_t value;

	filter_twice(bytes, len);
	memcpy(text, bytes, len < sizeof text ? len : sizeof text - 1);
	round_trip(text);
	id_parse(&id, text);
	text_is_label(text);
	text_u64(text, UINT64_MAX, &value);
	text_parse_duration(text, &value);
	return 0;
}
