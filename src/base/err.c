/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <stddef.h>

static const struct {
	int value;
	const char *name, *text;
} errors[] = {
#define ERR(name, value, text) {value, #name, text},
#include "base/err.def"
#undef ERR
};

const char *
err_name(int err)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (errors[i].value == err)
			return errors[i].name;
	return "UNLISTED";
}

const char *
err_text(int err)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (errors[i].value == err)
			return errors[i].text;
	return "an error without a name";
}
