/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <string.h>

#include "quic/accept.h"
#include "quic/conn.h"
#include "quic/conn_io.h"
#include "quic/events.h"
#include "quic/path.h"
#include "quic/replies.h"

/* RFC 9000 14.1: an Initial comes in a datagram of at least 1200 bytes. */
#define INITIAL_LEN_MIN 1200
/* RFC 9000 10.3: at least 21 bytes; 43 hide it among ordinary packets. */
#define RESET_LEN_MIN 21
#define RESET_LEN_MAX 43
/* Version negotiation with ids of up to 255 bytes is the largest of our answers. */
#define ANSWER_LEN_MAX 1200
#define RETRY_CID_LEN 18

static void
answer(struct endpoint *e, const struct path *path, const uint8_t *bytes,
	ngtcp2_ssize len)
{
	if (len > 0)
		replies_push(e, path, bytes, (size_t)len);
}

/*
 * The token follows from the connection id and a secret that follows from our seed, so a
 * peer that still knows us from before a restart learns at once that we know nothing.
 */
static void
stateless_reset(
	struct endpoint *e, const struct path *path, const uint8_t *bytes, size_t len)
{
	uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN], noise[RESET_LEN_MAX];
	uint8_t to[RESET_LEN_MAX + 1];
	size_t reset_len = len - 1 < RESET_LEN_MAX ? len - 1 : RESET_LEN_MAX;
	ngtcp2_cid cid;

	if (len <= RESET_LEN_MIN)
		return;
	if (e->now_ns - e->resets_since_ns >= SECONDS(1)) {
		e->resets_since_ns = e->now_ns;
		e->resets_count = 0;
	}
	if (e->resets_count >= QUIC_RESETS_PER_S)
		return;
	ngtcp2_cid_init(&cid, bytes + 1, QUIC_CID_LEN);
	if (ngtcp2_crypto_generate_stateless_reset_token(token, e->reset_secret,
		    sizeof e->reset_secret, &cid))
		return;
	e->resets_count++;
	e->stats.resets_sent++;
	reset_len -= sizeof token;
	randombytes_buf(noise, reset_len);
	answer(e, path, to,
		ngtcp2_pkt_write_stateless_reset(to, sizeof to, token, noise, reset_len));
}

static void
close_initial(struct endpoint *e, const struct path *path, const ngtcp2_pkt_hd *hd,
	uint64_t code)
{
	uint8_t to[ANSWER_LEN_MAX];

	answer(e, path, to,
		ngtcp2_crypto_write_connection_close(
			to, sizeof to, hd->version, &hd->scid, &hd->dcid, code, NULL, 0));
}

static size_t
handshakes_from(const struct endpoint *e, const struct address *remote)
{
	uint8_t net[PATH_NET_LEN];
	struct handshake *h;
	size_t count = 0;

	path_net(net, remote);
	LIST_FOREACH(h, &e->accepting, link)
		count += memcmp(h->net, net, sizeof net) == 0;
	return count;
}

static bool
at_limit(const struct endpoint *e, const struct address *remote)
{
	return e->accepting_count >= e->config.handshakes_max ||
		HASH_COUNT(e->conns) >= QUIC_CONNECTIONS_MAX || events_full(e) ||
		handshakes_from(e, remote) >= QUIC_HANDSHAKES_PER_NET_MAX;
}

static void
send_retry(struct endpoint *e, const struct path *path, const ngtcp2_pkt_hd *hd)
{
	uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN], to[ANSWER_LEN_MAX];
	struct path_sockaddrs addrs;
	ngtcp2_ssize len;
	ngtcp2_cid scid;

	path_to_ngtcp2(&addrs, path);
	scid.datalen = RETRY_CID_LEN;
	randombytes_buf(scid.data, scid.datalen);
	len = ngtcp2_crypto_generate_retry_token(token, e->retry_secret,
		sizeof e->retry_secret, hd->version, addrs.path.remote.addr,
		addrs.path.remote.addrlen, &scid, &hd->dcid, e->now_ns);
	if (len < 0)
		return;
	e->stats.retries_sent++;
	answer(e, path, to,
		ngtcp2_crypto_write_retry(to, sizeof to, hd->version, &hd->scid, &scid,
			&hd->dcid, token, (size_t)len));
}

void
accept_retry(
	struct endpoint *e, const struct path *path, const uint8_t *bytes, size_t len)
{
	ngtcp2_pkt_hd hd;

	if (ngtcp2_accept(&hd, bytes, len) == 0)
		send_retry(e, path, &hd);
}

/* True when the sender has shown by our own token that it is where it says it is. */
static bool
token_proves(struct endpoint *e, const struct path *path, const ngtcp2_pkt_hd *hd,
	const uint8_t *token, size_t len, ngtcp2_cid *odcid)
{
	struct path_sockaddrs addrs;

	path_to_ngtcp2(&addrs, path);
	return ngtcp2_crypto_verify_retry_token(odcid, token, len, e->retry_secret,
		sizeof e->retry_secret, hd->version, addrs.path.remote.addr,
		addrs.path.remote.addrlen, &hd->dcid, QUIC_RETRY_TOKEN_LIFETIME,
		e->now_ns) == 0;
}

void
accept_packet(struct endpoint *e, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn)
{
	bool proven = false;
	const uint8_t *token;
	size_t token_len;
	ngtcp2_cid odcid;
	ngtcp2_pkt_hd hd;
	struct conn *c;

	if (!(bytes[0] & 0x80)) { /* a short header: of a connection we do not know */
		e->stats.dropped_unknown++;
		stateless_reset(e, path, bytes, len);
		return;
	}
	if (len < INITIAL_LEN_MIN || ngtcp2_accept(&hd, bytes, len) != 0) {
		e->stats.dropped_unknown++;
		return;
	}
	token = compat_hd_token(&hd, &token_len);
	if (token_len > 0 && token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY) {
		proven = token_proves(e, path, &hd, token, token_len, &odcid);
		if (!proven) {
			e->stats.dropped_unknown++;
			close_initial(e, path, &hd, NGTCP2_INVALID_TOKEN);
			return;
		}
	}
	if (at_limit(e, &path->remote)) {
		e->stats.refused_limit++;
		close_initial(e, path, &hd, NGTCP2_CONNECTION_REFUSED);
		return;
	}
	if (!proven && e->accepting_count > e->config.handshakes_max / 4) {
		send_retry(e, path, &hd);
		return;
	}
	c = conn_accept(e, &hd, proven ? &odcid : NULL, path);
	if (c)
		conn_io_recv(c, path, bytes, len, ecn);
}

void
accept_version(struct endpoint *e, const struct path *path, const ngtcp2_version_cid *vc,
	size_t len)
{
	static const uint32_t versions[] = { NGTCP2_PROTO_VER_V1 };
	uint8_t to[ANSWER_LEN_MAX];

	e->stats.dropped_unknown++;
	if (len < INITIAL_LEN_MIN)
		return;
	answer(e, path, to,
		ngtcp2_pkt_write_version_negotiation(to, sizeof to,
			(uint8_t)randombytes_random(), vc->scid, vc->scidlen, vc->dcid,
			vc->dcidlen, versions, 1));
}
