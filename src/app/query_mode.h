/* SPDX-License-Identifier: MIT */
#ifndef APP_QUERY_MODE_H
#define APP_QUERY_MODE_H

#include <stddef.h>

struct options;

/*
 * --list, --status, --health: asks a node or console of this machine over its control
 * socket. 0; 1 for an error or ill health; 64 which one?; 69 none, or no answer.
 */
int query_mode(const struct options *o);

/*
 * The one of `count` names that `of` means: the whole name, else the only one it is a
 * part of; NULL for `of` means the only one there is. Its index, or ERR_UNKNOWN, or
 * ERR_ARGUMENT for several.
 */
int query_mode_pick(const char *const *names, size_t count, const char *of);

#endif
