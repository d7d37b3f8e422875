/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SPEC_H
#define SUPERVISOR_SPEC_H

#include <stddef.h>

#include "base/id.h"
#include "base/limits.h"

/* What a child is to be. */
/* Places to look for peers, each "ID@HOST:PORT" as on the command line. */
#define CHILD_SEEDS_MAX 4
#define CHILD_SEED_CAP (ID_HEX_CAP + ADDRESS_TEXT_CAP)
#define CHILD_KEY_PATH_CAP 256

struct child_spec {
	char mesh[LABEL_LEN_MAX + 1];
	char type[LABEL_LEN_MAX + 1];
	char data_dir[256];	/* its own; kept over a restart */
	char seeds[CHILD_SEEDS_MAX][CHILD_SEED_CAP];
	size_t seed_count;
	char key_path[CHILD_KEY_PATH_CAP];	/* the fabric key file, or "" */
	unsigned label;		/* the caller's number for this node */
};

#endif
