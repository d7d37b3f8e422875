/* SPDX-License-Identifier: MIT */
#ifndef APP_OPTION_VALUES_H
#define APP_OPTION_VALUES_H

#include "app/options.h"

/* What each option's argument means; options.c knows the line as a whole. */
enum option_id {
#define OPTION(id, name, argument, modes, flags, help) OPTION_##id,
#include "app/options.def"
#undef OPTION
	OPTION_COUNT
};

/* Stores it in `o`. 0, or the exit status with a text for a person in `why`. */
int option_values_take(struct options *o, enum option_id id, const char *arg,
	char why[static OPTIONS_WHY_CAP]);
/* Writes the text and returns the status. */
int __attribute__((format(printf, 3, 4))) option_values_refuse(
	char why[static OPTIONS_WHY_CAP], int status, const char *format, ...);

#endif
