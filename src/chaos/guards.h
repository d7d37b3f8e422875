/* SPDX-License-Identifier: MIT */
#ifndef CHAOS_GUARDS_H
#define CHAOS_GUARDS_H

#include "chaos/catalog.h"

/*
 * What a fault must not do, whatever is ordered. Asked when a plan is made, again right
 * before a fault, and while one lasts. Pure.
 */
#define GUARDS_KEEP_MAX 16
#define GUARDS_SHARE_STANDARD 50	/* percent of all nodes */
#define GUARDS_WHY_CAP 240

struct guards {
	unsigned share;		/* percent of all nodes that may be faulted at once */
	struct {
		char type[LABEL_LEN_MAX + 1];
		unsigned count;	/* in each mesh that has the type */
	} keep[GUARDS_KEEP_MAX];
	size_t keep_count;
	/* What may be taken out of a mesh: its last gateway, its seed. */
	bool last_gateway, seed;
};
void guards_init(struct guards *g);

struct guards_node {
	const char *mesh, *type, *name;
	bool seed;		/* the others of its mesh were started with it */
	bool up;
	bool faulted;		/* by another fault that is not over */
	bool removed;		/* and that one takes it out of its mesh */
};

/* Nodes that could be faulted besides these before the share is reached. */
struct guards_margin {
	size_t faulted, allowed;
};

/* 0, or ERR_REFUSED with the reason. Targets are indices. */
int guards_check(const struct guards *g, const struct guards_node *nodes, size_t count,
	enum primitive p, const size_t *targets, size_t target_count,
	struct guards_margin *m, char why[static GUARDS_WHY_CAP]);
/* Whether what goes on is still within the share, with nodes that are not up. */
int guards_during(const struct guards *g, const struct guards_node *nodes, size_t count,
	char why[static GUARDS_WHY_CAP]);

#endif
