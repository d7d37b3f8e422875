/* SPDX-License-Identifier: MIT */
#ifndef APP_CHECK_MODE_H
#define APP_CHECK_MODE_H

struct options;

/*
 * --check FILE: 0, or 65 with every error of the file on standard error; 66 no such file.
 * --plan FILE: the same, and what it would do. --verify FILE: 0 when every verdict of a
 * report follows from its evidence, 1 when not, 65 when it is no report.
 */
int check_mode(const struct options *o);

#endif
