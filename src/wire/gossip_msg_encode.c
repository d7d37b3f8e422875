/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/gossip_msg.h"
#include "wire/postcard.h"

static void
put_data(struct buf *b, const struct gossip_peer_data *d)
{
	postcard_put_bool(b, d->present);
	if (d->present)
		postcard_put_bytes(b, d->bytes.data, d->bytes.len);
}

static void
put_peer(struct buf *b, const struct gossip_peer_info *p)
{
	postcard_put_id(b, &p->id);
	put_data(b, &p->data);
}

static void
put_nodes(struct buf *b, const struct gossip_peer_info *nodes, size_t count)
{
	assert(count <= GOSSIP_NODES_MAX);
	varint_put(b, count);
	for (size_t i = 0; i < count; i++)
		put_peer(b, &nodes[i]);
}

static void
put_swarm(struct buf *b, const struct gossip_msg *m)
{
	switch (m->kind) {
	case GOSSIP_JOIN:
		put_data(b, &m->join.data);
		break;
	case GOSSIP_FORWARD_JOIN:
		put_peer(b, &m->forward_join.peer);
		varint_put(b, m->forward_join.ttl);
		break;
	case GOSSIP_SHUFFLE:
		postcard_put_id(b, &m->shuffle.origin);
		put_nodes(b, m->shuffle.nodes, m->shuffle.count);
		varint_put(b, m->shuffle.ttl);
		break;
	case GOSSIP_SHUFFLE_REPLY:
		put_nodes(b, m->shuffle_reply.nodes, m->shuffle_reply.count);
		break;
	case GOSSIP_NEIGHBOR:
		varint_put(b, m->neighbor.priority);
		put_data(b, &m->neighbor.data);
		break;
	default:
		postcard_put_bool(b, m->disconnect.alive);
		postcard_put_bool(b, m->disconnect.respond);
		break;
	}
}

static void
put_gossip(struct buf *b, const struct gossip_msg *m)
{
	switch (m->kind) {
	case GOSSIP_PAYLOAD:
		postcard_put_id(b, &m->payload.id);
		postcard_put_bytes(b, m->payload.content.data, m->payload.content.len);
		varint_put(b, m->payload.neighbors_only ? 1 : 0);
		if (!m->payload.neighbors_only)
			varint_put(b, m->payload.round);
		break;
	case GOSSIP_GRAFT:
		postcard_put_bool(b, m->graft.has_id);
		if (m->graft.has_id)
			postcard_put_id(b, &m->graft.id);
		varint_put(b, m->graft.round);
		break;
	case GOSSIP_IHAVE:
		assert(m->ihave.count <= GOSSIP_IHAVE_MAX);
		varint_put(b, m->ihave.count);
		for (size_t i = 0; i < m->ihave.count; i++) {
			postcard_put_id(b, &m->ihave.items[i].id);
			varint_put(b, m->ihave.items[i].round);
		}
		break;
	default: /* a prune has no fields */
		break;
	}
}

void
gossip_msg_encode(struct buf *b, const struct gossip_msg *m)
{
	bool gossip = m->kind >= GOSSIP_PAYLOAD;

	assert((unsigned)m->kind < GOSSIP_MSG_KINDS);
	/* The kinds are in the order of the wire, protocol by protocol. */
	varint_put(b, gossip ? 1 : 0);
	varint_put(b, gossip ? m->kind - GOSSIP_PAYLOAD : m->kind);
	if (gossip)
		put_gossip(b, m);
	else
		put_swarm(b, m);
}

static int
compare(const void *a, const void *b)
{
	return address_compare(a, b);
}

void
gossip_addr_info_encode(struct buf *b, const struct address *a, size_t count)
{
	struct address sorted[GOSSIP_PEER_ADDRESSES_MAX];

	if (count > GOSSIP_PEER_ADDRESSES_MAX)
		count = GOSSIP_PEER_ADDRESSES_MAX;
	if (count > 0)
		memcpy(sorted, a, count * sizeof *a);
	qsort(sorted, count, sizeof *sorted, compare);
	postcard_put_bool(b, false); /* no relay */
	postcard_put_addresses(b, sorted, count);
}

void
gossip_frame_put(struct buf *b, const void *body, size_t len)
{
	uint8_t head[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16),
		(uint8_t)(len >> 8), (uint8_t)len};

	buf_put(b, head, sizeof head);
	if (len > 0)
		buf_put(b, body, len);
}
