/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/sim/plain_state.h"

/* Connections of the stand-in endpoint: beginning, timers, end, and what is told. */

#define INITIAL_RTT MILLISECONDS(50)

struct peer_id
plain_key(uint64_t number, uint8_t theirs)
{
	struct peer_id key = {{0}};

	memcpy(key.bytes, &number, 8);
	key.bytes[8] = theirs;
	return key;
}

struct plain_conn *
plain_find(const struct endpoint *e, uint64_t number)
{
	struct peer_id key = plain_key(number, 0);

	return idmap_find(e->conns, &key);
}

void
plain_dirty(struct plain_conn *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	TAILQ_INSERT_TAIL(&c->endpoint->dirty, c, dirty_link);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
plain_idle_due(const struct plain_conn *c)
{
	uint64_t since = c->heard_ns > c->unanswered_ns ? c->heard_ns : c->unanswered_ns;

	return since + c->endpoint->config.idle_timeout_ns;
}

void
plain_arm(struct plain_conn *c)
{
	const struct endpoint_config *g = &c->endpoint->config;
	uint64_t due = earlier(c->ack_ns, c->probe_ns);

	if (c->state == PLAIN_UP) {
		due = earlier(due, plain_idle_due(c));
		if (c->dialed)
			due = earlier(due, c->busy_ns + g->keep_alive_ns);
	} else {
		due = earlier(due, c->began_ns + g->handshake_deadline_ns);
	}
	if (!heap_armed(&c->timer) || c->timer.due_ns != due)
		heap_arm(&c->endpoint->timers, &c->timer, due);
}

struct plain_conn *
plain_new(struct endpoint *e, const struct peer_id *peer, const struct path *path,
	bool dialed, uint64_t now_ns)
{
	struct plain_conn *c = mem_new(MEM_CONNECTION, sizeof(*c));
	uint64_t mix[2] = {++e->made, now_ns};
	struct peer_id key;

	/* Another one after a restart, too: the time is in it. */
	crypto_shorthash((uint8_t *)&c->number, (const uint8_t *)mix, sizeof(mix),
		e->self.bytes);
	key = plain_key(c->number, 0);
	c->endpoint = e;
	c->peer = *peer;
	c->path = *path;
	c->dialed = dialed;
	c->rtt_ns = INITIAL_RTT;
	c->began_ns = c->heard_ns = c->busy_ns = now_ns;
	c->ack_ns = c->probe_ns = NEVER;
	buf_init(&c->out, QUIC_STREAM_SEND_LEN_MAX);
	buf_init(&c->in, QUIC_STREAM_WINDOW);
	TAILQ_INIT(&c->early);
	idmap_put(e->conns, &key, c);
	e->conn_count++;
	e->handshakes++;
	e->stats.handshakes_started++;
	return c;
}

void
plain_free(struct plain_conn *c)
{
	struct endpoint *e = c->endpoint;
	struct peer_id key = plain_key(c->number, 0);
	struct peer_id theirs = plain_key(c->peer_number, 1);

	idmap_remove(e->conns, &key);
	if (!c->dialed)
		idmap_remove(e->conns, &theirs);
	heap_cancel(&e->timers, &c->timer);
	if (c->dirty)
		TAILQ_REMOVE(&e->dirty, c, dirty_link);
	buf_fini(&c->out);
	buf_fini(&c->in);
	plain_order_fini(c);
	e->conn_count--;
	e->handshakes -= c->state != PLAIN_UP;
	mem_free(MEM_CONNECTION, c);
}

void
plain_end(struct plain_conn *c, enum quic_end reason, uint64_t code, bool by_peer,
	struct view text)
{
	struct endpoint *e = c->endpoint;
	struct quic_event ev = plain_event_of(c, QUIC_DOWN);

	e->stats.ended[reason]++;
	e->stats.handshakes_failed += c->state != PLAIN_UP;
	ev.end = reason;
	ev.code = code;
	ev.by_peer = by_peer;
	ev.bytes = text;
	if (c->state == PLAIN_UP || c->dialed)
		plain_push(e, &ev);
	plain_free(c);
}

void
plain_up(struct plain_conn *c, uint64_t now_ns)
{
	struct quic_event ev;

	c->state = PLAIN_UP;
	c->busy_ns = now_ns;
	c->endpoint->handshakes--;
	c->endpoint->stats.handshakes_completed++;
	c->endpoint->stats.handshakes_accepted += !c->dialed;
	ev = plain_event_of(c, QUIC_UP);
	plain_push(c->endpoint, &ev);
}

size_t
endpoint_conns_to(const struct endpoint *e, const struct address *remote, uint64_t *conns,
	size_t cap)
{
	size_t count = 0;

	for (struct idmap_item *it = idmap_first(e->conns); it; it = idmap_next(it)) {
		const struct plain_conn *c = idmap_value(it);

		if (idmap_id(it)->bytes[8] != 0 ||
			!address_equal(&c->path.remote, remote))
			continue;
		if (count < cap)
			conns[count] = c->number;
		count++;
	}
	return count;
}

int
endpoint_conn_info(
	const struct endpoint *e, uint64_t conn, struct endpoint_conn_info *info)
{
	const struct plain_conn *c = plain_find(e, conn);
	uint64_t both;

	if (c == NULL)
		return ERR_UNKNOWN;
	memset(info, 0, sizeof(*info));
	info->peer = c->peer;
	info->alpn = ALPN_MESHTUI;
	info->dialed = c->dialed;
	info->path = c->path;
	info->rtt_ns = info->rtt_min_ns = c->rtt_ns;
	info->bytes_sent = c->bytes_sent;
	info->bytes_received = c->bytes_received;
	info->packets_sent = c->packets_sent;
	info->packets_received = c->packets_received;
	info->last_received_ns = c->heard_ns;
	both = c->number ^ c->peer_number;
	memcpy(info->exporter, &both, sizeof(both));
	info->idle = c->out.len == 0;
	return ERR_OK;
}

void
endpoint_stats(const struct endpoint *e, struct endpoint_stats *s)
{
	*s = e->stats;
	s->connections = e->conn_count - e->handshakes;
	s->handshakes = e->handshakes;
}

const char *
endpoint_library_versions(void)
{
	return "a stand-in without cryptography";
}
