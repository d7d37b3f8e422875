/* SPDX-License-Identifier: MIT */
#ifndef NODE_FAULTS_H
#define NODE_FAULTS_H

#include "base/ring.h"
#include "node/impair.h"

/*
 * The faults that a node has on itself: each with a lease, reverted when that ends, when
 * it is ordered, or by a halt. Nothing of this is kept on disk, so a restart is clean,
 * and a child that loses its parent ends, with all its faults.
 *
 * Faults on links act here, in impair; what needs the system comes out as effects, which
 * the driver carries out.
 */
struct fault_effect {
	enum fault_kind kind;
	bool on;	/* else it is taken off: SKEW, DISK_FULL */
	int64_t skew_ms;
	uint32_t ms;	/* WEDGE: how long; PAUSE: until the lease ends */
};

struct fault_slot {
	struct fault_state state;	/* ages are filled when asked */
	uint64_t began_ns, until_ns, ended_ns;
};

struct faults {
	struct fault_slot active[FAULTS_MAX];
	size_t count;
	struct ring ended;	/* struct fault_slot */
	struct ring nonces;	/* uint8_t[FAULT_NONCE_LEN] */
	struct ring effects;	/* struct fault_effect */
	struct ring changes;	/* struct fault_change */
	struct impair *impair;	/* NULL: no rule, and nothing is held */
	bool halted;
	uint64_t injected, reverted, refused;
	uint64_t impaired, overflowed;	/* of faults on links that ended */
};

/* A fault was put on or has ended. */
struct fault_change {
	struct fault_state state;
	uint32_t lease_ms;
};

void faults_init(struct faults *f);
void faults_fini(struct faults *f);

/*
 * Carries an order out and says what came of it; the answer has the order's nonce.
 * Refuses with ERR_STALE a nonce that it has seen, ERR_STATE while halted, ERR_EXISTS an
 * id or an effect that is active (a clock has one skew), ERR_LIMIT, ERR_UNKNOWN,
 * ERR_ARGUMENT.
 */
void faults_order(struct faults *f, const struct fault_order *o, enum fault_origin by,
	uint64_t now_ns, struct fault_status *answer);
uint64_t faults_deadline(const struct faults *f);
void faults_tick(struct faults *f, uint64_t now_ns);
/* What is active, and what has ended lately. */
void faults_status(const struct faults *f, struct fault_status *to, uint64_t now_ns);
/* Writes to the disk that were refused. */
void faults_note_writes(struct faults *f, uint64_t count);
uint64_t faults_dropped(const struct faults *f);	/* datagrams, ever */

bool faults_next_effect(struct faults *f, struct fault_effect *e);
bool faults_next_change(struct faults *f, struct fault_change *c);

#endif
