/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/sim/plain_state.h"

/* As the real one: QUIC_ACK_HOLD less what its grid takes. */
#define ACK_DELAY MILLISECONDS(150)
#define FIRST_PROBE MILLISECONDS(150)
#define PROBE_DOUBLINGS 8

/* type, receiver's number, sender's number, offset, acknowledged offset */
#define HEAD_LEN (1 + 4 * 8)
enum datagram { D_INITIAL, D_ACCEPT, D_DATA, D_PING, D_CLOSE, D_REFUSE, D_RESET };

struct head {
	uint8_t type;
	uint64_t to, from, offset, ack;
};

static size_t
head_put(uint8_t *to, const struct head *h)
{
	to[0] = h->type;
	memcpy(to + 1, &h->to, 8);
	memcpy(to + 9, &h->from, 8);
	memcpy(to + 17, &h->offset, 8);
	memcpy(to + 25, &h->ack, 8);
	return HEAD_LEN;
}

struct endpoint *
endpoint_new(const struct endpoint_config *c, int *err)
{
	struct endpoint *e = mem_new(MEM_ENDPOINT, sizeof(*e));
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	*err = ERR_OK;
	crypto_sign_seed_keypair(e->self.bytes, secret, c->seed);
	e->config = *c;
	e->config.idle_timeout_ns = QUIC_IDLE_TIMEOUT;
	e->config.keep_alive_ns = QUIC_KEEP_ALIVE;
	e->config.handshake_deadline_ns = QUIC_HANDSHAKE_DEADLINE;
	e->config.handshakes_max = QUIC_HANDSHAKES_MAX;
	e->conns = idmap_new();
	heap_init(&e->timers);
	TAILQ_INIT(&e->dirty);
	STAILQ_INIT(&e->events);
	STAILQ_INIT(&e->replies);
	return e;
}

void
endpoint_free(struct endpoint *e)
{
	struct heap_entry *t;
	struct plain_event *it;
	struct quic_event ev;

	if (e == NULL)
		return;
	while ((t = heap_next_due(&e->timers, NEVER)) != NULL)
		plain_free((struct plain_conn *)(void *)t);
	while (endpoint_next_event(e, &ev))
		;
	while ((it = STAILQ_FIRST(&e->replies)) != NULL) {
		STAILQ_REMOVE_HEAD(&e->replies, link);
		mem_free(MEM_QUIC_EVENT, it);
	}
	idmap_free(e->conns);
	heap_fini(&e->timers);
	mem_free(MEM_ENDPOINT, e);
}

int
endpoint_dial(struct endpoint *e, const struct peer_id *peer, const struct path *path,
	uint64_t now_ns, uint64_t *conn)
{
	struct plain_conn *c;

	if (e->handshakes >= e->config.handshakes_max ||
		e->conn_count >= QUIC_CONNECTIONS_MAX)
		return ERR_LIMIT;
	c = plain_new(e, peer, path, true, now_ns);
	c->probe_ns = now_ns + FIRST_PROBE;
	c->answer_now = true;
	plain_arm(c);
	plain_dirty(c);
	*conn = c->number;
	return ERR_OK;
}

static void
reply(struct endpoint *e, enum datagram type, uint64_t to, const struct path *path)
{
	struct plain_event *it = mem_new(MEM_QUIC_EVENT, sizeof(*it));

	it->ev.tag = (uint8_t)type;
	it->ev.conn = to;
	it->ev.path = *path;
	STAILQ_INSERT_TAIL(&e->replies, it, link);
}

static void
on_initial(struct endpoint *e, const struct path *path, const struct head *h,
	struct view body, uint64_t now_ns)
{
	struct peer_id theirs = plain_key(h->from, 1), peer;
	struct plain_conn *c = idmap_find(e->conns, &theirs);

