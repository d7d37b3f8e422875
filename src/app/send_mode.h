/* SPDX-License-Identifier: MIT */
#ifndef APP_SEND_MODE_H
#define APP_SEND_MODE_H

#include <stdint.h>

#include "app/options.h"

/*
 * --send and --resolve: the line for a node's control socket, from malloc, and how long
 * its answer may take. NULL: `why` says what is wrong, *status is the exit status.
 */
char *send_mode_line(const struct options *o, uint64_t *wait_ns, int *status,
	char why[static OPTIONS_WHY_CAP]);

#endif
