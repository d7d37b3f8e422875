/* SPDX-License-Identifier: MIT */
#ifndef GOSSIP_LAZY_H
#define GOSSIP_LAZY_H

#include "gossip/context.h"
#include "wire/gossip_msg.h"

/*
 * What is to be announced to one neighbor (IHave) and waits for company. Bulk goes after
 * all else: it has not the whole queue, none of it is announced to a peer that is slow,
 * and to others one message of it at a time, so that what they ask for then is bounded,
 * too.
 */
struct lazy_item {
	struct gossip_ihave have;
	uint64_t ready_ns;	/* not announced before; 0 for what is not calm */
	bool bulk;
};

struct lazy {
	struct lazy_item *queue;
	size_t count, cap, bulk_count;
	bool slow;	/* the peer can't follow: see GOSSIP_IN_SLOW */
};

/* How old what has time is before it leaves: else news drags it along. */
uint64_t lazy_patience(const struct gossip_ctx *x);
void lazy_fini(struct lazy *l);
/* False when there is no room for one of its kind. */
bool lazy_put(struct lazy *l, const struct lazy_item *item);
/* It has this message, so there is nothing to announce to it. */
void lazy_forget(struct lazy *l, const struct peer_id *id);
/*
 * Announces what is ready; `sent` grows by the messages. When to come again for the rest,
 * or 0: nothing of it has a time.
 */
uint64_t lazy_announce(struct lazy *l, struct gossip_ctx *x, const struct peer_id *to,
	uint64_t *sent);

#endif
