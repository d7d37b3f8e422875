/* SPDX-License-Identifier: MIT */
#ifndef GOSSIP_OBSERVERS_H
#define GOSSIP_OBSERVERS_H

#include "gossip/hyparview.h"

/*
 * Peers that only listen (our addition to HyParView). One that said so in its HELLO is
 * marked; a marked one that Joins is attached: it gets payloads as a neighbor does, but
 * it is in no view, takes no slot, and nobody hears of it. Its coming and going draws
 * from a random generator of its own, so that a run with observers has the same overlay
 * as one without.
 */
struct observers {
	struct peerset marked;
	struct peerset attached; /* a subset of the marked */
	struct rng rng;
};

void observers_init(struct observers *o, const uint8_t seed[static 32]);
void observers_fini(struct observers *o);
bool observers_mark(struct observers *o, const struct peer_id *peer); /* false: no room */

/*
 * What a Swarm message of a marked peer, or the end of its link, did to the attached
 * list.
 */
enum observers_change { OBSERVERS_SAME, OBSERVERS_ATTACHED, OBSERVERS_DETACHED };
enum observers_change observers_message(struct observers *o, struct gossip_ctx *x,
	const struct views *v, const struct peer_id *from, const struct gossip_msg *m);
enum observers_change observers_lost(struct observers *o, const struct peer_id *peer);
void observers_quit(struct observers *o, struct gossip_ctx *x);

#endif
