/* SPDX-License-Identifier: MIT */
#ifndef APP_CHECK_MODE_H
#define APP_CHECK_MODE_H

struct options;

/*
 * --check FILE: 0, or 65 with every error of the file on standard error; 66 no such file.
 */
int check_mode(const struct options *o);

#endif
