/* SPDX-License-Identifier: MIT */
#ifndef GOSSIP_MISSING_H
#define GOSSIP_MISSING_H

#include "base/idmap.h"
#include "gossip/context.h"

/*
 * Messages that were announced by IHave and have not come: who has them, in the order in
 * which they said so, and the timer after which one of them is grafted. Bounded; further
 * ones are counted and forgotten (their next IHave or payload brings them back).
 */
struct missing_source {
	struct peer_id peer;
	uint16_t round;
};

struct missing_entry {
	struct gossip_timer timer;
	struct peer_id id;
	struct missing_source *sources;
	size_t count, cap;
};

struct missing {
	struct idmap *by_id;
	uint64_t dropped;
};

void missing_init(struct missing *m);
void missing_fini(struct missing *m, struct heap *timers);
size_t missing_count(const struct missing *m);
/* A new entry arms its timer; a peer is listed once for each message. */
void missing_add(struct missing *m, struct gossip_ctx *x, const struct peer_id *id,
	const struct peer_id *peer, uint16_t round);
struct missing_entry *missing_find(const struct missing *m, const struct peer_id *id);
/* Takes the first source out; false when there is none. */
bool missing_pop(struct missing_entry *e, struct missing_source *to);
void missing_remove(struct missing *m, struct heap *timers, struct missing_entry *e);
/* The peer is gone: it brings nothing. Entries without any source are removed. */
void missing_remove_peer(
	struct missing *m, struct heap *timers, const struct peer_id *peer);

#endif
