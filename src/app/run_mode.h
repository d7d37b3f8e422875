/* SPDX-License-Identifier: MIT */
#ifndef APP_RUN_MODE_H
#define APP_RUN_MODE_H

struct options;

/*
 * --run FILE: exit status 0 pass, 1 fail, 2 unproven, 65 bad file, 66 no such file,
 * 70, 74.
 */
int run_mode(const struct options *o);

#endif
