/* SPDX-License-Identifier: MIT */
/*
 * A whole node and three peers that do what the bytes say: dial, greet, say anything on
 * any stream, lie under their own signature, vanish, come back, send noise. Whatever
 * comes, every table stays within its bound, the node never spins, and once the peers are
 * gone nothing of them is left.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "quic/conn.h"
#include "unit/bad_peer.h"
#include "wire/frame.h"

#define PEERS 3
/* What goes wrong goes wrong early, and half as many are twice as many inputs. */
#define STEPS_MAX 64
#define MESH "mesh1"
/* The longest that anything of a vanished peer may stay: idle links go after 10 s. */
#define AFTERWARDS SECONDS(45)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct drive {
	struct view input;
	struct world *w;
	struct bad_peer peers[PEERS];
};

static uint8_t
take(struct drive *d)
{
	if (d->input.len == 0)
		return 0;
	d->input.len--;
	return *d->input.data++;
}

/* A length and so many bytes. */
static struct view
take_bytes(struct drive *d)
{
	size_t len = take(d);
	struct view v = { d->input.data, len < d->input.len ? len : d->input.len };

	d->input.data += v.len;
	d->input.len -= v.len;
	return v;
}

static void
dial(struct drive *d, struct bad_peer *b)
{
	const struct node_config *c = &d->w->nodes[0].config;
	struct path path = { b->address, c->bound[0] };

	(void)endpoint_dial(b->e, &c->identity.id, &path, d->w->now_ns, &b->conn);
}

static void
greet(struct drive *d, struct bad_peer *b)
{
	b->incarnation += take(d) % 2;
	bad_peer_hello(b, MESH);
}

static void
control(struct drive *d, struct bad_peer *b)
{
	uint8_t tag = take(d);
	struct view v = take_bytes(d);

	(void)endpoint_control(b->e, b->conn, tag, v.data, v.len);
}

static void
raw(struct drive *d, struct bad_peer *b)
{
	struct conn *c = conn_find(b->e, b->conn);
	uint8_t how = take(d);
	struct view v = take_bytes(d);
	struct stream *s;

	if (c == NULL || !c->up)
		return;
	if (how & 4)
		s = c->control_out;
	else if (stream_open(c, STREAM_GOSSIP, how & 1, &s) != ERR_OK)
		return;
	if (s == NULL || s->fin)
		return;
	(void)stream_put(s, v.data, v.len);
	if (how & 2)
		stream_put_fin(s);
}

static void
body(struct drive *d, struct bad_peer *b)
{
	struct peer_id topic = bad_peer_topic(MESH);
	struct view v = take_bytes(d);

	(void)endpoint_gossip(b->e, b->conn, &topic, v.data, v.len);
}

static void
content(struct drive *d, struct bad_peer *b)
{
	bad_peer_broadcast(b, MESH, take_bytes(d));
}

static void
digest(struct drive *d, struct bad_peer *b)
{
	struct digest g;

	bad_peer_digest(&g, &b->identity, MESH, take(d), take(d));
	g.flags = take(d);
	g.address_count = take(d) % 2;
	g.addresses[0] = b->address;
	bad_peer_say_digest(b, &g, MESH, &b->identity);
}

static void
accuse(struct drive *d, struct bad_peer *b)
{
	uint8_t whom = take(d) % (PEERS + 1);
	struct accusation a = { .accuser = b->identity.id, .incarnation = take(d),
		.seq = take(d), .subject = d->w->nodes[0].config.identity.id };

	if (whom < PEERS)
		a.subject = d->peers[whom].identity.id;
	else
		a.incarnation = d->w->nodes[0].config.incarnation;
	bad_peer_say_accusation(b, &a, MESH, &b->identity);
}

static void
request(struct drive *d, struct bad_peer *b)
{
	uint8_t tag = take(d);
	struct view v = take_bytes(d);
	int64_t id;

	(void)endpoint_request(b->e, b->conn, tag, v.data, v.len, &id);
}

static void
hang_up(struct drive *d, struct bad_peer *b)
{
	endpoint_close(b->e, b->conn, take(d) % 8, "enough", d->w->now_ns);
}

/* Gone without a word; the next one there is the same or somebody else. */
static void
vanish(struct drive *d, struct bad_peer *b)
{
	struct identity same = b->identity;
	struct endpoint_config config = { .offer_gossip = take(d) & 1 };
	uint64_t incarnation = b->incarnation;
	int err;

	if (take(d) & 1) {
		bad_peer_fini(b);
		bad_peer_init(b, d->w);
		return;
	}
	endpoint_free(b->e);
	memcpy(config.seed, same.seed, sizeof config.seed);
	b->e = endpoint_new(&config, &err);
	assert(b->e);
	b->incarnation = incarnation + 1;
	b->conn = 0;
}

