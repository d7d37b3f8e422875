/* SPDX-License-Identifier: MIT */
#ifndef IO_LOG_FILE_H
#define IO_LOG_FILE_H

#include <stddef.h>

/*
 * The log of a node that a console or a run started: `node.log` in its data directory,
 * made by the parent as standard output and error of the child. When it is longer than
 * `len_max` it becomes `node.log.1`, an older one of that name goes, and a new one
 * begins. A log that is another file or no file is not touched. ERR_SYSTEM: it stays as
 * it is.
 */
int log_file_turn(int dir_fd, size_t len_max);

#endif
