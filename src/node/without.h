/* SPDX-License-Identifier: MIT */
#ifndef NODE_WITHOUT_H
#define NODE_WITHOUT_H

/*
 * Features that a node is told to be without: the controls of the named tests, each of
 * which has to fail then. Never set but by tests.
 */
enum without_index {
#define WITHOUT(name, text, help) WITHOUT_AT_##name,
#include "node/without.def"
#undef WITHOUT
	WITHOUTS
};
enum without {
#define WITHOUT(name, text, help) WITHOUT_##name = 1 << WITHOUT_AT_##name,
#include "node/without.def"
#undef WITHOUT
};

/* "echo,gossip" as a set; NULL: none. Words that are none of the list are no part. */
unsigned without_parse(const char *words);

#endif
