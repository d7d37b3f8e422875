/* SPDX-License-Identifier: MIT */
#ifndef TUI_FABRIC_H
#define TUI_FABRIC_H

#include "tui/canvas.h"
#include "tui/model.h"

/*
 * The other meshes of the fabric, as their gateways summarize them, and who sends to
 * whom. A mesh whose topic the console is on has a picture of its own.
 */

/* Meshes that are known by the backbone alone; the i-th by name, or NULL. */
const struct backbone_mesh *fabric_other(const struct model *m, size_t i);
size_t fabric_others(const struct model *m);

/* A lane for such a mesh: how many nodes of what type, its gateways, how old that is. */
void fabric_lane(struct canvas *c, const struct model *m, const struct backbone_mesh *b);

/* Lines that fabric_crossings would like to have, at most `most`. */
int fabric_crossing_lines(const struct model *m, int most);
/* "mesh1.gateway.a1b2c3 ╌╌▸ mesh2.broker.d4e5f6  50.0/s  1,234  2s", the latest first. */
void fabric_crossings(struct canvas *c, const struct model *m);

#endif
