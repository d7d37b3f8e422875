/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/err.h"
#include "wire/gossip_msg.h"
#include "wire/postcard.h"

/* Discriminants of the two protocols, outermost in each message. */
enum { SWARM = 0, GOSSIP = 1 };

/*
 * Data of strangers may be longer than what we make ourselves (GOSSIP_PEER_DATA_LEN_MAX):
 * a real iroh node names its relay and every interface. The frame bounds it.
 */
static int
read_data(struct view *v, struct gossip_peer_data *d)
{
	int err = postcard_bool(v, &d->present);

	if (err || !d->present)
		return err;
	return postcard_bytes(v, GOSSIP_MESSAGE_LEN, &d->bytes);
}

static int
read_peer(struct view *v, struct gossip_peer_info *p)
{
	int err = postcard_id(v, &p->id);

	return err ? err : read_data(v, &p->data);
}

static int
read_nodes(struct view *v, struct gossip_peer_info *nodes, size_t *count)
{
	uint64_t n;
	int err = varint_u64(v, &n);

	if (err)
		return err;
	if (n > GOSSIP_NODES_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		err = read_peer(v, &nodes[i]);
		if (err)
			return err;
	}
	*count = (size_t)n;
	return ERR_OK;
}

static int
read_join(struct view *v, struct gossip_msg *m)
{
	return read_data(v, &m->join.data);
}

static int
read_forward_join(struct view *v, struct gossip_msg *m)
{
	int err = read_peer(v, &m->forward_join.peer);

	return err ? err : varint_u16(v, &m->forward_join.ttl);
}

static int
read_shuffle(struct view *v, struct gossip_msg *m)
{
	int err = postcard_id(v, &m->shuffle.origin);

	if (!err)
		err = read_nodes(v, m->shuffle.nodes, &m->shuffle.count);
	return err ? err : varint_u16(v, &m->shuffle.ttl);
}

static int
read_shuffle_reply(struct view *v, struct gossip_msg *m)
{
	return read_nodes(v, m->shuffle_reply.nodes, &m->shuffle_reply.count);
}

static int
read_neighbor(struct view *v, struct gossip_msg *m)
{
	uint32_t priority;
	int err = varint_u32(v, &priority);

	if (err)
		return err;
	if (priority != GOSSIP_PRIORITY_HIGH && priority != GOSSIP_PRIORITY_LOW)
		return ERR_MALFORMED;
	m->neighbor.priority = (enum gossip_priority)priority;
	return read_data(v, &m->neighbor.data);
}

static int
read_disconnect(struct view *v, struct gossip_msg *m)
{
	int err = postcard_bool(v, &m->disconnect.alive);

	return err ? err : postcard_bool(v, &m->disconnect.respond);
}

static int
read_payload(struct view *v, struct gossip_msg *m)
{
	uint32_t scope;
	int err = postcard_id(v, &m->payload.id);

	if (!err)
		err = postcard_bytes(v, GOSSIP_MESSAGE_LEN, &m->payload.content);
	if (!err)
		err = varint_u32(v, &scope);
	if (err)
		return err;
	if (scope > 1)
		return ERR_MALFORMED;
	m->payload.neighbors_only = scope == 1;
	return scope == 1 ? ERR_OK : varint_u16(v, &m->payload.round);
}

static int
read_prune(struct view *v, struct gossip_msg *m)
{
	(void)v;
	(void)m;
	return ERR_OK;
}

static int
read_graft(struct view *v, struct gossip_msg *m)
{
	int err = postcard_bool(v, &m->graft.has_id);

	if (!err && m->graft.has_id)
		err = postcard_id(v, &m->graft.id);
	return err ? err : varint_u16(v, &m->graft.round);
}

