/* SPDX-License-Identifier: MIT */
#include "trace/otlp_keys.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

/* A header with a line break in its value would be two headers. */
static bool
is_printable(const char *text)
{
	size_t len = strlen(text);
	char *shown = mem_array(1, len + 1);
	bool same = text_printable(shown, len + 1, text, len) == len &&
		    memcmp(shown, text, len) == 0;

	free(shown);
	return same;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The part without blanks around it, on the heap. */
static char *
trimmed(const char *from, size_t len)
{
	char *to;

	while (len > 0 && is_blank(*from))
		from++, len--;
	while (len > 0 && is_blank(from[len - 1]))
		len--;
	to = mem_array(1, len + 1);
	memcpy(to, from, len);
	return to;
}

static int
percent_decode(char *text)
{
	char *to = text, digits[3] = "";

	for (const char *from = text; *from != '\0'; from++) {
		if (*from != '%') {
			*to++ = *from;
			continue;
		}
		if (from[1] == '\0' || from[2] == '\0')
			return ERR_MALFORMED;
		memcpy(digits, from + 1, 2);
		if (hex_decode(to, 1, digits) != ERR_OK || *to == '\0')
			return ERR_MALFORMED;
		to++;
		from += 2;
	}
	*to = '\0';
	return ERR_OK;
}

static int
read_pair(struct otlp_pair *p, const char *from, size_t len)
{
	const char *sign = memchr(from, '=', len);
	size_t key_len;

	if (sign == NULL)
		return ERR_MALFORMED;
	key_len = (size_t)(sign - from);
	p->key = trimmed(from, key_len);
	p->value = trimmed(sign + 1, len - key_len - 1);
	if (p->key[0] != '\0' && percent_decode(p->value) == ERR_OK &&
		is_printable(p->key) && is_printable(p->value))
		return ERR_OK;
	free(p->key);
	free(p->value);
	return ERR_MALFORMED;
}

static void
cut(struct otlp_pairs *p, size_t count)
{
	while (p->count > count) {
		p->count--;
		free(p->at[p->count].key);
		free(p->at[p->count].value);
	}
}

int
otlp_keys_read(struct otlp_pairs *to, const char *text)
{
	size_t before = to->count;
	int err = ERR_OK;

	for (const char *from = text; err == ERR_OK;) {
		size_t len = strcspn(from, ",");

		/* Nothing between two commas, or after the last, is passed over. */
		if (strspn(from, " \t") < len) {
			if (to->count == OTLP_PAIRS_MAX) {
				err = ERR_LIMIT;
				break;
			}
			to->at = mem_resize(to->at, to->count + 1, sizeof *to->at);
			err = read_pair(&to->at[to->count], from, len);
			if (err == ERR_OK)
				to->count++;
		}
		if (from[len] == '\0')
			break;
		from += len + 1;
	}
	if (err != ERR_OK)
		cut(to, before);
	return err;
}

void
otlp_keys_fini(struct otlp_pairs *p)
{
	cut(p, 0);
	free(p->at);
	*p = (struct otlp_pairs){ 0 };
}

const char *
otlp_keys_find(const struct otlp_pairs *p, const char *key)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->at[i].key, key) == 0)
			return p->at[i].value;
	return NULL;
}
