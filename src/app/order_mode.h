/* SPDX-License-Identifier: MIT */
#ifndef APP_ORDER_MODE_H
#define APP_ORDER_MODE_H

#include "app/options.h"

/*
 * --order: gives one fault order to each node that is named by --seed, or is in a --mesh,
 * or else runs on this machine, and prints what each says to it. Exit 0: all obeyed; 1:
 * some did not.
 */
int order_mode(const struct options *o);

#endif
