/* SPDX-License-Identifier: MIT */
#ifndef MESH_PATTERN_H
#define MESH_PATTERN_H

#include "mesh/directory.h"

/*
 * Whom a name means: "mesh2.broker.239dc9" (at least six hex digits of an id),
 * "mesh2.broker" and "mesh2.broker.*" (any broker of mesh2), "*.registry" (any registry
 * of any mesh), "mesh2.*" (any node of mesh2).
 */
struct pattern {
	char mesh[LABEL_LEN_MAX + 1];	/* "" any */
	char type[LABEL_LEN_MAX + 1];	/* "" any */
	char hex[65];			/* "" any: a beginning of the id */
};

/* ERR_MALFORMED, and `why` says to a person what is wrong; printable whatever came. */
#define PATTERN_WHY_CAP 200
int pattern_parse(struct pattern *p, const char *text, char why[static PATTERN_WHY_CAP]);
bool pattern_matches(const struct pattern *p, const char *mesh, const char *type,
	const struct peer_id *id);

/*
 * Nodes of the directory that match and live, at most `cap`; where none does, suspect
 * ones. Returns how many; *gone counts matches that are gone or left.
 */
size_t pattern_find(const struct pattern *p, const struct directory *d,
	const struct directory_entry **to, size_t cap, size_t *gone);

#endif
