/* SPDX-License-Identifier: MIT */
#ifndef MESH_CROSSINGS_H
#define MESH_CROSSINGS_H

#include <stdbool.h>

#include "base/limits.h"
#include "mesh/timeline.h"

/*
 * Who sent to whom: each pair of nodes between which a message was seen to arrive
 * (message.received), with the total since this witness looks, the last time, and how
 * many a second came in the last five. Seen means: the receiver said so. A full table
 * forgets the pair that was silent longest, and counts it.
 */
#define CROSSINGS_MORE " more messages"	/* behind a number: so many in one event */
#define CROSSINGS_MAX 256
#define CROSSINGS_WINDOW 5	/* seconds of a rate */

struct crossing {
	char from[NAME_LEN_MAX + 1], to[NAME_LEN_MAX + 1];
	bool across;		/* of different meshes */
	uint64_t total, first_ns, last_ns;
	uint32_t seconds[CROSSINGS_WINDOW + 1];	/* by the second, modulo */
	uint64_t second;			/* of the newest one */
};

struct crossings {
	struct crossing *at;	/* owned */
	size_t count, cap;
	uint64_t seq;		/* of the last event that was counted */
	uint64_t forgotten, missed;	/* missed: events that a ring had dropped */
};

void crossings_init(struct crossings *c);
void crossings_fini(struct crossings *c);
/* Counts what came since the last call. */
void crossings_follow(struct crossings *c, const struct timeline *t);
/* Messages a second over the last CROSSINGS_WINDOW whole seconds. */
double crossings_rate(const struct crossing *x, uint64_t now_ns);
/* The i-th by time of its last message, the latest first; NULL: there are fewer. */
const struct crossing *crossings_latest(const struct crossings *c, size_t i);

#endif
