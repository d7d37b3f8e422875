/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "quic/accept.h"
#include "quic/conn.h"
#include "quic/conn_io.h"
#include "quic/events.h"
#include "quic/path.h"
#include "quic/replies.h"
#include "quic/tombstones.h"

/* Sending calls are in endpoint_streams.c. */

static void
derive(uint8_t to[static 32], const uint8_t seed[static 32], const char *purpose)
{
	crypto_generichash(to, 32, (const uint8_t *)purpose, strlen(purpose), seed, 32);
}

static void
set_defaults(struct endpoint_config *c)
{
	if (c->idle_timeout_ns == 0)
		c->idle_timeout_ns = QUIC_IDLE_TIMEOUT;
	if (c->keep_alive_ns == 0)
		c->keep_alive_ns = QUIC_KEEP_ALIVE;
	if (c->handshake_deadline_ns == 0)
		c->handshake_deadline_ns = QUIC_HANDSHAKE_DEADLINE;
	if (c->handshakes_max == 0)
		c->handshakes_max = QUIC_HANDSHAKES_MAX;
	if (c->answers_len_max == 0)
		c->answers_len_max = QUIC_ANSWERS_LEN_MAX;
}

struct endpoint *
endpoint_new(const struct endpoint_config *c, int *err)
{
	struct tls_identity *tls = tls_identity_new(c->seed);
	struct endpoint *e;

	*err = tls ? ERR_OK : ERR_CRYPTO;
	if (tls == NULL)
		return NULL;
	e = mem_new(MEM_ENDPOINT, sizeof *e);
	e->tls = tls;
	tls_identity_id(tls, &e->self);
	e->config = *c;
	set_defaults(&e->config);
	derive(e->reset_secret, c->seed, "meshtui quic stateless reset 1");
	derive(e->retry_secret, c->seed, "meshtui quic retry token 1");
	sodium_memzero(e->config.seed, sizeof e->config.seed);
	e->cids = cidmap_new();
	e->tokens = cidmap_new();
	TAILQ_INIT(&e->dirty);
	LIST_INIT(&e->accepting);
	heap_init(&e->conn_timers);
	heap_init(&e->stream_timers);
	heap_init(&e->tombstone_timers);
	tombstones_init(e);
	replies_init(e);
	events_init(e);
	return e;
}

void
endpoint_free(struct endpoint *e)
{
	struct conn *c, *next;

	if (e == NULL)
		return;
	for (c = e->conns; c; c = next) {
		next = c->hh.next;
		conn_free(c);
	}
	tombstones_fini(e);
	replies_fini(e);
	events_fini(e);
	heap_fini(&e->conn_timers);
	heap_fini(&e->stream_timers);
	heap_fini(&e->tombstone_timers);
	cidmap_free(e->cids);
	cidmap_free(e->tokens);
	tls_identity_free(e->tls);
	sodium_memzero(e->reset_secret, sizeof e->reset_secret);
	sodium_memzero(e->retry_secret, sizeof e->retry_secret);
	mem_free(MEM_ENDPOINT, e);
}

int
endpoint_dial(struct endpoint *e, const struct peer_id *peer, const struct path *path,
	uint64_t now_ns, uint64_t *conn)
{
	struct conn *c;

	e->now_ns = now_ns;
	if (!path_usable(path) || !crypto_core_ed25519_is_valid_point(peer->bytes))
		return ERR_ARGUMENT;
	if (e->dialing_count >= e->config.handshakes_max ||
		HASH_COUNT(e->conns) >= QUIC_CONNECTIONS_MAX)
		return ERR_LIMIT;
	c = conn_dial(e, peer, path);
	if (c == NULL)
		return ERR_CRYPTO;
	*conn = c->number;
	return ERR_OK;
}

/*
 * By connection id; a stateless reset has a random one and is known by its last 16 bytes.
 */
static struct cidmap_owner *
owner_of(const struct endpoint *e, const ngtcp2_version_cid *vc, const uint8_t *bytes,
	size_t len)
{
	struct cidmap_owner *o = cidmap_find(e->cids, vc->dcid, vc->dcidlen);

	if (o == NULL && !(bytes[0] & 0x80) && len >= 21)
		o = cidmap_find(e->tokens, bytes + len - NGTCP2_STATELESS_RESET_TOKENLEN,
			NGTCP2_STATELESS_RESET_TOKENLEN);
	return o;
}

void
endpoint_recv(struct endpoint *e, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn, uint64_t now_ns)
{
	struct cidmap_owner *o;
	ngtcp2_version_cid vc;
	int err;

	e->now_ns = now_ns;
	e->stats.packets_received++;
	e->stats.bytes_received += len;
	if (len == 0 || !path_usable(path)) {
		e->stats.dropped_malformed++;
		return;
	}
	err = ngtcp2_pkt_decode_version_cid(&vc, bytes, len, QUIC_CID_LEN);
	if (err == NGTCP2_ERR_VERSION_NEGOTIATION) {
		accept_version(e, path, &vc, len);
		return;
	}
	if (err) {
		e->stats.dropped_malformed++;
		return;
	}
	o = owner_of(e, &vc, bytes, len);
	if (o == NULL)
		accept_packet(e, path, bytes, len, ecn);
	else if (o->kind == CIDMAP_CONN)
		conn_io_recv(o->of, path, bytes, len, ecn);
	else
		tombstones_recv(e, o->of);
}

