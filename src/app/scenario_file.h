/* SPDX-License-Identifier: MIT */
#ifndef APP_SCENARIO_FILE_H
#define APP_SCENARIO_FILE_H

#include "scenario/scenario.h"

/*
 * 0 and a scenario, which the caller frees; or the exit status (65 broken, 66 unreadable)
 * after every error was printed on standard error. A scenario may ask for `pool` nodes.
 */
int scenario_file_load(const char *path, size_t pool, struct scenario **s);

/*
 * At most `cap` bytes of a file, which the caller frees. 0, or 66 after a line that says
 * why.
 */
int scenario_file_read(const char *path, size_t cap, uint8_t **bytes, size_t *len);

#endif
