/* SPDX-License-Identifier: MIT */
#ifndef APP_OPTIONS_HELP_H
#define APP_OPTIONS_HELP_H

#include "app/options.h"

void options_help_usage(FILE *to); /* a few lines */
void options_help_print(FILE *to); /* everything, made from options.def */

#endif