size_t
endpoint_send(
	struct endpoint *e, uint8_t *to, size_t cap, struct path *path, uint64_t now_ns)
{
	struct conn *c;
	size_t len;

	assert(cap >= QUIC_PACKET_LEN_MAX);
	e->now_ns = now_ns;
	for (;;) {
		len = replies_next(e, to, cap, path);
		if (len == 0)
			len = tombstones_next(e, to, cap, path);
		if (len > 0)
			break;
		c = TAILQ_FIRST(&e->dirty);
		if (c == NULL)
			return 0;
		len = conn_io_send(c, to, cap, path);
		if (len > 0)
			break;
	}
	e->stats.packets_sent++;
	e->stats.bytes_sent += len;
	return len;
}

uint64_t
endpoint_deadline(const struct endpoint *e)
{
	uint64_t due_ns = heap_deadline(&e->conn_timers);

	if (heap_deadline(&e->stream_timers) < due_ns)
		due_ns = heap_deadline(&e->stream_timers);
	if (heap_deadline(&e->tombstone_timers) < due_ns)
		due_ns = heap_deadline(&e->tombstone_timers);
	return due_ns;
}

void
endpoint_tick(struct endpoint *e, uint64_t now_ns)
{
	struct heap_entry *due;

	e->now_ns = now_ns;
	while ((due = heap_next_due(&e->stream_timers, now_ns)) != NULL)
		stream_expire(
			(struct stream *)((char *)due - offsetof(struct stream, timer)));
	while ((due = heap_next_due(&e->conn_timers, now_ns)) != NULL)
		conn_io_expire(
			(struct conn *)((char *)due - offsetof(struct conn, timer)));
	tombstones_tick(e, now_ns);
}

uint64_t
endpoint_moment(uint64_t now_ns)
{
	return (now_ns / QUIC_MOMENTS + 1) * QUIC_MOMENTS;
}

bool
endpoint_next_event(struct endpoint *e, struct quic_event *ev)
{
	return events_next(e, ev);
}

void
endpoint_close(struct endpoint *e, uint64_t conn, enum quic_close_code code,
	const char *text, uint64_t now_ns)
{
	struct conn *c = conn_find(e, conn);

	e->now_ns = now_ns;
	if (c)
		conn_io_close(c, code, text ? text : "");
}

size_t
endpoint_conns_to(const struct endpoint *e, const struct address *remote, uint64_t *conns,
	size_t cap)
{
	const struct conn *c;
	size_t count = 0;

	for (c = e->conns; c && count < cap; c = c->hh.next)
		if (address_equal(&c->path.remote, remote))
			conns[count++] = c->number;
	return count;
}

static bool
is_idle(const struct conn *c)
{
	const struct stream *s;

	TAILQ_FOREACH(s, &c->streams, by_age)
		if (s->out.acked < s->out.end || s->fin)
			return false;
	return true;
}

int
endpoint_conn_info(
	const struct endpoint *e, uint64_t conn, struct endpoint_conn_info *info)
{
	struct conn *c = conn_find(e, conn);
	ngtcp2_conn_info stat;

	if (c == NULL)
		return ERR_UNKNOWN;
	ngtcp2_conn_get_conn_info(c->quic, &stat);
	memset(info, 0, sizeof *info);
	info->peer = c->peer;
	info->alpn = c->alpn;
	info->dialed = c->dialed;
	info->path = c->path;
	info->rtt_ns = c->rtt.count > 0 ? rtt_median(&c->rtt) : stat.smoothed_rtt;
	info->rtt_min_ns = stat.min_rtt == UINT64_MAX ? 0 : stat.min_rtt;
	info->cwnd_bytes = stat.cwnd;
	info->bytes_sent = c->bytes_sent;
	info->bytes_received = c->bytes_received;
	info->packets_sent = c->packets_sent;
	info->packets_received = c->packets_received;
	info->last_received_ns = c->last_received_ns;
	memcpy(info->exporter, c->exporter, sizeof info->exporter);
	info->in_flight_bytes = stat.bytes_in_flight;
	info->idle = is_idle(c);
	return ERR_OK;
}

void
endpoint_stats(const struct endpoint *e, struct endpoint_stats *s)
{
	*s = e->stats;
	s->connections = HASH_COUNT(e->conns);
	s->handshakes = e->accepting_count + e->dialing_count;
	s->streams = e->streams_count;
	s->tombstones = e->tombstones_count;
	s->cids = cidmap_count(e->cids);
	s->reset_tokens = cidmap_count(e->tokens);
}

const char *
endpoint_library_versions(void)
{
	return "ngtcp2 " NGTCP2_VERSION ", gnutls " GNUTLS_VERSION;
}