static int
read_ihave(struct view *v, struct gossip_msg *m)
{
	uint64_t n;
	int err = varint_u64(v, &n);

	if (err)
		return err;
	if (n > GOSSIP_IHAVE_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		err = postcard_id(v, &m->ihave.items[i].id);
		if (!err)
			err = varint_u16(v, &m->ihave.items[i].round);
		if (err)
			return err;
	}
	m->ihave.count = (size_t)n;
	return ERR_OK;
}

static const struct {
	const char *name;
	int (*read)(struct view *v, struct gossip_msg *m);
	uint8_t protocol, discriminant;
} kinds[GOSSIP_MSG_KINDS] = {
	[GOSSIP_JOIN] = {"join", read_join, SWARM, 0},
	[GOSSIP_FORWARD_JOIN] = {"forward-join", read_forward_join, SWARM, 1},
	[GOSSIP_SHUFFLE] = {"shuffle", read_shuffle, SWARM, 2},
	[GOSSIP_SHUFFLE_REPLY] = {"shuffle-reply", read_shuffle_reply, SWARM, 3},
	[GOSSIP_NEIGHBOR] = {"neighbor", read_neighbor, SWARM, 4},
	[GOSSIP_DISCONNECT] = {"disconnect", read_disconnect, SWARM, 5},
	[GOSSIP_PAYLOAD] = {"payload", read_payload, GOSSIP, 0},
	[GOSSIP_PRUNE] = {"prune", read_prune, GOSSIP, 1},
	[GOSSIP_GRAFT] = {"graft", read_graft, GOSSIP, 2},
	[GOSSIP_IHAVE] = {"ihave", read_ihave, GOSSIP, 3},
};

const char *
gossip_msg_kind_name(enum gossip_msg_kind kind)
{
	return (unsigned)kind < GOSSIP_MSG_KINDS ? kinds[kind].name : "unknown";
}

int
gossip_msg_decode(struct gossip_msg *m, struct view body)
{
	uint32_t protocol, discriminant;
	int err = varint_u32(&body, &protocol);

	if (!err && protocol != SWARM && protocol != GOSSIP)
		err = ERR_MALFORMED;
	if (!err)
		err = varint_u32(&body, &discriminant);
	if (err)
		return err;
	for (unsigned i = 0; i < GOSSIP_MSG_KINDS; i++) {
		if (kinds[i].protocol != protocol ||
			kinds[i].discriminant != discriminant)
			continue;
		memset(m, 0, sizeof *m);
		m->kind = (enum gossip_msg_kind)i;
		return kinds[i].read(&body, m);
	}
	return ERR_MALFORMED;
}

struct view
gossip_msg_content(struct view body)
{
	uint32_t protocol, discriminant;
	struct peer_id id;
	struct view content;

	if (varint_u32(&body, &protocol) || protocol != kinds[GOSSIP_PAYLOAD].protocol ||
		varint_u32(&body, &discriminant) ||
		discriminant != kinds[GOSSIP_PAYLOAD].discriminant ||
		postcard_id(&body, &id) ||
		postcard_bytes(&body, GOSSIP_MESSAGE_LEN, &content))
		return (struct view){ NULL, 0 };
	return content;
}

int
gossip_addr_info_decode(struct view bytes, struct address *out, size_t max, size_t *count)
{
	struct view relay;
	struct address address;
	bool has_relay;
	uint64_t n;
	int err;

	*count = 0;
	if (bytes.len == 0)
		return ERR_OK;
	err = postcard_bool(&bytes, &has_relay);
	if (!err && has_relay)
		err = postcard_bytes(&bytes, GOSSIP_MESSAGE_LEN, &relay);
	if (!err)
		err = varint_u64(&bytes, &n);
	if (err)
		return err;
	/*
	 * Strangers may have more addresses than we keep; all are read, the first `max`
	 * kept.
	 */
	for (uint64_t i = 0; i < n; i++) {
		err = postcard_address(&bytes, &address);
		if (err) {
			*count = 0;
			return err;
		}
		if (*count < max)
			out[(*count)++] = address;
	}
	return ERR_OK;
}
