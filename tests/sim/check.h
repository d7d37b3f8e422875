/* SPDX-License-Identifier: MIT */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#include "tests/sim/net.h"

/*
 * What has to be true of a network, judged by the public views of its topics and by what
 * the network delivered, never by their insides. Each writes why it is not so into `why`
 * (of CHECK_WHY_CAP) and returns false.
 */
#define CHECK_WHY_CAP 256

/* The active views of the living members are one component and hold living members only.
 */
bool check_connected(const struct net *n, char *why);
/* p is active at q exactly when q is active at p; no observer is in any view of a member.
 */
bool check_symmetric(const struct net *n, char *why);
/* No active view is above its bound, and each has at least `min` (or all the others). */
bool check_degrees(const struct net *n, size_t min, char *why);
/* Everyone who lives had each exactly once, its sender never. */
bool check_delivered(const struct net *n, size_t first, size_t last, char *why);
/* Every table is within its bound of limits.h. */
bool check_bounds(const struct net *n, char *why);
/* After a settled while nothing waits: no pending request, no Join, no missing message.
 */
bool check_quiet(const struct net *n, char *why);

/* A hash over all active views of living members. */
uint64_t check_views_hash(const struct net *n);
/* Mean size of the active views of living members, times 1000. */
unsigned check_mean_degree(const struct net *n);

#endif
