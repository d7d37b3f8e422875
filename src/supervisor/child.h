/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CHILD_H
#define SUPERVISOR_CHILD_H

#include "supervisor/supervisor.h"

/*
 * One child: its row and how far its end has been pressed. Functions return what the
 * driver has to do next as a set of acts; the supervisor turns them into orders.
 */
struct child {
	struct child_row row;
	struct lifeline_view view;	/* row.view points here after the first answer */
	struct span_set spans;		/* row.spans points here once there are any */
	struct fault_status *faults;	/* row.faults points here once it has said any */
	uint64_t asks;			/* questions so far */
	uint64_t press_ns; /* since when it should be leaving; NEVER while it may stay */
	uint64_t silent_ns; /* when its silence will be a stall; or NEVER */
	uint64_t stall_ns;  /* since when its loop stands still; NEVER: it turns */
	bool stop_asked, termed, killed;
	bool revive;	/* it was ended for that, and is to be started anew */
	bool lifeline_open;
};

enum child_act {
	CHILD_ACT_QUIT = 1 << 0,
	CHILD_ACT_TERM = 1 << 1,
	CHILD_ACT_KILL = 1 << 2,
};

struct child *child_new(unsigned id, const struct child_spec *spec, uint64_t now_ns);
void child_free(struct child *c);	/* accepts NULL */

int child_stop(struct child *c, uint64_t now_ns, unsigned *acts);
int child_ask(struct child *c, uint64_t now_ns, uint64_t *ask);
bool child_hears(const struct child *c);	/* READY, and its lifeline is open */
/* Takes over what the record owns. */
void child_record(struct child *c, struct lifeline_record *r, uint64_t now_ns);
void child_lifeline_closed(struct child *c, uint64_t now_ns);
void child_spawned(struct child *c, int pid, uint64_t now_ns);
void child_fail(struct child *c, const char *why, uint64_t now_ns);
void child_lost(struct child *c, const char *why, uint64_t now_ns);
void child_exited(struct child *c, int status, int signal, uint64_t now_ns);
/* patience_ns: how long its loop may stand still; NEVER: for ever. */
uint64_t child_deadline(const struct child *c, uint64_t patience_ns);
unsigned child_tick(struct child *c, uint64_t patience_ns, uint64_t now_ns); /* acts */

#endif
