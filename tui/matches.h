/* SPDX-License-Identifier: MIT */
#ifndef TUI_MATCHES_H
#define TUI_MATCHES_H

#include "mesh/timeline.h"

/*
 * Which events of a timeline a person wants to see, kept from frame to frame: only new
 * events are looked at again, so that scrolling 10,000 of them costs nothing.
 */
#define MATCHES_FILTER_CAP 64
#define MATCHES_GROUP_CAP 16

struct matches {
	uint64_t *seqs;		/* owned; oldest first */
	size_t count, cap;
	uint64_t seen;		/* everything up to this seq was looked at */
	char filter[MATCHES_FILTER_CAP];
	char mesh[LABEL_LEN_MAX + 1];	/* "" for all */
	unsigned group;		/* 0 for all; else as matches_group */
	struct peer_id node;	/* zero for all */
};

void matches_init(struct matches *m);
void matches_fini(struct matches *m);

/*
 * Group i, from 1: the word before the dot of a kind, in order of the list. NULL after
 * the last.
 */
const char *matches_group(unsigned i, char to[static MATCHES_GROUP_CAP]);
/* The mesh after this one among those that have events, in order of name; "" after. */
void matches_next_mesh(const struct timeline *t, char mesh[static LABEL_LEN_MAX + 1]);

/* Looks at what is new, or at all of it when what is wanted has changed. */
void matches_follow(struct matches *m, const struct timeline *t, const char *filter,
	unsigned group, const char *mesh, const struct peer_id *node);
/* How many matches have a seq up to this one. */
size_t matches_upto(const struct matches *m, uint64_t seq);

#endif
