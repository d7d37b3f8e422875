/* SPDX-License-Identifier: MIT */
#ifndef QUIC_TLS_H
#define QUIC_TLS_H

#include "quic/event.h"
#include "quic/ngtcp2_compat.h"

/*
 * TLS 1.3 with Ed25519 raw public keys both ways (RFC 7250, PROTOCOL.md 1): the node id
 * is the key. No X.509, no tickets, no 0-RTT, no SNI.
 */

/* Our key and the cipher list, parsed once and shared by all sessions of an endpoint. */
struct tls_identity;

/* NULL when GnuTLS refuses the key. tls_identity_free accepts NULL. */
struct tls_identity *tls_identity_new(const uint8_t seed[static 32]);
void tls_identity_free(struct tls_identity *t);
void tls_identity_id(const struct tls_identity *t, struct peer_id *id);

/*
 * A session for one handshake that offers or accepts `alpns`, the first one preferred;
 * NULL when GnuTLS refuses. `verify` runs in the middle of the handshake with the
 * session; its ref->user_data is the connection. Free with gnutls_deinit, never inside a
 * callback of ngtcp2.
 */
gnutls_session_t tls_session_new(const struct tls_identity *t, bool server,
	const char *const *alpns, size_t alpns_count, ngtcp2_crypto_conn_ref *ref,
	int (*verify)(gnutls_session_t));

/*
 * The key the peer showed. ERR_CRYPTO unless it is one raw Ed25519 key. Whether that is a
 * valid point is for the caller to ask: once, it costs as much as a signature.
 */
int tls_peer(gnutls_session_t session, struct peer_id *id);
/* ERR_CRYPTO when none of ours was agreed on. */
int tls_alpn(gnutls_session_t session, enum quic_alpn *alpn);
/*
 * TLS exporter "EXPORTER-meshtui-admission" without context (RFC 8446 7.5). ERR_CRYPTO.
 */
int tls_exporter(gnutls_session_t session, uint8_t to[static 32]);

#endif