	if (body.len < sizeof(peer))
		return;
	if (c == NULL) {
		if (e->handshakes >= e->config.handshakes_max ||
			e->conn_count >= QUIC_CONNECTIONS_MAX) {
			e->stats.refused_limit++;
			reply(e, D_REFUSE, h->from, path);
			return;
		}
		memcpy(&peer, body.data, sizeof(peer));
		c = plain_new(e, &peer, path, false, now_ns);
		c->state = PLAIN_ACCEPTED;
		c->peer_number = h->from;
		idmap_put(e->conns, &theirs, c);
	}
	c->heard_ns = now_ns;
	if (c->state == PLAIN_ACCEPTED) {
		c->answer_now = true;
		plain_dirty(c);
	}
	plain_arm(c);
}

static void
acknowledged(struct plain_conn *c, uint64_t ack)
{
	if (ack <= c->out_base || ack > c->out_base + c->out.len)
		return;
	buf_drop(&c->out, ack - c->out_base);
	c->out_base = ack;
	if (c->sent < ack)
		c->sent = ack;
	c->probes = 0;
	c->probe_ns = NEVER;
}

/* While the peer is heard there is no reason to wait for longer. */
static void
probe_soon(struct plain_conn *c, uint64_t now_ns)
{
	uint64_t due_ns = now_ns + 3 * c->rtt_ns / 2 + 2 * ACK_DELAY;

	c->probes = 0;
	if (c->probe_ns > due_ns)
		c->probe_ns = due_ns;
}

static void
on_data(struct plain_conn *c, const struct head *h, struct view body, uint64_t now_ns)
{
	acknowledged(c, h->ack);
	if (c->sent > c->out_base)
		probe_soon(c, now_ns);
	if (!plain_order(c, h->offset, body)) {
		c->answer_now |= h->type == D_PING || body.len > 0;
		if (c->answer_now)
			plain_dirty(c);
		return;
	}
	if (c->ack_ns == NEVER)
		c->ack_ns = now_ns + ACK_DELAY;
	plain_records(c);
}

static void
on_accept(struct plain_conn *c, const struct head *h, struct view body, uint64_t now_ns)
{
	if (c->state != PLAIN_DIALING) {
		c->answer_now = true;	/* our answer was lost */
		plain_dirty(c);
		return;
	}
	c->peer_number = h->from;
	c->rtt_ns = now_ns - c->began_ns;
	c->probe_ns = NEVER;
	c->probes = 0;
	if (body.len < 32 || memcmp(body.data, c->peer.bytes, 32) != 0) {
		plain_end(c, END_KEY_MISMATCH, 0, false, (struct view){NULL, 0});
		return;
	}
	plain_up(c, now_ns);
	c->answer_now = true;
	plain_dirty(c);
	plain_arm(c);
}

static void
on_close(struct plain_conn *c, const struct head *h, struct view body)
{
	static const enum quic_end ends[] = {[CLOSE_GOING_AWAY] = END_GRACEFUL,
		[CLOSE_SUPERSEDED] = END_SUPERSEDED,
		[CLOSE_NOT_ADMITTED] = END_NOT_ADMITTED,
		[CLOSE_PROTOCOL] = END_PROTOCOL,
		[CLOSE_LIMIT] = END_LIMIT,
		[CLOSE_STALLED] = END_STALLED,
		[CLOSE_IDLE] = END_IDLE};

	if (h->type == D_RESET)
		plain_end(c, END_RESET, 0, true, (struct view){NULL, 0});
	else if (h->type == D_REFUSE || c->state != PLAIN_UP)
		plain_end(c, END_REFUSED, 0, true, body);
	else
		plain_end(c, ends[h->offset], h->offset, true, body);
}

