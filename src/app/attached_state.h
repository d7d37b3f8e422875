/* SPDX-License-Identifier: MIT */
#ifndef APP_ATTACHED_STATE_H
#define APP_ATTACHED_STATE_H

#include "app/attached.h"
#include "app/named_seeds.h"
#include "base/rng.h"
#include "io/node_driver.h"
#include "node/requests.h"

/* What the files attached_*.c share; for nobody else. */
#define ATTACHED_OURS_MAX 64	/* faults of one node whose lease may not be over */

/* An order of ours that a node may still carry out. */
struct attached_fault {
	struct fault_id id;
	uint64_t until_ns;	/* its lease, as far as we know */
};

/* A node of the roster. */
struct attached_slot {
	const struct scenario_place *place;
	enum { SLOT_FREE, SLOT_AWAITED, SLOT_UP, SLOT_OVER } state;
	unsigned child;
	uint64_t incarnation;	/* while UP */
	uint64_t dead_incarnation;	/* it has to come back with a larger one */
	/* Before the run: whether it obeys us. */
	enum { OBEYS_UNKNOWN, OBEYS_YES, OBEYS_NO } obeys;
	char why[FAULT_WHY_CAP];	/* not */
	/* The newest question of the supervisor, and the one that is under way. */
	uint64_t ask, sent_ask, answered_ask, ask_number;
	uint64_t ask_retry_ns;
	struct peer_id probes[LIFELINE_PROBES_MAX];
	size_t probe_count;
	struct buf pieces;
	uint64_t heard_ns;	/* its last answer */
	uint64_t patient_ns;	/* a fault of ours explains silence until then */
	struct attached_fault ours[ATTACHED_OURS_MAX];
	size_t our_count;
	bool ordered;		/* a fault, ever */
	/* At the end: what it said of our faults. */
	enum { LET_NOT, LET_ASKED, LET_CLEAN, LET_LEFT, LET_UNHEARD } let;
	uint64_t let_ns, let_retry_ns, check_number;
	size_t left;		/* of our faults, by its last word */
};

/* An order that was not answered yet. */
struct attached_command {
	uint64_t number;
	size_t slot;
	bool answered;
	unsigned tries;
	struct fault_order *order;	/* owned */
};

enum attached_cookie { COOKIE_VIEW, COOKIE_COMMAND, COOKIE_CHECK, COOKIES };

struct attached {
	uv_loop_t *loop;
	struct options options;	/* with the seeds of the file */
	struct scenario *scenario;
	struct supervisor *supervisor;
	struct attached_hooks hooks;
	struct udp *udp;
	struct node *node;
	struct node_driver *driver;
	struct named_seeds names;
	uv_timer_t timer;
	struct rng rng;
	struct peer_id operator;
	enum attached_phase phase;
	int status;
	uint64_t began_ns, changed_ns;	/* of the roster, while it gathers */
	struct scenario_place *seen;
	size_t seen_count;
	uint64_t seen_sum;	/* changes with who is there */
	struct attached_slot *slots;
	size_t slot_count;
	struct attached_command *commands;
	size_t command_count;
	size_t injected;	/* faults that a node said it has */
};

/* attached_roster.c */
/* Who is live in the meshes of the scenario, at most ATTACHED_NODES_MAX. */
void attached_roster_gather(struct attached *a, uint64_t now_ns);
/* What the mesh says about those of the roster becomes facts of the supervisor. */
void attached_roster_turn(struct attached *a, uint64_t now_ns);
void attached_roster_await(struct attached *a, struct attached_slot *s, uint64_t now_ns);

/* attached_orders.c */
/* Its process is another one: what was asked of the last one is nothing to it. */
void attached_orders_forget(struct attached *a, struct attached_slot *s, uint64_t now_ns);
void attached_orders_check(struct attached *a, struct attached_slot *s, uint64_t now_ns);
void attached_orders_answer(
	struct attached *a, const struct request_answer *answer, uint64_t now_ns);
/* What is due: questions again, and what is asked at the end. */
void attached_orders_turn(struct attached *a, uint64_t now_ns);

/* attached.c */
void attached_fail(struct attached *a, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void attached_tell(struct attached *a, unsigned child);
/* All have said whether they obey, or had the time for it. */
void attached_judge(struct attached *a, uint64_t now_ns);

#endif
