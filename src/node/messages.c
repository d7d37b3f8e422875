/* SPDX-License-Identifier: MIT */
#include "node/messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/delivery.h"
#include "wire/digest.h"
#include "wire/fault.h"
#include "wire/frame.h"
#include "wire/gossip_msg.h"
#include "wire/hello.h"
#include "wire/postcard.h"
#include "wire/watched.h"

struct messages {
	const struct span_store *clock;
	struct journal journal;
	uint64_t wall_us;
	struct gossip_msg scratch;	/* too large for a stack */
};

struct messages *
messages_new(const struct span_store *clock)
{
	struct messages *m = mem_new(MEM_MESSAGES, sizeof(*m));

	m->clock = clock;
	journal_init(&m->journal, MESSAGES_LEN_MAX);
	return m;
}

void
messages_free(struct messages *m)
{
	if (m == NULL)
		return;
	journal_fini(&m->journal);
	mem_free(MEM_MESSAGES, m);
}

const struct journal *
messages_journal(const struct messages *m)
{
	return &m->journal;
}

void
messages_at(struct messages *m, uint64_t now_ns)
{
	if (m != NULL)
		m->wall_us = span_store_wall_at(m->clock, now_ns);
}

static void
record(struct messages *m, bool sent, const struct peer_id *peer, const char *kind,
	size_t len, const char *summary)
{
	struct watched_message w = { .seq = m->journal.next_seq, .wall_us = m->wall_us,
		.sent = sent, .peer = *peer, .bytes = (uint32_t)len };
	struct buf b;

	snprintf(w.kind, sizeof(w.kind), "%s", kind);
	snprintf(w.summary, sizeof(w.summary), "%s", summary);
	buf_init(&b, 512);
	watched_message_put(&b, &w);
	(void)journal_put(&m->journal, b.data, b.len);
	buf_fini(&b);
}

static void
of_hello(struct view v, char *to, size_t cap)
{
	struct hello h;

	if (hello_decode(&h, v) == ERR_OK)
		snprintf(to, cap, "%s%s%s%s, build %s, %zu addresses%s", h.mesh,
			h.mesh[0] != '\0' ? "." : "", h.type,
			h.role == HELLO_OBSERVER ? " (observer)" : "", h.build,
			h.address_count, h.has_proof ? ", a proof" : "");
}

static void
of_ping(struct view v, char *to, size_t cap)
{
	struct frame_ping p;

	if (frame_ping_decode(v, &p) == ERR_OK)
		snprintf(to, cap, "nonce %" PRIu64, p.nonce);
}

/* A question, or an answer: only the question begins with a trace context. */
static void
of_echo(struct view v, char *to, size_t cap)
{
	struct trace_context c;

	if (trace_context_decode(&v, &c) == ERR_OK)
		snprintf(to, cap, "%zu bytes%s", v.len,
			c.flags & TRACE_SAMPLED ? ", traced" : "");
}

static void
of_send(struct view v, char *to, size_t cap)
{
	struct view w = v;
	struct trace_context c;
	struct message m;
	struct message_ack a;

	if (trace_context_decode(&w, &c) == ERR_OK &&
		delivery_read_message(&m, w) == ERR_OK)
		snprintf(to, cap, "%.20s to %.40s, %zu bytes", m.kind, m.destination,
			m.body.len);
	else if (delivery_read_ack(&a, v) == ERR_OK)
		snprintf(to, cap, "%s, by %.50s", delivery_text(a.status), a.name);
}

static void
of_resolve(struct view v, char *to, size_t cap)
{
	struct view w = v;
	struct trace_context c;
	struct resolve_ask a;

	if (trace_context_decode(&w, &c) == ERR_OK &&
		delivery_read_resolve(&a, w) == ERR_OK)
		snprintf(to, cap, "where is %.60s?", a.pattern);
	else
		snprintf(to, cap, "the answer");
}

static void
of_command(struct view v, char *to, size_t cap)
{
	struct trace_context c;
	struct fault_order o;

	if (trace_context_decode(&v, &c) == ERR_OK && fault_order_read(&v, &o) == ERR_OK)
		snprintf(to, cap, "%s %.30s for %u ms", fault_verb_text(o.verb),
			o.primitive, o.lease_ms);
}

static void
of_sync(struct view v, char *to, size_t cap)
{
	struct view w = v;
	struct trace_context c;
	char mesh[LABEL_LEN_MAX + 1];
	uint32_t count;

	if (trace_context_decode(&w, &c) == ERR_OK &&
		postcard_text(&w, mesh, sizeof(mesh)) == ERR_OK && w.len == 0)
		snprintf(to, cap, "asks for %s", mesh);
	else if (varint_u32(&v, &count) == ERR_OK)
		snprintf(to, cap, "%u digests", count);
}

