/* SPDX-License-Identifier: MIT */
#ifndef APP_LOCAL_NODES_H
#define APP_LOCAL_NODES_H

#include "base/id.h"
#include "base/limits.h"

/* The nodes of this machine, by their control sockets: they say where they are. */
struct local_node {
	struct peer_id id;
	struct address at;
	char name[NAME_LEN_MAX + 1];
};

/* Those whose name holds `of`, or all when it is NULL; observers are none. How many. */
size_t local_nodes(const char *of, struct local_node *to, size_t cap);

#endif
