/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_STEP_H
#define SCENARIO_STEP_H

#include "scenario/members.h"
#include "scenario/report.h"

/*
 * One step of a scenario under way. Its verdict, evidence and figures go into the report.
 * It reads what the nodes answered and how they ended, and the only order it gives is
 * that of `stop`.
 */
#define STEP_ASK_WAIT MILLISECONDS(100) /* how often nodes are asked while waiting */
#define STEP_ASK_HOLD MILLISECONDS(200) /* and during hold, where 250 ms are promised */
#define STEP_SILENCE_MAX SECONDS(2)
#define STEP_STOP_MAX SECONDS(10)	/* the supervisor has used SIGKILL after 4 s */

struct step {
	const struct scenario_step *spec;
	struct report_step *out;
	uint64_t began_ns;
	size_t stopped;		/* stop: nodes that were told to leave */
	bool ending;		/* hold: the time is over, the last answers are awaited */
	size_t subject; /* the member that a failure is about; members.count for none */
	bool process_ended;	/* the failure is the end of that member's process */
};

void step_begin(struct step *st, const struct scenario_step *spec,
	struct report_step *out, struct members *m, struct supervisor *s,
	uint64_t now_ns);
/* True when it is over and `out` has its verdict. */
bool step_tick(struct step *st, struct members *m, uint64_t now_ns);
uint64_t step_deadline(const struct step *st);
/* How often the nodes should be asked meanwhile. */
uint64_t step_ask_every(const struct step *st);
/* "18 of 18 ready, 15 agree" for somebody who watches. */
void step_progress(const struct step *st, struct members *m, char *to, size_t cap);

#endif
