/* SPDX-License-Identifier: MIT */
#ifndef TUI_MODEL_FAULT_H
#define TUI_MODEL_FAULT_H

#include "chaos/trial.h"

/* A fault that this console ordered: under way, or over. What is shown of it. */
#define MODEL_FAULT_TEXT_CAP 200
#define MODEL_FAULTS_MAX 64

struct model_fault {
	unsigned number;		/* from 1, as they were ordered */
	enum primitive primitive;
	char mesh[LABEL_LEN_MAX + 1];
	char targets[MODEL_FAULT_TEXT_CAP];	/* names, with spaces between */
	struct peer_id ids[TRIAL_TARGETS_MAX];	/* of the targets */
	size_t target_count;
	enum trial_phase phase;
	uint64_t begun_ns;	/* when the person ordered it */
	uint64_t ends_ns;	/* of its lease; 0 while it is not injected */
	uint64_t over_ns;	/* 0: under way */
	/* As the judge has it; its verdict is JUDGE_OPEN until it is over. */
	struct judge_result result;
	char witnesses[MODEL_FAULT_TEXT_CAP];	/* who saw the effect, by name */
};

/* What a person wants to be done; all of it checked for form, not by guards. */
struct model_wish {
	enum primitive primitive;
	int64_t params[PARAMS];
	uint64_t lease_ns;
	unsigned children[TRIAL_TARGETS_MAX];	/* child_row ids of ours */
	size_t child_count;
	uint64_t seed;
};

/* A loop of faults: one after each cadence, on nodes that the seed chooses. */
#define MODEL_LOOP_CADENCE_MIN SECONDS(1)

struct model_loop_wish {
	uint64_t cadence_ns;
	uint64_t seed;
	uint32_t primitives;	/* 1 << enum primitive for each that may be chosen */
};

struct model_loop {
	bool on;
	struct model_loop_wish wish;
	uint64_t due_ns;		/* of the next fault */
	unsigned begun, refused;	/* since it was started */
	char why[MODEL_FAULT_TEXT_CAP];	/* of the last refusal, or "" */
};

#endif
