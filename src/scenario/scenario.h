/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_SCENARIO_H
#define SCENARIO_SCENARIO_H

#include "base/limits.h"
#include "chaos/guards.h"
#include "scenario/claim.h"
#include "scenario/problems.h"
#include "base/id.h"
#include "wire/letter.h"

/*
 * A checked scenario: what to start and what to do, in order. Times are in nanoseconds.
 * Steps of a repeat stand there as often as they happen; steps of a parallel stand one
 * after the other with the same group.
 */
struct scenario_group {
	char mesh[LABEL_LEN_MAX + 1];
	char type[LABEL_LEN_MAX + 1];
	unsigned count;
};

enum scenario_step_kind {
	STEP_WAIT, STEP_HOLD, STEP_EXPECT, STEP_FAULT, STEP_SOAK, STEP_SPAWN, STEP_STOP,
	STEP_SEND, STEP_ECHO, STEP_GOSSIP, STEP_BASELINE,
};

#define SCENARIO_CLAIMS_MAX 16	/* in one list */
struct scenario_claims {
	struct claim at[SCENARIO_CLAIMS_MAX];
	size_t count;
};

struct scenario_pick {
	enum { PICK_STANDARD, PICK_ONE, PICK_MINORITY, PICK_MAJORITY, PICK_ALL,
		PICK_COUNT, PICK_SHARE } kind;
	unsigned value;			/* COUNT; SHARE: percent */
};

struct scenario_fault {
	enum primitive primitive;
	int64_t params[PARAMS];
	uint64_t lease_ns;
	struct selectors targets, against;
	struct scenario_pick pick;
};

struct scenario_soak {
	uint64_t duration_ns, cadence_ns;
	uint64_t lease_ns;		/* 0: as the catalog says */
	unsigned weights[PRIMITIVES];
	struct selectors targets;
	unsigned every;
	/* In 1/10000 of all faults. */
	unsigned budget_timeout, budget_assertion, budget_unproven;
};

struct scenario_step {
	enum scenario_step_kind kind;
	unsigned line;
	unsigned group;			/* of a parallel, from 1; 0 alone */
	uint64_t within_ns;		/* WAIT, EXPECT */
	uint64_t hold_ns;		/* HOLD */
	size_t claims;		/* WAIT, EXPECT, FAULT, SOAK: index into claims */
	size_t fault, soak;		/* FAULT, SOAK: indices */
	size_t select;			/* of who is meant: into selects */
	size_t letter;			/* SEND, ECHO, GOSSIP: into letters */
	uint64_t least;			/* ECHO: a second */
	size_t hearers;			/* GOSSIP: index into selects */
	unsigned delivered;		/* GOSSIP: in 1/10000 */
	uint64_t p99_ns, silence_ns;	/* GOSSIP: 0: any */
};

struct scenario_link {
	struct selectors from, to;
	uint64_t delay_ns, jitter_ns, rate;	/* rate: bytes a second */
	unsigned loss;				/* 1/10000 */
	bool cut;
};

/* With `attach`: a node that is there, in the order of `groups` and of its id. */
struct scenario_place {
	struct peer_id id;
	char name[NAME_LEN_MAX + 1], mesh[LABEL_LEN_MAX + 1], type[LABEL_LEN_MAX + 1];
	bool seed;		/* its mesh is joined through it */
};

#define SCENARIO_GROUPS_MAX 1000
#define SCENARIO_STEPS_MAX 1000
#define SCENARIO_LISTS_MAX 2000		/* claims, faults, selections, each */
#define SCENARIO_LINKS_MAX 64
#define SCENARIO_TIME_MAX SECONDS(7 * 24 * 3600)
#define SCENARIO_PATH_CAP 512
#define SCENARIO_SEED_CAP 336	/* an id, a host name and a port */

struct scenario {
	char name[LABEL_LEN_MAX + 1];
	uint64_t seed;
	/* In the order of the file; meshes are not mixed. */
	struct scenario_group *groups;
	size_t group_count;
	size_t mesh_count, node_count;
	struct scenario_step *steps;
	size_t step_count;
	unsigned parallels;
	struct scenario_claims *claims;	/* the first: steady_state */
	size_t claims_count;
	struct scenario_fault *faults;
	size_t fault_count;
	struct scenario_soak *soaks;
	size_t soak_count;
	struct selectors *selects;	/* the first: who is started later */
	size_t select_count;
	struct letter_order *letters;	/* their numbers are given when they are sent */
	size_t letter_count;
	struct scenario_link *links;
	size_t link_count;
	struct guards guards;
	/*
	 * Nodes are somebody else's: `groups` are what has to be there at least, and all
	 * that is there once roster_take has put it in their place; until then NULL.
	 */
	bool attach;
	struct scenario_place *roster;
	char (*seeds)[SCENARIO_SEED_CAP];	/* as written; checked by who uses them */
	size_t seed_count;
	char json[SCENARIO_PATH_CAP], tap[SCENARIO_PATH_CAP], junit[SCENARIO_PATH_CAP];
};

/*
 * NULL with every error in `p` (sorted), or a scenario and no errors. nodes_max: how many
 * nodes it may ask for, CHILDREN_MAX unless told. scenario_free accepts NULL.
 */
struct scenario *scenario_parse(struct view source, size_t nodes_max, struct problems *p);
void scenario_free(struct scenario *s);

/* "wait until converged within 20s", "hold 10s", "stop". */
#define SCENARIO_STEP_TEXT_CAP 160
char *scenario_step_text(const struct scenario *s, const struct scenario_step *st,
	char to[static SCENARIO_STEP_TEXT_CAP]);

#endif
