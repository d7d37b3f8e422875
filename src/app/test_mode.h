/* SPDX-License-Identifier: MIT */
#ifndef APP_TEST_MODE_H
#define APP_TEST_MODE_H

#include "app/options.h"

/*
 * --test WHAT: one named test or several, one after the other. 0 when each came out as
 * it has to (sham: unproven), 1 and 2 else, or a status of sysexits.h.
 */
int test_mode(const struct options *o);

/* --list tests. */
int test_mode_list(const struct options *o);

#endif
