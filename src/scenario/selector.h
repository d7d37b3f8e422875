/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_SELECTOR_H
#define SCENARIO_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"

/*
 * Which nodes are meant: "mesh1", "mesh1.broker", "mesh1.broker#2", "*.gateway", "all".
 * Mesh and type may hold '*' for any letters. The number counts the nodes of one type in
 * one mesh from 1, in the order of the file; it is the node's name before it has one.
 */
#define SELECTORS_MAX 16
#define SELECTOR_LEN_MAX (2 * LABEL_LEN_MAX + 8)

struct selector {
	char mesh[LABEL_LEN_MAX + 1], type[LABEL_LEN_MAX + 1];
	unsigned number;	/* 0: any */
};

struct selectors {
	struct selector at[SELECTORS_MAX];
	size_t count;		/* 0: nothing was said, which means all */
};

/* False with a text for a person. */
#define SELECTOR_WHY_CAP 160
bool selector_parse(
	struct selector *s, const char *text, char why[static SELECTOR_WHY_CAP]);
bool selector_matches(const struct selector *s, const char *mesh, const char *type,
	unsigned number);
bool selector_any_matches(const struct selectors *all, const char *mesh,
	const char *type, unsigned number);
/* '*' in the pattern stands for any letters, also none. */
bool selector_glob(const char *pattern, const char *text);
char *selector_text(const struct selectors *all, char *to, size_t cap);

#endif
