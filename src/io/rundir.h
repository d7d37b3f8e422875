/* SPDX-License-Identifier: MIT */
#ifndef IO_RUNDIR_H
#define IO_RUNDIR_H

#include <stddef.h>

/*
 * A directory of our own for the data of children, `run-XXXXXX` in the runtime directory
 * (io/paths.h), 0700. A lock that is held while we live says that it is in use; those of
 * runs that died are removed when the next one opens.
 */
struct rundir {
	char path[200];
	int lock_fd;	/* -1 while closed */
};

#define RUNDIR_WHY_CAP 400

/* ERR_PERMISSION: somebody else owns the place; ERR_LIMIT: path too long; ERR_SYSTEM. */
int rundir_open(struct rundir *r, char why[static RUNDIR_WHY_CAP]);
/* Removes it with all that is in it. Accepts a closed one. */
void rundir_close(struct rundir *r);

#endif
