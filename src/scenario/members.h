/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_MEMBERS_H
#define SCENARIO_MEMBERS_H

#include "scenario/expect.h"
#include "scenario/report.h"
#include "scenario/scenario.h"
#include "scenario/use.h"
#include "supervisor/supervisor.h"

/*
 * The nodes of a run: started in order, asked what they see, and what each last answered.
 * All that is said here about the mesh comes from the nodes' own answers.
 */
#define MEMBER_ASKS 32		/* questions whose time is remembered */
#define MEMBER_ASKS_OPEN_MAX 16	/* a node that owes so many answers is asked no more */

enum member_state {
	MEMBER_WAITING,		/* not started yet */
	MEMBER_STARTING,
	MEMBER_READY,
	MEMBER_LEAVING,
	MEMBER_ENDED,
};

/* A line through samples: sums over time and value, times since the first. */
struct slope {
	uint64_t first_ns, last_ns;
	double n, t, x, tt, tx;
};

struct member {
	const struct scenario_group *group;
	unsigned number;		/* in its group, from 1 */
	bool first;			/* of its mesh: the others get it as their seed */
	bool later;			/* waits for a spawn step */
	bool excused;			/* a fault or a step was meant to end it */
	bool killed;			/* a fault did so, now or earlier */
	bool moved;			/* to another port than it was READY at */
	bool busy;			/* a fault acts on it, or did a moment ago */
	unsigned life;			/* how often it got a new identity */
	enum member_state state;
	unsigned child;
	const struct child_row *row;	/* NULL while WAITING */
	/* Its own once READY, before that "mesh1.broker #2". */
	char name[NAME_LEN_MAX + 1];
	uint64_t asked, answered;	/* numbers of questions */
	uint64_t asked_ns[MEMBER_ASKS];
	uint64_t valid_from;		/* answers to older questions do not count */
	uint64_t slowest_ns;		/* slowest answer since members_fresh */
	uint64_t questions, answers;	/* since members_fresh */
	/* In the first answer that counts. */
	uint64_t handshakes_first, liveness_changes_first;
	uint64_t handshakes_seen,
		handshake_ns; /* the latest number, and when it last grew */
	bool counted;			/* those two are set */
	/* Whom it is to look after, as the faults under way want it. */
	struct peer_id probes[LIFELINE_PROBES_MAX];
	size_t probe_count;
	struct slope memory, descriptors;	/* in KiB and in pieces */
	struct use_baseline baseline;
	uint32_t lag_ms;		/* the latest its loop ever was */
};

struct members {
	struct member *at;
	size_t count, mesh_count;
	struct expect_node *nodes;	/* filled by members_expect */
	size_t *index;			/* of each of them, its member */
	uint64_t last_start_ns;
	uint64_t tick_ns, awake_ns; /* we have been awake without a gap since awake_ns */
	uint64_t gap_ns; /* longest time between two ticks since members_fresh */
	const char *data_root;
	int refused; /* the error with which the supervisor refused one, or 0 */
};

void members_init(struct members *m, const struct scenario *s, const char *data_root);
void members_fini(struct members *m);

/*
 * Starts who is to be started: one of a mesh that has no other at once, the others when
 * somebody of it is READY and can be their seed.
 */
void members_start(struct members *m, struct supervisor *s, uint64_t now_ns);
/*
 * One that has ended, or waits for a spawn step, is started again: as it was, or as a new
 * node with an empty directory.
 */
void members_restart(struct members *m, size_t i, bool anew);
/* It is meant to be there: not excused, and not to be started later. */
bool members_wanted(const struct members *m, size_t i);
size_t members_wanted_count(const struct members *m);
/*
 * Takes over what the supervisor knows. A change of who exists makes older answers
 * worthless.
 */
void members_sync(struct members *m, const struct supervisor *s, uint64_t now_ns);
/* From now on only answers to questions that are still to come count. */
void members_fresh(struct members *m);
/*
 * Asks everybody whose last question is `every_ns` old, and when to come back at the
 * latest.
 */
void members_ask(
	struct members *m, struct supervisor *s, uint64_t every_ns, uint64_t now_ns);
uint64_t members_ask_deadline(const struct members *m, uint64_t every_ns);

/* For how long it has owed an answer, as far as we were awake to hear it. */
uint64_t members_silence(const struct members *m, size_t i, uint64_t now_ns);
/*
 * Those that exist (READY), for expect.h: m->nodes, with m->index back. Returns how many.
 */
size_t members_expect(struct members *m);
/* Growth an hour; false when the samples cover less than two minutes. */
bool members_slope(const struct slope *s, double *an_hour);
size_t members_in_state(const struct members *m, enum member_state state);
void members_report(const struct members *m, struct report_node *to);

#endif
