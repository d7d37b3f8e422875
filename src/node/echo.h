/* SPDX-License-Identifier: MIT */
#ifndef NODE_ECHO_H
#define NODE_ECHO_H

#include <sys/queue.h>

#include "base/buf.h"
#include "mesh/echoes.h"

/*
 * ECHO to a name (PROTOCOL.md 5, tag 10): so many, so often, each a trace of its own, and
 * each answer held against what was asked. At most ECHOES_MAX destinations at once.
 */
struct node;
struct echo;

struct echo_spec {
	char destination[NAME_LEN_MAX + 1];
	struct view data;	/* copied; at most ECHO_LEN_MAX */
	uint64_t count;		/* 1 to ECHO_COUNT_MAX */
	uint64_t every_ns;	/* 0: as many at once as there may be */
	uint64_t window;	/* so many at once, 1 to ECHO_WINDOW; 0: ECHO_WINDOW */
	uint64_t for_ns;	/* none is asked later than that; 0: no such end */
};

/* ERR_ARGUMENT, ERR_LIMIT with a reason for a person in `why`. */
int echo_begin(struct node *n, const struct echo_spec *spec, uint64_t now_ns,
	uint64_t *number, char why[static ECHO_WHY_CAP]);
/* No more are asked; those under way end by themselves. Unknown numbers are ignored. */
void echo_stop(struct node *n, uint64_t number, uint64_t now_ns);
/* The next that is over; false when there is none. */
bool echo_next(struct node *n, struct echo_report *r);

struct echoes {
	TAILQ_HEAD(, echo) all;
	size_t count;
	uint64_t last_number;
};
void echo_init(struct echoes *e);
void echo_fini(struct node *n);
void echo_tick(struct node *n, uint64_t now_ns);
uint64_t echo_deadline(const struct node *n);

#endif
