/* SPDX-License-Identifier: MIT */
#ifndef IO_CHILD_SPAWN_H
#define IO_CHILD_SPAWN_H

#include "supervisor/supervisor.h"

#define CHILD_SPAWN_WHY_CAP LIFELINE_TEXT_CAP

/*
 * Starts this program again as the node that `spec` describes. *lifeline is our end of
 * the socket pair, *pidfd becomes readable when the child has ended; both are the
 * caller's, close-on-exec and non-blocking. Call from the main thread only:
 * PR_SET_PDEATHSIG in the child fires when the thread that started it ends. ERR_SYSTEM,
 * ERR_LIMIT; `why` is a text for a person. runtime_dir: its $RUNTIME_DIRECTORY, or NULL
 * for ours.
 */
int child_spawn(const struct child_spec *spec, const char *runtime_dir, int *pid,
	int *lifeline, int *pidfd, char why[static CHILD_SPAWN_WHY_CAP]);

/* Every descriptor from 3 up becomes close-on-exec, also those that we inherited. */
void child_spawn_seal(void);

#endif
