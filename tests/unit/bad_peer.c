/* SPDX-License-Identifier: MIT */
#include "unit/bad_peer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/blake3.h"
#include "base/err.h"
#include "identity/admission.h"
#include "wire/frame.h"

static void
take_events(struct bad_peer *b)
{
	struct quic_event ev;

	while (endpoint_next_event(b->e, &ev)) {
		switch (ev.kind) {
		case QUIC_UP:
			b->conn = ev.conn;
			b->ups++;
			break;
		case QUIC_DOWN:
			b->down = ev;
			b->downs++;
			break;
		case QUIC_CONTROL:
			b->hellos += ev.tag == FRAME_HELLO;
			break;
		case QUIC_REQUEST:
			b->request = ev;
			b->requests++;
			break;
		case QUIC_RESPONSE:
			b->response = ev;
			b->responses++;
			break;
		case QUIC_STREAM_END:
			b->stream_ends++;
			break;
		case QUIC_GOSSIP:
			b->gossip++;
			break;
		default:
			break;
		}
	}
}

static void
guest_recv(void *ctx, const struct path *path, const uint8_t *bytes, size_t len,
	uint64_t now_ns)
{
	struct bad_peer *b = ctx;

	endpoint_recv(b->e, path, bytes, len, 0, now_ns);
	take_events(b);
}

static size_t
guest_send(void *ctx, uint8_t *to, size_t cap, struct path *path, uint64_t now_ns)
{
	struct bad_peer *b = ctx;
	size_t len = endpoint_send(b->e, to, cap, path, now_ns);

	take_events(b);
	return len;
}

static uint64_t
guest_deadline(void *ctx)
{
	return endpoint_deadline(((struct bad_peer *)ctx)->e);
}

static void
guest_tick(void *ctx, uint64_t now_ns)
{
	struct bad_peer *b = ctx;

	endpoint_tick(b->e, now_ns);
	take_events(b);
}

void
bad_peer_init(struct bad_peer *b, struct world *w)
{
	struct endpoint_config config = { .offer_gossip = false };
	uint8_t seed[32];
	int err;

	memset(b, 0, sizeof *b);
	b->w = w;
	rng_bytes(&w->rng, seed, sizeof seed);
	identity_from_seed(&b->identity, seed);
	memcpy(config.seed, seed, sizeof seed);
	b->e = endpoint_new(&config, &err);
	assert(b->e);
	while (w->guests[b->place].ctx)
		b->place++;
	assert(b->place < WORLD_GUESTS_MAX);
	b->address = world_address((uint16_t)(WORLD_GUEST_PORT_BASE + b->place));
	b->incarnation = 1;
	w->guests[b->place] = (struct world_guest){ .ctx = b, .recv = guest_recv,
		.send = guest_send, .deadline = guest_deadline, .tick = guest_tick };
}

void
bad_peer_fini(struct bad_peer *b)
{
	memset(&b->w->guests[b->place], 0, sizeof b->w->guests[b->place]);
	endpoint_free(b->e);
	memset(b, 0, sizeof *b);
}

void
bad_peer_dial(struct bad_peer *b, size_t i)
{
	const struct node_config *c = &b->w->nodes[i].config;
	struct path path = { b->address, c->bound[0] };
	int err;

	err = endpoint_dial(b->e, &c->identity.id, &path, b->w->now_ns, &b->conn);
	assert(err == ERR_OK);
}

void
bad_peer_hello(struct bad_peer *b, const char *mesh)
{
	struct hello h = { .version = HELLO_VERSION, .role = HELLO_MEMBER,
		.incarnation = b->incarnation, .address_count = 1 };
	struct buf buf;

	snprintf(h.mesh, sizeof h.mesh, "%s", mesh);
	snprintf(h.type, sizeof h.type, "stranger");
	h.addresses[0] = b->address;
	buf_init(&buf, FRAME_CONTROL_LEN_MAX);
	hello_encode(&buf, &h);
	(void)endpoint_control(b->e, b->conn, FRAME_HELLO, buf.data, buf.len);
	buf_fini(&buf);
}

void
bad_peer_meet(struct bad_peer *b, size_t i, const char *mesh)
{
	unsigned ups = b->ups, hellos = b->hellos;

	bad_peer_dial(b, i);
	world_run(b->w, MILLISECONDS(20), NULL);
	assert(b->ups == ups + 1);
	bad_peer_hello(b, mesh);
	world_run(b->w, MILLISECONDS(20), NULL);
	assert(b->hellos == hellos + 1);
}

struct peer_id
bad_peer_topic(const char *mesh)
{
	struct fabric_key none = { .present = false };
	struct peer_id topic;

	topic_of_mesh(&topic, &none, mesh);
	return topic;
}

void
bad_peer_gossip(struct bad_peer *b, const char *mesh, const struct gossip_msg *m)
{
	struct peer_id topic = bad_peer_topic(mesh);
	struct buf buf;

	buf_init(&buf, GOSSIP_MESSAGE_LEN);
	gossip_msg_encode(&buf, m);
	assert(!buf.failed);
	(void)endpoint_gossip(b->e, b->conn, &topic, buf.data, buf.len);
	buf_fini(&buf);
}

void
bad_peer_broadcast(struct bad_peer *b, const char *mesh, struct view content)
{
	struct gossip_msg m = { .kind = GOSSIP_PAYLOAD };

	blake3(m.payload.id.bytes, content.data, content.len);
	m.payload.content = content;
	bad_peer_gossip(b, mesh, &m);
}

void
bad_peer_join(struct bad_peer *b, const char *mesh)
{
	struct gossip_msg m = { .kind = GOSSIP_JOIN };

	bad_peer_gossip(b, mesh, &m);
	world_run(b->w, MILLISECONDS(20), NULL);
}

void
bad_peer_digest(struct digest *d, const struct identity *who, const char *mesh,
	uint64_t incarnation, uint64_t seq)
{
	memset(d, 0, sizeof *d);
	d->id = who->id;
	d->incarnation = incarnation;
	d->seq = seq;
	snprintf(d->mesh, sizeof d->mesh, "%s", mesh);
	snprintf(d->type, sizeof d->type, "stranger");
}

void
bad_peer_say_digest(struct bad_peer *b, const struct digest *d, const char *topic_of,
	const struct identity *by)
{
	struct peer_id topic = bad_peer_topic(topic_of);
	struct buf buf;

	buf_init(&buf, DIGEST_LEN_MAX);
	digest_sign(&buf, d, &topic, by->secret_key);
	bad_peer_broadcast(b, "mesh1", (struct view){ buf.data, buf.len });
	buf_fini(&buf);
}

void
bad_peer_say_accusation(struct bad_peer *b, const struct accusation *a,
	const char *topic_of, const struct identity *by)
{
	struct peer_id topic = bad_peer_topic(topic_of);
	struct buf buf;

	buf_init(&buf, DIGEST_LEN_MAX);
	accusation_sign(&buf, a, &topic, by->secret_key);
	bad_peer_broadcast(b, "mesh1", (struct view){ buf.data, buf.len });
	buf_fini(&buf);
}
