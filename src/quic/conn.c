/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <string.h>

#include "base/mem.h"
#include "quic/conn.h"
#include "quic/conn_callbacks.h"
#include "quic/events.h"
#include "quic/path.h"

static ngtcp2_conn *
ref_conn(ngtcp2_crypto_conn_ref *ref)
{
	return ((struct conn *)ref->user_data)->quic;
}

int
conn_verify_peer(gnutls_session_t session)
{
	ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
	struct conn *c = ref->user_data;
	struct peer_id id;

	if (tls_peer(session, &id) != 0)
		return GNUTLS_E_CERTIFICATE_ERROR;
	if (c->dialed && !id_equal(&id, &c->peer)) {
		c->mismatch = true;
		return GNUTLS_E_CERTIFICATE_ERROR;
	}
	/* Whom we dial was checked by endpoint_dial. */
	if (!c->dialed && !crypto_core_ed25519_is_valid_point(id.bytes))
		return GNUTLS_E_CERTIFICATE_ERROR;
	c->peer = id;
	return 0;
}

static struct conn *
conn_new(struct endpoint *e, bool dialed, const struct path *path)
{
	struct conn *c = mem_new(MEM_CONNECTION, sizeof *c);

	c->ref.get_conn = ref_conn;
	c->ref.user_data = c;
	c->endpoint = e;
	c->number = ++e->next_conn;
	c->cids.kind = c->tokens.kind = CIDMAP_CONN;
	c->cids.of = c->tokens.of = c;
	c->path = *path;
	c->dialed = dialed;
	c->last_received_ns = e->now_ns;
	TAILQ_INIT(&c->streams);
	TAILQ_INIT(&c->ready);
	TAILQ_INIT(&c->blocked);
	c->handshake = mem_new(MEM_HANDSHAKE, sizeof *c->handshake);
	c->handshake->deadline_ns = e->now_ns + e->config.handshake_deadline_ns;
	path_net(c->handshake->net, &path->remote);
	if (dialed) {
		e->dialing_count++;
	} else {
		e->accepting_count++;
		LIST_INSERT_HEAD(&e->accepting, c->handshake, link);
	}
	HASH_ADD(hh, e->conns, number, sizeof c->number, c);
	return c;
}

static void
set_limits(const struct endpoint *e, ngtcp2_settings *s, ngtcp2_transport_params *p)
{
	ngtcp2_settings_default(s);
	ngtcp2_transport_params_default(p);
	s->initial_ts = e->now_ns;
	s->initial_rtt =
		MILLISECONDS(50); /* 333 ms by default: a lost first packet costs 1 s */
	/*
	 * When something is acknowledged is decided in conn_io.c, and then at once. By
	 * itself ngtcp2 would wait for a second packet or an eighth of the round trip: a
	 * peer that was slow in its handshake then measures that eighth as the shortest
	 * round trip, takes no delay out of a shorter one, and never learns better.
	 */
	s->ack_thresh = 1;
	s->handshake_timeout = e->config.handshake_deadline_ns;
	s->max_tx_udp_payload_size = QUIC_PACKET_LEN_MAX;
	p->initial_max_stream_data_bidi_local = QUIC_STREAM_WINDOW;
	p->initial_max_stream_data_bidi_remote = QUIC_STREAM_WINDOW;
	p->initial_max_stream_data_uni = QUIC_STREAM_WINDOW;
	p->initial_max_data = QUIC_CONN_WINDOW;
	p->initial_max_streams_bidi = QUIC_STREAMS_MAX;
	p->initial_max_streams_uni = QUIC_STREAMS_MAX;
	p->max_idle_timeout = e->config.idle_timeout_ns;
	/*
	 * We hold an acknowledgment back (conn_io_recv) so that it rides on the next
	 * gossip; the peer's probe timeout has to know. It costs a lost last packet that
	 * much more time.
	 */
	p->max_ack_delay = QUIC_ACK_HOLD + MILLISECONDS(10);
	p->active_connection_id_limit = 4;
	p->grease_quic_bit = 0;	/* the fixed bit stays set: some middleboxes need it */
}

static void
random_cid(ngtcp2_cid *cid, size_t len)
{
	cid->datalen = len;
	randombytes_buf(cid->data, len);
}

/* What dialing and accepting have in common once ngtcp2 has its connection. */
static struct conn *
begin(struct conn *c)
{
	/* An acceptor takes the first of its own list that was offered. */
	const char *alpns[ALPN_COUNT] = { quic_alpn_text(ALPN_MESHTUI),
		quic_alpn_text(ALPN_GOSSIP) };
	struct endpoint *e = c->endpoint;
	size_t count = c->dialed && !e->config.offer_gossip ? 1 : ALPN_COUNT;

	c->tls = tls_session_new(e->tls, !c->dialed, alpns, count, &c->ref,
		conn_verify_peer);
	if (c->tls == NULL) {
		conn_free(c);
		return NULL;
	}
	ngtcp2_conn_set_tls_native_handle(c->quic, c->tls);
	e->stats.handshakes_started++;
	conn_mark(c);
	conn_schedule(c);
	return c;
}

