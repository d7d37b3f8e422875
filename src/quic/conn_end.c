/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "quic/conn_end.h"
#include "quic/events.h"
#include "quic/path.h"
#include "quic/tombstones.h"

/* How long late packets are answered or swallowed, in probe timeouts (RFC 9000 10.2). */
#define TOMBSTONE_PTOS 3

static const enum quic_end app_ends[] = {
	[CLOSE_GOING_AWAY] = END_GRACEFUL,
	[CLOSE_SUPERSEDED] = END_SUPERSEDED,
	[CLOSE_NOT_ADMITTED] = END_NOT_ADMITTED,
	[CLOSE_PROTOCOL] = END_PROTOCOL,
	[CLOSE_LIMIT] = END_LIMIT,
	[CLOSE_STALLED] = END_STALLED,
	[CLOSE_IDLE] = END_IDLE,
};

static enum quic_end
end_of_app_code(uint64_t code)
{
	/* Other programs have other codes; the peer meant to close. */
	return code < sizeof app_ends / sizeof app_ends[0] ? app_ends[code]
							   : END_GRACEFUL;
}

/* Before we are up, whatever the peer closes with means that it does not want us. */
static enum quic_end
end_of_transport_code(const struct conn *c, uint64_t code)
{
	if (code == NGTCP2_CONNECTION_REFUSED || code == NGTCP2_INVALID_TOKEN)
		return END_REFUSED;
	if (!c->up)
		return END_REFUSED;
	return code == NGTCP2_NO_ERROR ? END_GRACEFUL : END_PROTOCOL;
}

static void
end(struct conn *c, enum quic_end reason, uint64_t code, bool by_peer, struct view text)
{
	struct endpoint *e = c->endpoint;
	struct quic_event ev;

	e->stats.ended[reason]++;
	if (!c->up)
		e->stats.handshakes_failed++;
	if (c->up || c->dialed) {
		ev = conn_event(c, QUIC_DOWN);
		ev.end = reason;
		ev.code = code;
		ev.by_peer = by_peer;
		ev.bytes = text;
		events_push(e, &ev);
	}
	conn_free(c);
}

static void
leave_tombstone(
	struct conn *c, const uint8_t *packet, size_t len, const struct path *path)
{
	uint64_t until_ns =
		c->endpoint->now_ns + TOMBSTONE_PTOS * ngtcp2_conn_get_pto(c->quic);

	tombstones_add(c->endpoint, &c->cids, path, packet, len, until_ns);
}

/* Writes the close packet, if ngtcp2 can, and leaves it in a tombstone. */
static void
say_close(struct conn *c, const ngtcp2_ccerr *ccerr)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	ngtcp2_path_storage ps;
	ngtcp2_pkt_info info;
	struct path path;
	ngtcp2_ssize n;

	ngtcp2_path_storage_zero(&ps);
	n = ngtcp2_conn_write_connection_close(c->quic, &ps.path, &info, packet,
		sizeof packet, ccerr, c->endpoint->now_ns + c->ahead_ns);
	if (n <= 0)
		return;
	path_from_ngtcp2(&path, &ps.path);
	leave_tombstone(c, packet, (size_t)n, &path);
}

void
conn_end_app(struct conn *c, enum quic_close_code code, const char *text)
{
	struct view view = { (const uint8_t *)text, strlen(text) };
	ngtcp2_ccerr ccerr;

	ngtcp2_ccerr_default(&ccerr);
	ngtcp2_ccerr_set_application_error(&ccerr, code, view.data, view.len);
	say_close(c, &ccerr);
	end(c, end_of_app_code(code), code, false, view);
}

static void
closed_by_peer(struct conn *c)
{
	ngtcp2_ccerr ccerr;
	struct view text;
	enum quic_end reason;

	if (c->reset) {
		c->endpoint->stats.resets_received++;
		end(c, END_RESET, 0, true, (struct view){ NULL, 0 });
		return;
	}
	compat_get_ccerr(c->quic, &ccerr);
	text = (struct view){ ccerr.reason, ccerr.reasonlen };
	reason = ccerr.type == NGTCP2_CCERR_TYPE_APPLICATION
		? end_of_app_code(ccerr.error_code)
		: end_of_transport_code(c, ccerr.error_code);
	leave_tombstone(c, NULL, 0, &c->path);
	end(c, reason, ccerr.error_code, true, text);
}

void
conn_end_read(struct conn *c, int err)
{
	if (err == NGTCP2_ERR_DRAINING)
		closed_by_peer(c);
	else
		conn_end_local(c, err);
}

void
conn_end_local(struct conn *c, int err)
{
	enum quic_end reason = c->mismatch ? END_KEY_MISMATCH : END_PROTOCOL;
	ngtcp2_ccerr ccerr;

	ngtcp2_ccerr_default(&ccerr);
	switch (err) {
	case NGTCP2_ERR_IDLE_CLOSE:
		conn_end_silent(c, END_IDLE);
		return;
	case NGTCP2_ERR_DROP_CONN:
	case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
		conn_end_silent(c, END_PROTOCOL);
		return;
	case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
		/* A stranger that fell silent gets no further packet of ours. */
		if (!c->dialed) {
			conn_end_silent(c, END_HANDSHAKE_TIMEOUT);
			return;
		}
		reason = END_HANDSHAKE_TIMEOUT;
		ngtcp2_ccerr_set_liberr(&ccerr, err, NULL, 0);
		break;
	case NGTCP2_ERR_CRYPTO:
		ngtcp2_ccerr_set_tls_alert(
			&ccerr, ngtcp2_conn_get_tls_alert(c->quic), NULL, 0);
		break;
	default:
		ngtcp2_ccerr_set_liberr(&ccerr, err, NULL, 0);
		break;
	}
	say_close(c, &ccerr);
	end(c, reason, ccerr.error_code, false, (struct view){ NULL, 0 });
}

void
conn_end_silent(struct conn *c, enum quic_end reason)
{
	end(c, reason, 0, false, (struct view){ NULL, 0 });
}
