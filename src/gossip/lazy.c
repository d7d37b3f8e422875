/* SPDX-License-Identifier: MIT */
#include "gossip/lazy.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

/* An IHave entry is an id and a u16, its message two bytes of kind and a count. */
#define ITEM_LEN (32 + 3)
#define OVERHEAD (2 + 2)

uint64_t
lazy_patience(const struct gossip_ctx *x)
{
	return x->config->lazy_calm_ns / 2;
}

void
lazy_fini(struct lazy *l)
{
	free(l->queue);
	*l = (struct lazy){.count = 0};
}

bool
lazy_put(struct lazy *l, const struct lazy_item *item)
{
	if (l->count >= GOSSIP_LAZY_QUEUE_MAX ||
		(item->bulk && l->bulk_count >= GOSSIP_LAZY_BULK_MAX))
		return false;
	if (l->count == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 8;
		l->queue = mem_resize(l->queue, l->cap, sizeof(*l->queue));
	}
	l->queue[l->count++] = *item;
	l->bulk_count += item->bulk;
	return true;
}

void
lazy_forget(struct lazy *l, const struct peer_id *id)
{
	for (size_t i = 0; i < l->count; i++) {
		if (!id_equal(&l->queue[i].have.id, id))
			continue;
		l->count--;
		l->bulk_count -= l->queue[i].bulk;
		memmove(&l->queue[i], &l->queue[i + 1],
			(l->count - i) * sizeof(*l->queue));
		return;
	}
}

struct batch {
	struct gossip_msg m;
	size_t max;
	bool calm;
	uint64_t sent;
};

static void
batch_send(struct batch *b, struct gossip_ctx *x, const struct peer_id *to)
{
	if (b->m.ihave.count == 0)
		return;
	if (b->calm)
		outbox_send_calm(x->out, to, &b->m);
	else
		outbox_send(x->out, to, &b->m);
	b->sent++;
	b->m.ihave.count = 0;
}

/* Whether this one waits on, and until when (0: for no time). */
static bool
waits(const struct lazy *l, const struct lazy_item *q, const struct gossip_ctx *x,
	size_t bulk_left, uint64_t *until_ns)
{
	*until_ns = q->ready_ns + x->config->lazy_calm_ns - lazy_patience(x);
	if (q->ready_ns > x->now_ns)
		return true;
	*until_ns = l->slow ? 0 : x->now_ns + x->config->lazy_ns;
	return q->bulk && (l->slow || bulk_left == 0);
}

uint64_t
lazy_announce(struct lazy *l, struct gossip_ctx *x, const struct peer_id *to,
	uint64_t *sent)
{
	struct batch b = {.m = {.kind = GOSSIP_IHAVE}, .calm = true,
		.max = (x->config->message_len_max - OVERHEAD) / ITEM_LEN};
	uint64_t first_ns = 0, until_ns;
	size_t kept = 0, bulk_left;

	if (b.max > GOSSIP_IHAVE_MAX)
		b.max = GOSSIP_IHAVE_MAX;
	bulk_left = b.max;
	for (size_t i = 0; i < l->count; i++) {
		const struct lazy_item q = l->queue[i];

		if (waits(l, &q, x, bulk_left, &until_ns)) {
			if (first_ns == 0 || (until_ns != 0 && until_ns < first_ns))
				first_ns = until_ns;
			l->queue[kept++] = q;
			continue;
		}
		if (b.m.ihave.count == b.max)
			batch_send(&b, x, to);
		b.calm = b.calm && q.ready_ns != 0;
		bulk_left -= q.bulk;
		l->bulk_count -= q.bulk;
		b.m.ihave.items[b.m.ihave.count++] = q.have;
	}
	batch_send(&b, x, to);
	l->count = kept;
	*sent += b.sent;
	return first_ns;
}
