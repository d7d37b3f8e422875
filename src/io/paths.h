/* SPDX-License-Identifier: MIT */
#ifndef IO_PATHS_H
#define IO_PATHS_H

#include <stddef.h>

#include "base/id.h"

/* Where things are on this machine. `why` is a text for a person. */
#define PATHS_WHY_CAP 400

/*
 * $RUNTIME_DIRECTORY, else $XDG_RUNTIME_DIR/meshtui, else /tmp/meshtui-UID; made when
 * missing, 0700. ERR_PERMISSION when somebody else owns it or can write there.
 */
int paths_runtime_dir(char *to, size_t cap, char why[static PATHS_WHY_CAP]);

/*
 * `given`, else $STATE_DIRECTORY, else $XDG_STATE_HOME/meshtui/<mesh>.<type>, else
 * ~/.local/state/meshtui/<mesh>.<type>. A name only; files_open makes it. ERR_LIMIT,
 * ERR_UNKNOWN (no home directory).
 */
int paths_data_dir(char *to, size_t cap, const char *given, const char *mesh,
	const char *type, char why[static PATHS_WHY_CAP]);

/*
 * Addresses where others can reach a socket bound to `bound`: itself, or for a wildcard
 * those of the interfaces that are up (no link-local ones), loopback last. Returns how
 * many.
 */
size_t paths_advertised(const struct address *bound, struct address *to, size_t cap);

#endif
