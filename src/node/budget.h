/* SPDX-License-Identifier: MIT */
#ifndef NODE_BUDGET_H
#define NODE_BUDGET_H

#include <stdint.h>

/*
 * What a node of a type is meant to use at most; what it uses is shown against it. Where
 * a control group allows less, the composition takes that.
 */
struct budget {
	const char *type;	/* "" is every other type */
	uint32_t cpu_mc, memory_kib;
};

/* Never NULL. */
const struct budget *budget_of(const char *type);

#endif
