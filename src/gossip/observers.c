/* SPDX-License-Identifier: MIT */
#include "gossip/observers.h"

#include <string.h>

#include "base/limits.h"

void
observers_init(struct observers *o, const uint8_t seed[static 32])
{
	uint8_t own[32];

	memcpy(own, seed, sizeof(own));
	own[0] ^= 0x0b;
	*o = (struct observers){0};
	rng_init(&o->rng, own);
	peerset_init(&o->marked, GOSSIP_MARKED_MAX);
	peerset_init(&o->attached, GOSSIP_OBSERVERS_MAX);
}

void
observers_fini(struct observers *o)
{
	peerset_fini(&o->marked);
	peerset_fini(&o->attached);
}

bool
observers_mark(struct observers *o, const struct peer_id *peer)
{
	return peerset_has(&o->marked, peer) || peerset_add(&o->marked, peer);
}

static enum observers_change
attach(struct observers *o, struct gossip_ctx *x, const struct views *v,
	const struct peer_id *from)
{
	bool known = peerset_has(&o->attached, from);

	if (!known && !peerset_add(&o->attached, from)) {
		views_send_nodes(v, x, &o->rng, from);
		outbox_send_disconnect(x->out, from, true);
		outbox_hang_up(x->out, from);
		return OBSERVERS_SAME;
	}
	outbox_send_neighbor(x->out, from, GOSSIP_PRIORITY_HIGH, x->own_data);
	/* It shuffles with nobody: this is how it learns where else it can attach. */
	views_send_nodes(v, x, &o->rng, from);
	return known ? OBSERVERS_SAME : OBSERVERS_ATTACHED;
}

static enum observers_change
detach(struct observers *o, const struct peer_id *peer)
{
	return peerset_remove(&o->attached, peer) ? OBSERVERS_DETACHED : OBSERVERS_SAME;
}

enum observers_change
observers_message(struct observers *o, struct gossip_ctx *x, const struct views *v,
	const struct peer_id *from, const struct gossip_msg *m)
{
	enum observers_change change;

	if (m->kind == GOSSIP_JOIN)
		return attach(o, x, v, from);
	if (m->kind != GOSSIP_DISCONNECT)
		return OBSERVERS_SAME;
	change = detach(o, from);
	outbox_hang_up(x->out, from);
	return change;
}

enum observers_change
observers_lost(struct observers *o, const struct peer_id *peer)
{
	peerset_remove(&o->marked, peer);
	return detach(o, peer);
}

void
observers_quit(struct observers *o, struct gossip_ctx *x)
{
	for (size_t i = 0; i < o->attached.count; i++) {
		outbox_send_disconnect(x->out, &o->attached.ids[i], false);
		outbox_hang_up(x->out, &o->attached.ids[i]);
	}
	peerset_clear(&o->attached);
}
