/* SPDX-License-Identifier: MIT */
#ifndef WIRE_FAULT_STATUS_H
#define WIRE_FAULT_STATUS_H

#include "wire/fault.h"

/*
 * What a node says of its faults: the answer to an order, and unasked when one ends.
 *
 *	nonce[16], result u8, text, halted bool, injected u64, reverted u64, refused u64,
 *	sequence of fault states
 */
enum fault_origin { FAULT_BY_LIFELINE, FAULT_BY_COMMAND, FAULT_ORIGINS };
const char *fault_status_origin(enum fault_origin o); /* "lifeline", "command" */

/* Why a fault ended. */
enum fault_end {
	FAULT_ACTIVE, /* it has not */
	FAULT_END_LEASE,
	FAULT_END_ORDER, /* REVERT */
	FAULT_END_HALT,
	FAULT_END_DONE,	    /* WEDGE, REBIND: over by itself */
	FAULT_ENDS,
};
const char *fault_status_end(enum fault_end e); /* "active", "lease", "order", ... */

struct fault_state {
	struct fault_id id;
	enum fault_kind kind;
	enum fault_origin origin;
	enum fault_end end;
	char primitive[FAULT_PRIMITIVE_CAP];
	uint32_t age_ms, lease_left_ms; /* since it was put on; 0 left once ended */
	uint32_t ended_ms;		/* how long ago; 0 while active */
	/* Datagrams; for DISK_FULL matched are writes that were refused. */
	uint64_t matched, dropped, delayed, reordered, duplicated;
};

/* The answer to an order, and what a node says by itself when a fault ends. */
struct fault_status {
	uint8_t nonce[FAULT_NONCE_LEN]; /* of the order it answers; zero: unasked */
	int result;			/* ERR_OK, or why the order was refused */
	char why[FAULT_WHY_CAP];	/* of a refusal, for a person */
	bool halted;
	uint64_t injected, reverted, refused; /* since the start of the node */
	/* The active ones, then the last FAULTS_ENDED_MAX that ended, newest first. */
	struct fault_state faults[FAULTS_MAX + FAULTS_ENDED_MAX];
	size_t count;
};
const struct fault_state *fault_status_find(
	const struct fault_status *s, const struct fault_id *id); /* or NULL */

int fault_status_read(struct view *v, struct fault_status *s);
void fault_status_put(struct buf *b, const struct fault_status *s);

#endif
