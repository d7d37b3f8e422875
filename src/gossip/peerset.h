/* SPDX-License-Identifier: MIT */
#ifndef GOSSIP_PEERSET_H
#define GOSSIP_PEERSET_H

#include "base/id.h"
#include "base/rng.h"

/*
 * A small bounded set of peers in order of insertion, so that seeded choices replay.
 * Searched linearly: views hold 5 and 30 peers.
 */
struct peerset {
	struct peer_id *ids;
	size_t count, cap;
};

void peerset_init(struct peerset *s, size_t cap);
void peerset_fini(struct peerset *s);
void peerset_clear(struct peerset *s);
bool peerset_has(const struct peerset *s, const struct peer_id *id);
bool peerset_full(const struct peerset *s);
bool peerset_add(
	struct peerset *s, const struct peer_id *id); /* false: there already, or full */
bool peerset_remove(struct peerset *s, const struct peer_id *id); /* false: not there */
/* Copies at most `cap` ids; returns how many there are. `to` may be NULL with cap 0. */
size_t peerset_copy(const struct peerset *s, struct peer_id *to, size_t cap);

/*
 * A uniform sample of at most `max` members that are not among the `except_count` ids of
 * `except`; returns how many. Draws nothing when all fit.
 */
size_t peerset_sample(const struct peerset *s, struct rng *rng,
	const struct peer_id *except, size_t except_count, struct peer_id *to,
	size_t max);

#endif
