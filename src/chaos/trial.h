/* SPDX-License-Identifier: MIT */
#ifndef CHAOS_TRIAL_H
#define CHAOS_TRIAL_H

#include "chaos/judge.h"
#include "wire/fault.h"

/*
 * One fault on trial: planned, ordered, witnessed, over, recovered. It says what is to be
 * ordered, and hands what the nodes answer to its judge. It has no other source: that an
 * order was sent, or that a node says it has carried it out, is no evidence.
 */
#define TRIAL_TARGETS_MAX 64
#define TRIAL_WATCHERS 3	/* nodes that look after the targets of a link fault */
#define TRIAL_BASELINE_MAX SECONDS(30)
#define TRIAL_EVIDENCE_MAX 6000

struct trial_spec {
	enum primitive primitive;
	int64_t params[PARAMS];
	uint64_t lease_ns;
	/* Of one mesh. A pair has two: the one that is told, and the other. */
	size_t targets[TRIAL_TARGETS_MAX];
	size_t target_count;
	uint64_t seed;		/* of the choices that the node makes, and of ids */
};
void trial_spec_init(struct trial_spec *s, enum primitive p);

/* A node of the run as it is now; the same index all the time. */
struct trial_node {
	const char *mesh, *name;
	struct peer_id id;
	bool ready;
	bool busy; /* another fault acts on it, or it has only just come: no witness */
	const struct lifeline_view *view;	/* its last answer, or NULL */
	uint64_t view_ns;			/* when that came */
};

struct trial_act {
	enum trial_act_kind { TRIAL_ORDER, TRIAL_START } kind;
	size_t node;
	bool ends;			/* ORDER: the process is meant to end by it */
	struct fault_order order;	/* ORDER */
};

struct trial;
struct trial *trial_new(const struct trial_spec *s, size_t node_count, uint64_t now_ns);
void trial_free(struct trial *t);	/* accepts NULL */

void trial_tick(struct trial *t, const struct trial_node *nodes, uint64_t now_ns);
bool trial_next_act(
	struct trial *t, const struct trial_node *nodes, struct trial_act *a);
/* An act could not be carried out: it ends unproven, and takes off what it put on. */
void trial_refused(struct trial *t, const char *why, uint64_t now_ns);
/* The fault is to end now; the trial goes on to see that it does. */
void trial_revert(struct trial *t, uint64_t now_ns);
/* Whom this node has to look after: at most LIFELINE_PROBES_MAX. */
size_t trial_probes(const struct trial *t, const struct trial_node *nodes, size_t node,
	struct peer_id to[static LIFELINE_PROBES_MAX]);
uint64_t trial_deadline(const struct trial *t);

enum trial_phase { TRIAL_PREPARING, TRIAL_INJECTED, TRIAL_REVERTED, TRIAL_DONE };
enum trial_phase trial_phase(const struct trial *t);
const struct trial_spec *trial_spec(const struct trial *t);
/* NULL as long as it is PREPARING; then until trial_free. */
const struct judge_result *trial_result(const struct trial *t);
bool trial_is_target(const struct trial *t, size_t node);
/* When this node saw the effect, or 0. */
uint64_t trial_saw(const struct trial *t, size_t node);
const enum judge_role *trial_roles(const struct trial *t);

/* What the judge was told, in order: enough to judge again. */
struct trial_evidence {
	enum trial_evidence_kind {
		EVIDENCE_SIGHT, EVIDENCE_OTHERS, EVIDENCE_OVERLAY, EVIDENCE_INJECTED,
		EVIDENCE_REVERTED, EVIDENCE_TICK,
	} kind;
	uint64_t at_ns;
	uint16_t witness, target;
	unsigned value;		/* OTHERS: how many; OVERLAY: connected */
	struct sight sight;
};
size_t trial_evidence_count(const struct trial *t);
const struct trial_evidence *trial_evidence_at(const struct trial *t, size_t i);
size_t trial_evidence_dropped(const struct trial *t);
/* Gives one piece to a judge. */
void trial_replay(struct judge *j, const struct trial_evidence *e);

#endif
