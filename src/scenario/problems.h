/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_PROBLEMS_H
#define SCENARIO_PROBLEMS_H

#include "base/buf.h"

/*
 * What is wrong with a scenario file: all of it at once, each with its place. At most
 * SCENARIO_ERRORS_MAX are kept, the rest is counted.
 */
enum rule {
#define RULE(name, text) RULE_##name,
#include "scenario/rules.def"
#undef RULE
	RULE_COUNT
};
const char *problems_rule(enum rule r);

struct problem {
	unsigned line, column;	/* from 1; columns count characters */
	enum rule rule;
	char text[240];
};

struct problems {
	struct problem *at;
	size_t count;
	size_t dropped;
};

void problems_init(struct problems *p);
void problems_fini(struct problems *p);
void problems_add(struct problems *p, unsigned line, unsigned column, enum rule rule,
	const char *format, ...) __attribute__((format(printf, 5, 6)));
/* By place; those of one place keep their order. */
void problems_sort(struct problems *p);

/*
 * Each as `file:line:column: error: text [rule]`, the source line and a caret under the
 * column. What comes from the file is made printable.
 */
void problems_print(const struct problems *p, const char *file, struct view source,
	struct buf *to);

#endif
