/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_SCENARIO_H
#define SCENARIO_SCENARIO_H

#include "base/limits.h"
#include "scenario/expect.h"
#include "scenario/problems.h"

/*
 * A checked scenario: what to start and what to do, in order. Times are in nanoseconds.
 */
struct scenario_group {
	char mesh[LABEL_LEN_MAX + 1];
	char type[LABEL_LEN_MAX + 1];
	unsigned count;
};

enum scenario_step_kind { STEP_WAIT, STEP_HOLD, STEP_STOP };

struct scenario_step {
	enum scenario_step_kind kind;
	unsigned line;
	enum expect_kind until;		/* WAIT */
	uint64_t within_ns;		/* WAIT */
	uint64_t hold_ns;		/* HOLD */
};

#define SCENARIO_GROUPS_MAX 1000
#define SCENARIO_STEPS_MAX 1000
#define SCENARIO_TIME_MAX SECONDS(7 * 24 * 3600)

struct scenario {
	char name[LABEL_LEN_MAX + 1];
	/* In the order of the file; meshes are not mixed. */
	struct scenario_group *groups;
	size_t group_count;
	size_t mesh_count, node_count;
	struct scenario_step *steps;
	size_t step_count;
};

/*
 * NULL with every error in `p` (sorted), or a scenario and no errors. nodes_max: how many
 * nodes it may ask for, CHILDREN_MAX unless told. scenario_free accepts NULL.
 */
struct scenario *scenario_parse(struct view source, size_t nodes_max, struct problems *p);
void scenario_free(struct scenario *s);

/* "wait until converged within 20s", "hold 10s", "stop". */
#define SCENARIO_STEP_TEXT_CAP 80
char *scenario_step_text(
	const struct scenario_step *st, char to[static SCENARIO_STEP_TEXT_CAP]);

/* The keys of the language, for the manual and its test. */
struct scenario_key {
	const char *place, *key, *text;
	bool required;
};
size_t scenario_key_count(void);
const struct scenario_key *scenario_key_at(size_t i);

#endif
