/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "scenario/selector.h"

/* Nobody counts further: a run has at most CHILDREN_POOL_MAX nodes. */
#define NUMBER_MAX 9999

static bool
take_part(char to[static LABEL_LEN_MAX + 1], const char *text, size_t len)
{
	if (len == 0 || len > LABEL_LEN_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-*", text[i]))
			return false;
	memcpy(to, text, len);
	to[len] = '\0';
	return true;
}

bool
selector_parse(struct selector *s, const char *text, char why[static SELECTOR_WHY_CAP])
{
	const char *hash = strchr(text, '#'), *dot = strchr(text, '.');
	size_t end = hash ? (size_t)(hash - text) : strlen(text);
	size_t mesh = dot && dot < text + end ? (size_t)(dot - text) : end;
	uint64_t number = 0;

	memset(s, 0, sizeof(*s));
	if (strcmp(text, "all") == 0)
		text = "*", end = mesh = 1;
	snprintf(why, SELECTOR_WHY_CAP,
		"'%.60s' selects nothing: write mesh1, mesh1.broker, mesh1.broker#2, "
		"*.gateway or all",
		text);
	if (!take_part(s->mesh, text, mesh))
		return false;
	if (mesh == end)
		snprintf(s->type, sizeof(s->type), "*");
	else if (!take_part(s->type, text + mesh + 1, end - mesh - 1))
		return false;
	if (!hash)
		return true;
	if (text_u64(hash + 1, NUMBER_MAX, &number) != ERR_OK || number == 0 ||
		mesh == end)
		return false;
	s->number = (unsigned)number;
	return true;
}

bool
selector_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *back = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			back = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++back;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool
selector_matches(const struct selector *s, const char *mesh, const char *type,
	unsigned number)
{
	return selector_glob(s->mesh, mesh) && selector_glob(s->type, type) &&
		(s->number == 0 || s->number == number);
}

bool
selector_any_matches(const struct selectors *all, const char *mesh, const char *type,
	unsigned number)
{
	for (size_t i = 0; i < all->count; i++)
		if (selector_matches(&all->at[i], mesh, type, number))
			return true;
	return all->count == 0;
}

char *
selector_text(const struct selectors *all, char *to, size_t cap)
{
	size_t len = 0;

	snprintf(to, cap, "%s", all->count ? "" : "all");
	for (size_t i = 0; i < all->count && len < cap; i++) {
		const struct selector *s = &all->at[i];
		char number[16] = "";

		if (s->number)
			snprintf(number, sizeof(number), "#%u", s->number);
		len += (size_t)snprintf(to + len, cap - len, "%s%s.%s%s", i ? ", " : "",
			s->mesh, s->type, number);
	}
	return to;
}
