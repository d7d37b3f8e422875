/* SPDX-License-Identifier: MIT */
#ifndef IO_FILE_WHOLE_H
#define IO_FILE_WHOLE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Files that are read and replaced whole. `dir` is a descriptor of a directory and `name`
 * a name in it; or dir is -1 and name a path. errno tells more after ERR_SYSTEM.
 */

/*
 * ERR_UNKNOWN: no such file. ERR_PERMISSION: not a plain file of ours (a link, a pipe,
 * another user's). ERR_LIMIT: longer than cap. ERR_SYSTEM.
 */
int file_whole_read(
	int dir, const char *name, void *to, size_t cap, size_t *len, mode_t *mode);

/*
 * Mode 0600, by temporary file, fsync, rename, fsync of the directory: after a crash
 * there is the old content or the new. ERR_SYSTEM.
 */
int file_whole_write(int dir, const char *name, const void *bytes, size_t len);

#endif
