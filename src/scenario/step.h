/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_STEP_H
#define SCENARIO_STEP_H

#include "scenario/attempt.h"
#include "scenario/report.h"

/*
 * One step of a scenario under way. Its verdict, evidence and figures go into the report.
 * It reads what the nodes answered and how they ended; what it orders goes to the
 * supervisor.
 */
#define STEP_ASK_WAIT MILLISECONDS(100) /* how often nodes are asked while waiting */
#define STEP_ASK_HOLD MILLISECONDS(200) /* and during hold, where 250 ms are promised */
#define STEP_SILENCE_MAX SECONDS(2)
#define STEP_STOP_MAX SECONDS(10)	/* the supervisor has used SIGKILL after 4 s */

struct soak;
struct step_gossip;

struct step {
	const struct scenario_step *spec;
	size_t index;
	struct report_step *out;
	uint64_t began_ns;
	size_t stopped;		/* stop: nodes that were told to leave */
	size_t sender;		/* send: the member that does; members.count not yet */
	uint64_t letter;	/* and the number of its order */
	bool over;
	bool ending;		/* hold: the time is over, the last answers are awaited */
	size_t subject; /* the member that a failure is about; members.count for none */
	bool process_ended;	/* the failure is the end of that member's process */
	struct attempt_context context;
	struct attempt *attempt;	/* FAULT */
	struct soak *soak;		/* SOAK */
	struct step_gossip *gossip;	/* GOSSIP: its own */
};

/* `index`: of the step in the scenario of the plan. */
void step_begin(struct step *st, const struct attempt_context *c, size_t index,
	uint64_t now_ns);
/* Frees what it holds; a fault under way is taken off. */
void step_end(struct step *st, uint64_t now_ns);
/* True when it is over and `out` has its verdict. */
bool step_tick(struct step *st, uint64_t now_ns);
uint64_t step_deadline(const struct step *st);
uint64_t step_ask_every(const struct step *st);
/* Adds whom the members have to look after. */
void step_probes(const struct step *st);
/* One line for somebody who watches. */
void step_progress(const struct step *st, char *to, size_t cap);

/* Fails the step when a node ended or is leaving though nobody asked it to. */
bool step_lost_one(struct step *st, uint64_t now_ns);
/* Fails it when a node could not be started; unproven when there is none at all. */
bool step_refused_one(struct step *st, uint64_t now_ns);
bool step_no_nodes(struct step *st, uint64_t now_ns);
/* step_tick for send and echo. */
bool step_send_tick(struct step *st, uint64_t now_ns);
/* Whether the step's selection means this member. */
bool step_means(const struct step *st, const struct member *one);
/* step_tick for gossip, and the end of what it keeps. */
bool step_gossip_tick(struct step *st, uint64_t now_ns);
void step_gossip_free(struct step *st);
/* step_tick for hold. */
bool step_hold_tick(struct step *st, uint64_t now_ns);

#endif
