/* SPDX-License-Identifier: MIT */
#ifndef APP_FILE_RUN_H
#define APP_FILE_RUN_H

#include "app/options.h"

/* --run FILE, on nodes of our own or of others: returns an exit status. */
int file_run(const struct options *o);

#endif
