/* SPDX-License-Identifier: MIT */
#ifndef UNIT_GOSSIP_RIG_H
#define UNIT_GOSSIP_RIG_H

#include "base/limits.h"
#include "gossip/gossip.h"
#include "wire/gossip_msg.h"

/*
 * One topic in the hand of a test: messages go in as structs, effects are asked for by
 * kind. Each input forgets the effects of the one before. We are peer 0.
 */
#define RIG_TIMERS_MAX 4096

struct rig {
	struct topic *topic;
	struct outbox *out;
	struct gossip_config config;
	uint64_t now_ns;
	bool calm, brisk; /* what comes next is */
	struct {
		uint64_t timer, due_ns;
	} timers[RIG_TIMERS_MAX];
	size_t timer_count;
};

struct peer_id rig_peer(unsigned number);
/* `change` may be NULL. */
void rig_init(struct rig *r, void (*change)(struct gossip_config *));
void rig_fini(struct rig *r);

void rig_in(struct rig *r, enum gossip_in_kind kind, unsigned peer);
void rig_bytes(struct rig *r, enum gossip_in_kind kind, unsigned peer, const void *bytes,
	size_t len);
void rig_message(struct rig *r, unsigned from, const struct gossip_msg *m);
void rig_simple(struct rig *r, unsigned from, enum gossip_msg_kind kind);
void rig_neighbor(struct rig *r, unsigned from, enum gossip_priority priority);
void rig_disconnect(struct rig *r, unsigned from, bool alive);
void rig_forward_join(struct rig *r, unsigned from, unsigned peer, uint16_t ttl);
void rig_shuffle(struct rig *r, unsigned from, unsigned origin, const unsigned *nodes,
	size_t count, uint16_t ttl);
void rig_nodes(struct rig *r, unsigned from, const unsigned *nodes, size_t count);
struct peer_id rig_payload(
	struct rig *r, unsigned from, const char *text, uint16_t round);
void rig_ihave(struct rig *r, unsigned from, const struct peer_id *id, uint16_t round);
/* Lets time pass; timers fire in order. Effects of all of them are kept. */
void rig_advance(struct rig *r, uint64_t for_ns);

/*
 * How many such messages went to `to`; the first is written to `m` unless that is NULL.
 */
size_t rig_sent(const struct rig *r, unsigned to, enum gossip_msg_kind kind,
	struct gossip_msg *m);
size_t rig_sent_any(const struct rig *r, enum gossip_msg_kind kind);
size_t rig_count(const struct rig *r, enum gossip_out_kind kind);
bool rig_changed(const struct rig *r, unsigned peer, enum neighbor_change change);
bool rig_hung_up(const struct rig *r, unsigned peer);
bool rig_is_active(const struct rig *r, unsigned peer);
bool rig_is_passive(const struct rig *r, unsigned peer);
bool rig_is_pending(const struct rig *r, unsigned peer);
bool rig_is_eager(const struct rig *r, unsigned peer);
/* `count` peers from number `first` on Join. */
void rig_fill(struct rig *r, unsigned first, unsigned count);

#endif
