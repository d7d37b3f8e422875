/* SPDX-License-Identifier: MIT */
#ifndef NODE_IMPAIR_RULE_H
#define NODE_IMPAIR_RULE_H

#include "base/rng.h"
#include "node/impair.h"

/*
 * One rule: whom it concerns and what it does to a datagram. Inside of impair; it holds
 * nothing back itself.
 */
struct impair_flow {
	struct address remote;
	uint64_t seen_ns;	/* 0: free */
};

struct impair_rule {
	struct fault_id id;
	enum fault_kind kind;
	enum fault_direction direction;
	struct fault_figures figures;
	bool all;
	struct fault_target *targets;	/* owned */
	size_t target_count;
	struct address *addresses;	/* of the targets, owned */
	size_t address_count;
	struct impair_flow *flows;	/* FIREWALL: IMPAIR_FLOWS_MAX, owned */
	struct rng rng;
	uint64_t began_ns;
	uint64_t free_ns[2];	/* when the line of each direction is free: rate */
	uint64_t matched, dropped, delayed, reordered, duplicated;
};

#define IMPAIR_FLOWS_MAX 512
/* As Linux forgets a UDP flow that went both ways (nf_conntrack_udp_timeout_stream). */
#define IMPAIR_FLOW_AGE SECONDS(120)
/* A slow line holds what it sends in this time, and drops the rest: 1 s is a bad one. */
#define IMPAIR_LINE_QUEUE SECONDS(1)

void impair_rule_init(
	struct impair_rule *r, const struct fault_order *o, uint64_t now_ns);
void impair_rule_fini(struct impair_rule *r);
void impair_rule_refresh(struct impair_rule *r, impair_resolve *resolve, void *ctx);
void impair_rule_flow(
	struct impair_rule *r, const struct address *remote, uint64_t now_ns);
bool impair_rule_concerns(const struct impair_rule *r, const struct address *remote,
	bool inbound, uint64_t now_ns);

/* What becomes of a datagram; several rules add up. */
struct impair_fate {
	bool drop, copy;
	uint64_t due_ns;	/* 0: now */
};
void impair_rule_judge(struct impair_rule *r, const struct address *remote, size_t len,
	bool inbound, uint64_t now_ns, struct impair_fate *fate);

#endif