struct conn *
conn_dial(struct endpoint *e, const struct peer_id *peer, const struct path *path)
{
	struct conn *c = conn_new(e, true, path);
	struct path_sockaddrs addrs;
	ngtcp2_transport_params params;
	ngtcp2_settings settings;
	ngtcp2_cid dcid, scid;

	c->peer = *peer;
	path_to_ngtcp2(&addrs, path);
	set_limits(e, &settings, &params);
	random_cid(&dcid, 16);
	random_cid(&scid, QUIC_CID_LEN);
	if (ngtcp2_conn_client_new(&c->quic, &dcid, &scid, &addrs.path,
		    NGTCP2_PROTO_VER_V1, &conn_callbacks, &settings, &params, NULL, c)) {
		c->quic = NULL;
		conn_free(c);
		return NULL;
	}
	cidmap_put(e->cids, &c->cids, scid.data, scid.datalen);
	return begin(c);
}

struct conn *
conn_accept(struct endpoint *e, const ngtcp2_pkt_hd *hd, const ngtcp2_cid *odcid,
	const struct path *path)
{
	struct conn *c = conn_new(e, false, path);
	struct path_sockaddrs addrs;
	ngtcp2_transport_params params;
	ngtcp2_settings settings;
	ngtcp2_cid scid;

	path_to_ngtcp2(&addrs, path);
	set_limits(e, &settings, &params);
	if (odcid) {
		compat_settings_retry_token(&settings, hd);
		compat_params_original_dcid(&params, odcid);
		params.retry_scid = hd->dcid;
		params.retry_scid_present = 1;
	} else {
		compat_params_original_dcid(&params, &hd->dcid);
	}
	random_cid(&scid, QUIC_CID_LEN);
	params.stateless_reset_token_present = 1;
	if (ngtcp2_crypto_generate_stateless_reset_token(params.stateless_reset_token,
		    e->reset_secret, sizeof e->reset_secret, &scid) ||
		ngtcp2_conn_server_new(&c->quic, &hd->scid, &scid, &addrs.path,
			hd->version, &conn_callbacks, &settings, &params, NULL, c)) {
		c->quic = NULL;
		conn_free(c);
		return NULL;
	}
	cidmap_put(e->cids, &c->cids, scid.data, scid.datalen);
	/*
	 * The client's first destination id stays with the connection: a client that
	 * knows several addresses sends the same Initial to all of them, and a late one
	 * must not open a second.
	 */
	cidmap_put(e->cids, &c->cids, hd->dcid.data, hd->dcid.datalen);
	return begin(c);
}

void
conn_free(struct conn *c)
{
	struct endpoint *e = c->endpoint;

	conn_handshake_end(c);
	conn_unmark(c);
	heap_cancel(&e->conn_timers, &c->timer);
	while (!TAILQ_EMPTY(&c->streams))
		stream_free(TAILQ_FIRST(&c->streams));
	cidmap_clear(e->cids, &c->cids);
	cidmap_clear(e->tokens, &c->tokens);
	HASH_DELETE(hh, e->conns, c);
	if (c->quic)
		ngtcp2_conn_del(c->quic);
	if (c->tls)
		gnutls_deinit(c->tls);
	sodium_memzero(c->exporter, sizeof c->exporter);
	mem_free(MEM_CONNECTION, c);
}

struct conn *
conn_find(const struct endpoint *e, uint64_t number)
{
	struct conn *c;

	HASH_FIND(hh, e->conns, &number, sizeof number, c);
	return c;
}

void
conn_mark(struct conn *c)
{
	if (c->dirty)
		return;
	c->dirty = true;
	TAILQ_INSERT_TAIL(&c->endpoint->dirty, c, by_turn);
}

void
conn_unmark(struct conn *c)
{
	if (!c->dirty)
		return;
	c->dirty = false;
	TAILQ_REMOVE(&c->endpoint->dirty, c, by_turn);
}

void
conn_schedule(struct conn *c)
{
	uint64_t due_ns = ngtcp2_conn_get_expiry(c->quic);

	if (due_ns < c->held_ns && (TAILQ_EMPTY(&c->ready) || c->calm))
		due_ns = c->held_ns;
	if (c->calm && c->held_ns < due_ns)
		due_ns = c->held_ns;
	if (c->handshake && c->handshake->deadline_ns < due_ns)
		due_ns = c->handshake->deadline_ns;
	if (due_ns == NEVER)
		heap_cancel(&c->endpoint->conn_timers, &c->timer);
	else
		heap_arm(&c->endpoint->conn_timers, &c->timer, due_ns);
}

void
conn_handshake_end(struct conn *c)
{
	if (c->handshake == NULL)
		return;
	if (c->dialed) {
		c->endpoint->dialing_count--;
	} else {
		c->endpoint->accepting_count--;
		LIST_REMOVE(c->handshake, link);
	}
	mem_free(MEM_HANDSHAKE, c->handshake);
	c->handshake = NULL;
}

void
conn_up(struct conn *c)
{
	struct quic_event ev;

	if (c->up)
		return;
	c->up = true;
	conn_handshake_end(c);
	c->endpoint->stats.handshakes_completed++;
	if (!c->dialed)
		c->endpoint->stats.handshakes_accepted++;
	ev = conn_event(c, QUIC_UP);
	events_push(c->endpoint, &ev);
}

void
conn_want_close(struct conn *c, enum quic_close_code code, const char *text)
{
	if (c->close_wanted)
		return;
	c->close_wanted = true;
	c->close_code = code;
	c->close_text = text;
}

struct quic_event
conn_event(const struct conn *c, enum quic_event_kind kind)
{
	struct quic_event ev = { .kind = kind, .conn = c->number, .peer = c->peer,
		.alpn = c->alpn, .dialed = c->dialed, .path = c->path };

	return ev;
}
