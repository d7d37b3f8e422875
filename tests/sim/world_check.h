/* SPDX-License-Identifier: MIT */
#ifndef SIM_WORLD_CHECK_H
#define SIM_WORLD_CHECK_H

#include "tests/sim/world.h"

/*
 * What has to be true of a world of nodes, by what the nodes themselves say in their
 * read-only views. Each writes why it is not so into `why` (of WORLD_WHY_CAP).
 */
#define WORLD_WHY_CAP 256

/* The overlay of the living is one component of the living, and links are mutual. */
bool world_check_overlay(const struct world *w, char *why);
/* Nobody has more than an active view, or less than `min` (or all the others). */
bool world_check_degrees(const struct world *w, size_t min, char *why);
/* Everyone who lives sees exactly those who live as live. */
bool world_check_directory(const struct world *w, char *why);
/* No table is above its bound in limits.h. */
bool world_check_bounds(const struct world *w, char *why);
/* Nothing waits, and whoever lives has a timer. */
bool world_check_quiet(const struct world *w, char *why);
bool world_check_node_quiet(const struct world *w, size_t i, char *why);

#endif
