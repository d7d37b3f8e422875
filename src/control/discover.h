/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_DISCOVER_H
#define CONTROL_DISCOVER_H

#include <stdbool.h>

#include "base/id.h"
#include "base/limits.h"

/* What a console learns of a node on this machine from its answer to `status`. */
struct control_discover {
	char name[NAME_LEN_MAX + 1];
	struct peer_id id;
	char type[LABEL_LEN_MAX + 1];
	bool observer, ready;
	char meshes[MESHES_MAX][LABEL_LEN_MAX + 1];
	size_t mesh_count;
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
};

/*
 * ERR_MALFORMED unless it is such an answer with a valid id and valid labels;
 * ERR_REFUSED when it is an error document. What exceeds the bounds is left out.
 */
int control_discover_parse(struct control_discover *d, const char *answer, size_t len);

#endif
