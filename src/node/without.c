/* SPDX-License-Identifier: MIT */
#include "node/without.h"

#include <stddef.h>
#include <string.h>

unsigned
without_parse(const char *words)
{
	static const char *const texts[] = {
#define WITHOUT(name, text, help) [WITHOUT_AT_##name] = text,
#include "node/without.def"
#undef WITHOUT
	};
	unsigned set = 0;

	while (words != NULL && *words != '\0') {
		size_t len = strcspn(words, ",");

		for (size_t i = 0; i < WITHOUTS; i++)
			if (strlen(texts[i]) == len &&
				memcmp(texts[i], words, len) == 0)
				set |= 1u << i;
		words += len + (words[len] == ',');
	}
	return set;
}