static const struct {
	void (*summary)(struct view v, char *to, size_t cap);
} frames[UINT8_MAX + 1] = {
	[FRAME_HELLO] = { of_hello },
	[FRAME_PING] = { of_ping },
	[FRAME_PONG] = { of_ping },	/* begins as a PING does */
	[FRAME_ECHO] = { of_echo },
	[FRAME_SEND] = { of_send },
	[FRAME_RESOLVE] = { of_resolve },
	[FRAME_COMMAND] = { of_command },
	[FRAME_SYNC] = { of_sync },
};

void
messages_frame(struct messages *m, bool sent, const struct peer_id *peer, uint8_t tag,
	const void *payload, size_t len)
{
	char text[WATCHED_SUMMARY_CAP] = "";

	if (m == NULL || tag == FRAME_WATCH)
		return;
	if (frames[tag].summary != NULL)
		frames[tag].summary((struct view){ payload, len }, text, sizeof(text));
	record(m, sent, peer, frame_name(tag), len, text);
}

/* What a payload claims; nothing is checked here, its signature least of all. */
static void
of_payload(struct view content, char *to, size_t cap)
{
	static const char *const words[] = { [PAYLOAD_DIGEST] = "digest of",
		[PAYLOAD_ACCUSATION] = "accusation by" };
	enum payload_kind kind = payload_kind(content);
	struct view v = { content.data + 1, content.len - 1 }, body;
	struct peer_id id, subject = { { 0 } };
	uint64_t incarnation, seq;

	if (kind == PAYLOAD_SUMMARY)
		snprintf(to, cap, "summary of a mesh");
	if (kind == PAYLOAD_CAST)
		snprintf(to, cap, "message to the mesh");
	if ((kind != PAYLOAD_DIGEST && kind != PAYLOAD_ACCUSATION) ||
		postcard_bytes(&v, DIGEST_LEN_MAX, &body) != ERR_OK ||
		postcard_id(&body, &id) != ERR_OK ||
		(kind == PAYLOAD_ACCUSATION && postcard_id(&body, &subject) != ERR_OK) ||
		varint_u64(&body, &incarnation) != ERR_OK ||
		varint_u64(&body, &seq) != ERR_OK)
		return;
	if (kind == PAYLOAD_DIGEST)
		snprintf(to, cap, "%s %02x%02x%02x, seq %" PRIu64, words[kind],
			id.bytes[0], id.bytes[1], id.bytes[2], seq);
	else
		snprintf(to, cap, "%s %02x%02x%02x of %02x%02x%02x", words[kind],
			id.bytes[0], id.bytes[1], id.bytes[2], subject.bytes[0],
			subject.bytes[1], subject.bytes[2]);
}

static void
of_gossip(const struct gossip_msg *g, char *to, size_t cap)
{
	switch (g->kind) {
	case GOSSIP_PAYLOAD:
		of_payload(g->payload.content, to, cap);
		break;
	case GOSSIP_NEIGHBOR:
		snprintf(to, cap, "%s priority",
			g->neighbor.priority == GOSSIP_PRIORITY_HIGH ? "high" : "low");
		break;
	case GOSSIP_SHUFFLE:
		snprintf(to, cap, "%zu nodes, ttl %u", g->shuffle.count, g->shuffle.ttl);
		break;
	case GOSSIP_SHUFFLE_REPLY:
		snprintf(to, cap, "%zu nodes", g->shuffle_reply.count);
		break;
	case GOSSIP_FORWARD_JOIN:
		snprintf(to, cap, "%02x%02x%02x..., ttl %u",
			g->forward_join.peer.id.bytes[0],
			g->forward_join.peer.id.bytes[1],
			g->forward_join.peer.id.bytes[2], g->forward_join.ttl);
		break;
	case GOSSIP_DISCONNECT:
		snprintf(to, cap, "%s", g->disconnect.alive ? "stays alive" : "quits");
		break;
	case GOSSIP_GRAFT:
		snprintf(to, cap, "%s, round %u",
			g->graft.has_id ? "asks for a message" : "the link",
			g->graft.round);
		break;
	case GOSSIP_IHAVE:
		snprintf(to, cap, "%zu messages", g->ihave.count);
		break;
	default:
		break;
	}
}

void
messages_gossip(struct messages *m, bool sent, const struct peer_id *peer,
	const void *body, size_t len)
{
	char text[WATCHED_SUMMARY_CAP] = "";

	if (m == NULL)
		return;
	if (gossip_msg_decode(&m->scratch, (struct view){ body, len }) != ERR_OK) {
		record(m, sent, peer, "malformed", len, "");
		return;
	}
	of_gossip(&m->scratch, text, sizeof(text));
	record(m, sent, peer, gossip_msg_kind_name(m->scratch.kind), len, text);
}