void
endpoint_recv(struct endpoint *e, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn, uint64_t now_ns)
{
	struct head h = {.type = bytes[0]};
	struct view body = {bytes + HEAD_LEN, len - HEAD_LEN};
	struct plain_conn *c;

	(void)ecn;
	assert(len >= HEAD_LEN);
	e->stats.packets_received++;
	e->stats.bytes_received += len;
	memcpy(&h.to, bytes + 1, 8);
	memcpy(&h.from, bytes + 9, 8);
	memcpy(&h.offset, bytes + 17, 8);
	memcpy(&h.ack, bytes + 25, 8);
	if (h.type == D_INITIAL) {
		on_initial(e, path, &h, body, now_ns);
		return;
	}
	c = plain_find(e, h.to);
	if (c == NULL) {
		e->stats.dropped_unknown++;
		if (h.type == D_DATA || h.type == D_PING)
			reply(e, D_RESET, h.from, path);
		return;
	}
	if (!c->dialed && c->state == PLAIN_UP &&
		!address_equal(&c->path.remote, &path->remote)) {
		struct quic_event ev;

		c->path = *path;
		ev = plain_event_of(c, QUIC_PATH);
		plain_push(e, &ev);
	}
	c->heard_ns = c->busy_ns = now_ns;
	c->unanswered_ns = 0;
	c->packets_received++;
	c->bytes_received += len;
	if (h.type >= D_CLOSE) {
		on_close(c, &h, body);
		return;
	}
	if (h.type == D_ACCEPT) {
		on_accept(c, &h, body, now_ns);
		return;
	}
	if (c->state == PLAIN_ACCEPTED) {
		c->rtt_ns = now_ns - c->began_ns;
		plain_up(c, now_ns);
	}
	if (c->state != PLAIN_UP)
		return;
	on_data(c, &h, body, now_ns);
	plain_arm(c);
}

static bool
has_more(const struct plain_conn *c)
{
	return c->state == PLAIN_UP && c->sent < c->out_base + c->out.len;
}

static size_t
write_datagram(struct plain_conn *c, uint8_t *to, size_t cap, uint64_t now_ns)
{
	struct head h = {.type = D_DATA, .to = c->peer_number, .from = c->number,
		.offset = c->sent, .ack = c->received};
	size_t at = c->sent - c->out_base, len = c->out.len - at;

	if (c->state == PLAIN_DIALING) {
		h.type = D_INITIAL;
		memcpy(to + HEAD_LEN, c->endpoint->self.bytes, 32);
		return head_put(to, &h) + 32;
	}
	if (c->state == PLAIN_ACCEPTED) {
		h.type = D_ACCEPT;
		memcpy(to + HEAD_LEN, c->endpoint->self.bytes, 32);
		return head_put(to, &h) + 32;
	}
	c->ack_ns = NEVER;
	if (c->ping_now && len == 0) {
		h.type = D_PING;
		c->unanswered_ns = c->unanswered_ns ? c->unanswered_ns : now_ns;
		return head_put(to, &h);
	}
	if (len > cap - HEAD_LEN)
		len = cap - HEAD_LEN;
	if (len > 0) {
		memcpy(to + HEAD_LEN, c->out.data + at, len);
		c->sent += len;
		c->unanswered_ns = c->unanswered_ns ? c->unanswered_ns : now_ns;
		if (c->probe_ns == NEVER)
			c->probe_ns = now_ns + 3 * c->rtt_ns / 2 + 2 * ACK_DELAY;
	}
	return head_put(to, &h) + len;
}

static size_t
send_reply(struct endpoint *e, uint8_t *to, struct path *path)
{
	struct plain_event *it = STAILQ_FIRST(&e->replies);
	struct head h = {.type = it->ev.tag, .to = it->ev.conn, .offset = it->ev.code};
	size_t len = it->ev.bytes.len;

	if (len > 0)
		memcpy(to + HEAD_LEN, it->bytes, len);
	*path = it->ev.path;
	STAILQ_REMOVE_HEAD(&e->replies, link);
	mem_free(MEM_QUIC_EVENT, it);
	return head_put(to, &h) + len;
}

size_t
endpoint_send(
	struct endpoint *e, uint8_t *to, size_t cap, struct path *path, uint64_t now_ns)
{
	struct plain_conn *c = TAILQ_FIRST(&e->dirty);
	size_t len;

