/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "scenario/problems.h"

/* Source lines are shown in a window of this many bytes that holds the column. */
#define WINDOW 100

static const char *const rules[RULE_COUNT] = {
#define RULE(name, text) [RULE_##name] = text,
#include "scenario/rules.def"
#undef RULE
};

const char *
problems_rule(enum rule r)
{
	return rules[r];
}

void
problems_init(struct problems *p)
{
	memset(p, 0, sizeof(*p));
}

void
problems_fini(struct problems *p)
{
	free(p->at);
	problems_init(p);
}

void
problems_add(struct problems *p, unsigned line, unsigned column, enum rule rule,
	const char *format, ...)
{
	char raw[sizeof(p->at->text)];
	va_list args;
	int len;

	if (p->count == SCENARIO_ERRORS_MAX) {
		p->dropped++;
		return;
	}
	if (!p->at)
		p->at = mem_array(SCENARIO_ERRORS_MAX, sizeof(*p->at));

	struct problem *one = &p->at[p->count++];

	va_start(args, format);
	len = vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	if (len < 0)
		len = 0;
	if ((size_t)len >= sizeof(raw))
		len = sizeof(raw) - 1;
	text_printable(one->text, sizeof(one->text), raw, (size_t)len);
	one->line = line;
	one->column = column;
	one->rule = rule;
}

void
problems_sort(struct problems *p)
{
	/* Insertion sort: stable, and there are at most a hundred. */
	for (size_t i = 1; i < p->count; i++) {
		struct problem one = p->at[i];
		size_t k = i;

		while (k > 0 && (p->at[k - 1].line > one.line ||
				(p->at[k - 1].line == one.line &&
					p->at[k - 1].column > one.column))) {
			p->at[k] = p->at[k - 1];
			k--;
		}
		p->at[k] = one;
	}
}

static struct view
line_of(struct view source, unsigned line)
{
	struct view v = source;
	const uint8_t *end;

	while (--line > 0 && v.len) {
		end = memchr(v.data, '\n', v.len);
		if (!end)
			return (struct view){ v.data, 0 };
		v.len -= (size_t)(end + 1 - v.data);
		v.data = end + 1;
	}
	end = v.len ? memchr(v.data, '\n', v.len) : NULL;
	if (end)
		v.len = (size_t)(end - v.data);
	if (v.len && v.data[v.len - 1] == '\r')
		v.len--;
	return v;
}

static bool
continues(uint8_t byte)
{
	/* UTF-8, RFC 3629: not the first byte of a character. */
	return (byte & 0xc0) == 0x80;
}

/* Bytes of the first `characters` characters. */
static size_t
bytes_of(struct view v, size_t characters)
{
	size_t i = 0;

	while (i < v.len && characters > 0) {
		i++;
		while (i < v.len && continues(v.data[i]))
			i++;
		characters--;
	}
	return i;
}

static void
print_source(const struct problem *one, struct view source, struct buf *to)
{
	struct view line = line_of(source, one->line);
	size_t at = bytes_of(line, one->column - 1), from = 0;
	char text[2 * WINDOW];
	size_t caret = 0;

	if (!line.len)
		return;
	if (at > WINDOW / 2 && line.len > WINDOW)
		from = at - WINDOW / 2;
	while (from > 0 && continues(line.data[from]))
		from--;
	line.data += from;
	line.len -= from;
	at -= from;
	if (line.len > WINDOW)
		line.len = WINDOW;
	text_printable(text, sizeof(text), line.data, line.len);
	for (size_t i = 0; i < at; i++)
		caret += !continues(line.data[i]);
	buf_format(to, "    %s\n    %*s^\n", text, (int)caret, "");
}

void
problems_print(const struct problems *p, const char *file, struct view source,
	struct buf *to)
{
	char name[200];

	text_printable(name, sizeof(name), file, strlen(file));
	for (size_t i = 0; i < p->count; i++) {
		const struct problem *one = &p->at[i];

		buf_format(to, "%s:%u:%u: error: %s [%s]\n", name, one->line, one->column,
			one->text, problems_rule(one->rule));
		print_source(one, source, to);
	}
	if (p->dropped)
		buf_format(to, "%s: %zu more errors are not shown\n", name, p->dropped);
}
