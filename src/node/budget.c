/* SPDX-License-Identifier: MIT */
#include "node/budget.h"

#include <stddef.h>
#include <string.h>

static const struct budget budgets[] = {
#define BUDGET(type, cpu_mc, memory_kib) { type, cpu_mc, memory_kib },
#include "node/budgets.def"
#undef BUDGET
};

const struct budget *
budget_of(const char *type)
{
	size_t last = sizeof(budgets) / sizeof(budgets[0]) - 1;

	for (size_t i = 0; i < last; i++)
		if (strcmp(budgets[i].type, type) == 0)
			return &budgets[i];
	return &budgets[last];
}