	if (STAILQ_FIRST(&e->replies) != NULL)
		return send_reply(e, to, path);
	if (c == NULL)
		return 0;
	len = write_datagram(c, to, cap < QUIC_PACKET_LEN_MAX ? cap : QUIC_PACKET_LEN_MAX,
		now_ns);
	c->answer_now = c->ping_now = false;
	c->busy_ns = now_ns;
	c->packets_sent++;
	c->bytes_sent += len;
	e->stats.packets_sent++;
	e->stats.bytes_sent += len;
	*path = c->path;
	plain_arm(c);
	if (!has_more(c)) {
		c->dirty = false;
		TAILQ_REMOVE(&e->dirty, c, dirty_link);
	}
	return len;
}

uint64_t
endpoint_deadline(const struct endpoint *e)
{
	return heap_deadline(&e->timers);
}

static void
due(struct plain_conn *c, uint64_t now_ns)
{
	const struct endpoint_config *g = &c->endpoint->config;
	struct view none = {NULL, 0};

	if (c->state != PLAIN_UP && now_ns >= c->began_ns + g->handshake_deadline_ns) {
		plain_end(c, END_HANDSHAKE_TIMEOUT, 0, false, none);
		return;
	}
	if (c->state == PLAIN_UP && now_ns >= plain_idle_due(c)) {
		plain_end(c, END_IDLE, 0, false, none);
		return;
	}
	if (c->probe_ns <= now_ns) {
		unsigned doublings = c->probes < PROBE_DOUBLINGS ? c->probes
								 : PROBE_DOUBLINGS;
		uint64_t wait = c->state == PLAIN_UP ? 3 * c->rtt_ns / 2 + 2 * ACK_DELAY
						     : FIRST_PROBE;

		c->probes++;
		c->probe_ns = now_ns + (wait << (doublings + 1));
		c->sent = c->out_base;
		plain_dirty(c);
	}
	if (c->ack_ns <= now_ns) {
		c->ack_ns = NEVER;
		plain_dirty(c);
	}
	if (c->state == PLAIN_UP && c->dialed &&
		now_ns >= c->busy_ns + g->keep_alive_ns) {
		c->ping_now = true;
		c->busy_ns = now_ns;
		plain_dirty(c);
	}
	plain_arm(c);
}

void
endpoint_tick(struct endpoint *e, uint64_t now_ns)
{
	struct heap_entry *t;

	while ((t = heap_next_due(&e->timers, now_ns)) != NULL)
		due((struct plain_conn *)(void *)t, now_ns);
}

void
endpoint_close(struct endpoint *e, uint64_t conn, enum quic_close_code code,
	const char *text, uint64_t now_ns)
{
	static const enum quic_end ends[] = {[CLOSE_GOING_AWAY] = END_GRACEFUL,
		[CLOSE_SUPERSEDED] = END_SUPERSEDED,
		[CLOSE_NOT_ADMITTED] = END_NOT_ADMITTED,
		[CLOSE_PROTOCOL] = END_PROTOCOL,
		[CLOSE_LIMIT] = END_LIMIT,
		[CLOSE_STALLED] = END_STALLED,
		[CLOSE_IDLE] = END_IDLE};
	struct plain_conn *c = plain_find(e, conn);
	struct view words = {(const uint8_t *)text, strlen(text)};
	struct plain_event *it;

	(void)now_ns;
	if (c == NULL)
		return;
	if (c->state == PLAIN_UP) {
		it = mem_new(MEM_QUIC_EVENT, sizeof(*it) + words.len);
		it->ev.tag = D_CLOSE;
		it->ev.conn = c->peer_number;
		it->ev.code = code;
		it->ev.path = c->path;
		it->ev.bytes.len = words.len;
		memcpy(it->bytes, words.data, words.len);
		STAILQ_INSERT_TAIL(&e->replies, it, link);
	}
	plain_end(c, ends[code], code, false, words);
}

int
endpoint_migrate(
	struct endpoint *e, uint64_t conn, const struct address *local, uint64_t now_ns)
{
	struct plain_conn *c = plain_find(e, conn);

	(void)now_ns;
	if (c == NULL)
		return ERR_UNKNOWN;
	if (!c->dialed || c->state != PLAIN_UP)
		return ERR_STATE;
	c->path.local = *local;
	return ERR_OK;
}
