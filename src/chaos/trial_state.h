/* SPDX-License-Identifier: MIT */
#ifndef CHAOS_TRIAL_STATE_H
#define CHAOS_TRIAL_STATE_H

#include "base/rng.h"
#include "chaos/trial.h"

/* A trial's own state, shared by trial.c, hearing.c and orders.c and by nobody else. */
struct told {
	struct sight sight;
	uint64_t at_ns;
};

struct trial {
	struct trial_spec spec;
	size_t count;
	enum trial_phase phase;
	uint64_t began_ns, ticked_ns, lease_end_ns;
	uint64_t cast_ns;	/* when roles were given last */
	struct judge *judge;	/* made when everybody has answered once */
	struct judge_result refused;	/* when it ended without one */
	enum judge_role *roles;
	size_t *target_of;
	struct peer_id *cast;	/* by node: who it was when roles were given */
	const char **names;
	char (*name_texts)[NAME_LEN_MAX + 1];
	uint64_t *view_ns;	/* by node: the answer that was used last */
	uint64_t *others_ns;
	unsigned *others;	/* by node: what was told last */
	struct told *told;	/* [node * targets + target] */
	uint64_t overlay_ns;
	bool inject, revert, start;	/* acts to be fetched */
	size_t act_next;
	struct rng rng;
	struct fault_id *ids;	/* by target: of the fault it was given */
	bool cut_short;	/* it is told to end: else the lease sees to that */
	struct trial_evidence *evidence;
	size_t evidence_count, evidence_cap, evidence_dropped;
};

#endif
