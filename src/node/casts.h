/* SPDX-License-Identifier: MIT */
#ifndef NODE_CASTS_H
#define NODE_CASTS_H

#include "base/idmap.h"
#include "base/limits.h"
#include "wire/cast.h"

/*
 * Casts of others: checked, told as events as SEND's messages are, and counted by run.
 * Gossip delivers each once as long as it remembers it; numbers tell what it had
 * forgotten (CAST_WINDOW of each speaker and run).
 */
struct node;
struct membership;

struct casts {
	struct cast_count runs[CAST_RUNS_MAX];
	size_t run_count, run_next;
	struct idmap *speakers;		/* of (speaker, run) -> what came of it */
	uint64_t delivered, duplicates, forged, malformed;
	uint64_t idle_ns;		/* when memory is given back; NEVER */
};
void casts_init(struct casts *c);
void casts_fini(struct casts *c);
/* A payload of kind PAYLOAD_CAST. */
void casts_take(struct node *n, const struct membership *m, struct view payload,
	uint64_t now_ns);
/* What came, of the last runs; returns how many. */
size_t casts_counts(const struct casts *c, struct cast_count *to, size_t cap);
void casts_tick(struct casts *c, uint64_t now_ns);

#endif
