/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"

/*
 * Longest word that text_closest looks at; a longer one has no near neighbor here anyway.
 */
#define WORD_LEN_MAX 64

/*
 * The length of the valid UTF-8 character at `s` (RFC 3629, table 3-7 of Unicode: no
 * overlong forms, no surrogates, nothing above U+10FFFF) and its code point, or 0.
 */
static size_t
decode(const uint8_t *s, size_t len, uint32_t *point)
{
	size_t n = s[0] < 0x80	 ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
				 : 4;

	if (n == 0 || s[0] > 0xf4 || n > len)
		return 0;
	*point = n == 1 ? s[0] : s[0] & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (s[i] & 0x3f);
	}
	if ((n == 3 && *point < 0x800) || (n == 4 && *point < 0x10000) ||
		*point > 0x10ffff)
		return 0;
	return *point >= 0xd800 && *point <= 0xdfff ? 0 : n;
}

/* What moves the cursor, turns the reading order or hides text. */
static bool
unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff) ||
	       (c & 0xfffe) == 0xfffe;
}

size_t
text_printable(char *to, size_t cap, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	size_t at = 0, i = 0;

	while (i < len) {
		uint32_t point = 0;
		size_t n = decode(from + i, len - i, &point);
		bool keep = n > 0 && !unsafe(point);
		size_t width = keep ? n : 1;

		if (at + width >= cap)
			break;
		if (keep)
			memcpy(to + at, from + i, n);
		else
			to[at] = '?';
		at += width;
		i += n > 0 ? n : 1;
	}
	to[at] = '\0';
	return at;
}

char *
text_duration(char *to, size_t cap, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;

	if (ns < NS_PER_MS)
		snprintf(to, cap, "%" PRIu64 "us", ns / 1000);
	else if (s == 0)
		snprintf(to, cap, "%" PRIu64 "ms", ns / NS_PER_MS);
	else if (s < 60)
		snprintf(to, cap, "%" PRIu64 ".%" PRIu64 "s", s,
			ns / (NS_PER_S / 10) % 10);
	else if (s < 3600)
		snprintf(to, cap, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(to, cap, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(to, cap, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
	return to;
}

char *
text_bytes(char *to, size_t cap, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned shift = 10;

	if (bytes < 1024) {
		snprintf(to, cap, "%" PRIu64 " B", bytes);
		return to;
	}
	while (shift < 60 && bytes >> shift >= 1024)
		shift += 10;
	snprintf(to, cap, "%" PRIu64 ".%" PRIu64 " %s", bytes >> shift,
		((bytes >> (shift - 10)) & 1023) * 10 / 1024, units[shift / 10 - 1]);
	return to;
}

int
text_u64(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	bool over = false;

	if (*text == '\0')
		return ERR_MALFORMED;
	for (; *text; text++) {
		unsigned digit = (unsigned)*text - '0';

		if (digit > 9)
			return ERR_MALFORMED;
		if (value > (UINT64_MAX - digit) / 10)
			over = true;
		else
			value = value * 10 + digit;
	}
	if (over || value > max)
		return ERR_LIMIT;
	*out = value;
	return 0;
}

/* Nanoseconds of one unit, 0 for what is none. */
static uint64_t
unit_ns(const char *unit)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} units[] = {
		{"us", 1000},
		{"ms", NS_PER_MS},
		{"s", NS_PER_S},
		{"m", 60 * NS_PER_S},
		{"h", 3600 * NS_PER_S},
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strcmp(unit, units[i].text) == 0)
			return units[i].ns;
	return 0;
}

int
text_parse_duration(const char *text, uint64_t *ns)
{
	size_t whole_len = strspn(text, "0123456789");
	size_t part_len =
		text[whole_len] == '.' ? strspn(text + whole_len + 1, "0123456789") : 0;
	const char *unit = text + whole_len + (part_len > 0 ? 1 + part_len : 0);
	uint64_t scale = unit_ns(unit), value = 0, part = 0, place = scale;

	if (whole_len == 0 || scale == 0)
		return ERR_MALFORMED;
	for (size_t i = 0; i < whole_len; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (value > (UINT64_MAX / scale - digit) / 10)
			return ERR_LIMIT;
		value = value * 10 + digit;
	}
	/*
	 * Digits below a nanosecond fall away with `place`; those of minutes stay exact
	 * to 6e-9.
	 */
	for (size_t i = 0; i < part_len; i++) {
		place /= 10;
		part += place * (uint64_t)(text[whole_len + 1 + i] - '0');
	}
	if (part > UINT64_MAX - value * scale)
		return ERR_LIMIT;
	*ns = value * scale + part;
	return 0;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, swap of neighbors. */
static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_LEN_MAX + 1], *before = rows[0], *last = rows[1],
					  *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		last[j] = before[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = least(least(last[j], row[j - 1]) + 1,
				last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = oldest;
	}
	return last[b_len];
}

const char *
text_closest(const char *word, const char *const *words, size_t count)
{
	size_t len = strlen(word), best = 1 + len / 4 + 1;
	const char *closest = NULL;

	if (len > WORD_LEN_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(words[i]), d;

		if (other > WORD_LEN_MAX)
			continue;
		d = distance(word, len, words[i], other);
		if (d < best) {
			best = d;
			closest = words[i];
		}
	}
	return closest;
}

bool
text_is_label(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len >= 1 && len <= LABEL_LEN_MAX && text[len] == '\0' && text[0] != '-';
}