static void
noise(struct drive *d, struct bad_peer *b)
{
	struct view v = take_bytes(d);

	world_inject(d->w, 0, &b->address, v.data, v.len);
}

static void
unreachable(struct drive *d, struct bad_peer *b)
{
	node_unreachable(d->w->nodes[0].node, &b->address, d->w->now_ns);
}

/* The node looks for this peer by itself, and dials it. */
static void
seed(struct drive *d, struct bad_peer *b)
{
	struct seed s = { .id = b->identity.id, .address = b->address };

	(void)node_add_seed(d->w->nodes[0].node, &s, "", d->w->now_ns);
}

static void
pass(struct drive *d, struct bad_peer *b)
{
	uint8_t n = take(d);

	(void)b;
	world_run(d->w, n < 200 ? MILLISECONDS(n) : MILLISECONDS(100) * (n - 199), NULL);
}

static void
expect_bounds(struct drive *d)
{
	struct node_status s = world_status(d->w, 0);
	const uint64_t *c = s.counts;

	assert(c[NODE_COUNT_CONNECTIONS] <= QUIC_CONNECTIONS_MAX);
	assert(c[NODE_COUNT_GREETING] <= LINKS_GREETING_MAX);
	assert(c[NODE_COUNT_GREETING] <= c[NODE_COUNT_CONNECTIONS]);
	assert(c[NODE_COUNT_LINKS] <= c[NODE_COUNT_CONTACTS]);
	assert(c[NODE_COUNT_NEIGHBORS] <= GOSSIP_ACTIVE_VIEW);
	assert(c[NODE_COUNT_PENDING] <= GOSSIP_PENDING_MAX);
	assert(c[NODE_COUNT_MISSING] <= GOSSIP_MISSING_MAX);
	assert(c[NODE_COUNT_BOOK] <= BOOK_ENTRIES_MAX);
	assert(s.counts[NODE_COUNT_STREAMS] <=
		(2 * QUIC_STREAMS_MAX + 8) * (c[NODE_COUNT_CONNECTIONS] + 1));
}

/* Peers that are gone leave no connection and no link; nobody is a neighbor. */
static void
expect_nothing_left(struct drive *d)
{
	struct node_status s;

	for (size_t i = 0; i < PEERS; i++)
		if (d->peers[i].e != NULL)
			bad_peer_fini(&d->peers[i]);
	world_run(d->w, AFTERWARDS, NULL);
	s = world_status(d->w, 0);
	assert(s.counts[NODE_COUNT_LINKS] == 0 && s.counts[NODE_COUNT_NEIGHBORS] == 0);
	assert(s.counts[NODE_COUNT_GREETING] == 0);
	/* It may be dialing somebody it remembers just now. */
	assert(s.counts[NODE_COUNT_CONNECTIONS] == s.counts[NODE_COUNT_HANDSHAKES]);
	assert(s.counts[NODE_COUNT_CONTACTS] == s.counts[NODE_COUNT_HANDSHAKES]);
	assert(mem_live(MEM_STREAM) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static void (*const steps[])(struct drive *, struct bad_peer *) = { pass, dial,
		greet, control, raw, body, content, digest, accuse, request, hang_up,
		vanish, noise, unreachable, seed };
	static struct world w;
	struct drive d = { .input = { bytes, len }, .w = &w };

	if (sodium_init() < 0)
		return 0;
	world_init(&w, 1);
	world_add(&w, MESH, "broker", -1, NULL);
	for (unsigned i = 0; i < STEPS_MAX && d.input.len > 0; i++) {
		uint8_t what = take(&d);
		struct bad_peer *b = &d.peers[what / 16 % PEERS];

		if (b->e == NULL)	/* a key pair for those that are needed */
			bad_peer_init(b, &w);
		steps[what % (sizeof steps / sizeof *steps)](&d, b);
		world_run(&w, MILLISECONDS(1), NULL);
		expect_bounds(&d);
	}
	expect_nothing_left(&d);
	world_fini(&w);
	assert(mem_live(MEM_CONNECTION) == 0 && mem_live(MEM_HANDSHAKE) == 0);
	assert(mem_live(MEM_LINK) == 0 && mem_live(MEM_NODE) == 0);
	assert(mem_live(MEM_DIRECTORY_ENTRY) == 0 && mem_live(MEM_TIMER) == 0);
	return 0;
}
