/* SPDX-License-Identifier: MIT */
#ifndef CHAOS_JUDGE_H
#define CHAOS_JUDGE_H

#include "chaos/detect.h"

/*
 * The verdict on one fault, from what witnesses were heard to say and when, and from
 * nothing else. Fed live by a trial and, from the evidence of a report, once more
 * offline: the same inputs give the same verdict. Times are of one monotonic clock.
 */
enum judge_verdict { JUDGE_OPEN, JUDGE_PASS, JUDGE_FAIL, JUDGE_UNPROVEN };
/* What kind of failure: F115 separates them. */
enum judge_class { CLASS_NONE, CLASS_TIMEOUT, CLASS_ASSERTION, CLASS_NO_EFFECT };

enum judge_role {
	ROLE_NONE,		/* of another mesh */
	ROLE_TARGET,
	ROLE_END,		/* a target that is a witness of the other: pairs */
	ROLE_WITNESS,
	ROLE_BYSTANDER,		/* its word counts only for who is lost */
};

#define JUDGE_TEXT_CAP 320
#define JUDGE_NEEDED 2

struct judge_config {
	struct detect_terms terms;
	size_t node_count, target_count;
	const enum judge_role *roles;	/* of each node; copied */
	/* For each node which target it is, or target_count; copied. */
	const size_t *target_of;
	const char *const *names;	/* of each node; live as long as the judge */
};

struct judge;
struct judge *judge_new(const struct judge_config *c);
void judge_free(struct judge *j);	/* accepts NULL */

/* Inputs, in order of time. The first before judge_injected are the baseline. */
void judge_sight(struct judge *j, size_t witness, size_t target, const struct sight *s,
	uint64_t at_ns);
/* How many uninvolved nodes of its mesh this node sees as gone or does not list. */
void judge_others(struct judge *j, size_t witness, unsigned lost, uint64_t at_ns);
/* Whether the links that both ends report connect all nodes that are there. */
void judge_overlay(struct judge *j, bool connected, uint64_t at_ns);
/* The nodes whose end is not the fault's: they count as lost. */
void judge_injected(struct judge *j, uint64_t at_ns);
void judge_reverted(struct judge *j, uint64_t at_ns);
void judge_tick(struct judge *j, uint64_t at_ns);

/* How many can see an effect at all: with the baseline so far. */
size_t judge_candidates(const struct judge *j);
size_t judge_needed(const struct judge *j);
/* Enough have seen the effect; it may end. */
bool judge_witnessed(const struct judge *j);

struct judge_result {
	enum judge_verdict verdict;
	enum judge_class class;
	char reason[JUDGE_TEXT_CAP];
	/* 0: not yet, or never. */
	uint64_t injected_ns, witnessed_ns, reverted_ns, recovered_ns;
	size_t witness_count;	/* who saw the effect */
};
const struct judge_result *judge_result(const struct judge *j);
/* When node i saw the effect and the recovery, or 0. */
uint64_t judge_saw(const struct judge *j, size_t i);
uint64_t judge_recovered(const struct judge *j, size_t i);
/* When it has something to do at the latest. */
uint64_t judge_deadline(const struct judge *j);

const char *judge_verdict_text(enum judge_verdict v);	/* "pass", ... */
const char *judge_class_text(enum judge_class c);	/* "timeout", ... */

#endif
