/* SPDX-License-Identifier: MIT */
#ifndef MESH_SERIES_H
#define MESH_SERIES_H

#include "mesh/facts.h"

/*
 * The main figures of each node as its digests told them, the last SERIES_LEN of them:
 * two minutes at one in 2 s. For at most SERIES_NODES_MAX nodes; others have none.
 */
enum series_figure {
	SERIES_CPU,		/* millicores */
	SERIES_MEMORY,		/* KiB */
	SERIES_SENT,		/* frames in 100 s, as since the digest before */
	SERIES_RECEIVED,
	SERIES_LAG,		/* ms */
	SERIES_FIGURES
};

/* No digest came in time, or it had nothing to be compared with. */
#define SERIES_GAP UINT32_MAX

struct series;

struct series *series_new(void);	/* never NULL */
void series_free(struct series *s);	/* accepts NULL */

/*
 * Takes what is new in these directories; about once a second. Nodes that are in none of
 * them are forgotten.
 */
void series_look(struct series *s, const struct mesh_row *rows, size_t count);

/* The newest values, oldest first, at most cap; how many. 0 for an unknown node. */
size_t series_of(const struct series *s, const struct peer_id *id,
	enum series_figure figure, uint32_t *to, size_t cap);
/* Nodes with a series, and those that have none for want of room. */
size_t series_count(const struct series *s);
uint64_t series_dropped(const struct series *s);

#endif
