/* SPDX-License-Identifier: MIT */
#include <sodium.h>
#include <string.h>

#include "quic/conn.h"
#include "quic/conn_callbacks.h"
#include "quic/events.h"
#include "quic/path.h"
#include "quic/stream_parse.h"

static void
on_rand(uint8_t *to, size_t len, const ngtcp2_rand_ctx *ctx)
{
	(void)ctx;
	randombytes_buf(to, len);
}

static int
on_new_connection_id(
	ngtcp2_conn *quic, ngtcp2_cid *cid, uint8_t *token, size_t len, void *user)
{
	struct conn *c = user;
	struct endpoint *e = c->endpoint;

	(void)quic;
	cid->datalen = len;
	randombytes_buf(cid->data, len);
	if (ngtcp2_crypto_generate_stateless_reset_token(token, e->reset_secret,
		    sizeof e->reset_secret, cid))
		return NGTCP2_ERR_CALLBACK_FAILURE;
	cidmap_put(e->cids, &c->cids, cid->data, cid->datalen);
	return 0;
}

static int
on_remove_connection_id(ngtcp2_conn *quic, const ngtcp2_cid *cid, void *user)
{
	struct conn *c = user;

	(void)quic;
	cidmap_remove(c->endpoint->cids, &c->cids, cid->data, cid->datalen);
	return 0;
}

/*
 * A stateless reset carries a random connection id: it is found by its last 16 bytes, the
 * token that the peer gave us with the id we are using.
 */
static int
on_dcid_status(ngtcp2_conn *quic, compat_cid_status status, uint64_t seq,
	const ngtcp2_cid *cid, const uint8_t *token, void *user)
{
	struct conn *c = user;
	struct cidmap *tokens = c->endpoint->tokens;

	(void)quic;
	(void)seq;
	(void)cid;
	if (token == NULL)
		return 0;
	if (status == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE)
		cidmap_put(tokens, &c->tokens, token, NGTCP2_STATELESS_RESET_TOKENLEN);
	else
		cidmap_remove(tokens, &c->tokens, token, NGTCP2_STATELESS_RESET_TOKENLEN);
	return 0;
}

static int
on_recv_crypto_data(ngtcp2_conn *quic, ngtcp2_encryption_level level, uint64_t offset,
	const uint8_t *data, size_t len, void *user)
{
	struct conn *c = user;

	if (c->tls == NULL)
		return 0;	/* the handshake is over, and nobody sends tickets */
	return ngtcp2_crypto_recv_crypto_data_cb(quic, level, offset, data, len, user);
}

/*
 * TLS is through on our side. At the client the server may still refuse our key: it is up
 * only at handshake_confirmed, which is called at the client alone.
 */
static int
on_handshake_completed(ngtcp2_conn *quic, void *user)
{
	struct conn *c = user;
	struct endpoint *e = c->endpoint;
	struct peer_id id;

	if (tls_peer(c->tls, &id) != 0)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	/* What conn_verify_peer has seen; it was not called if there was a ticket. */
	if (!id_equal(&id, &c->peer)) {
		c->mismatch = c->dialed;
		return NGTCP2_ERR_CALLBACK_FAILURE;
	}
	if (tls_alpn(c->tls, &c->alpn) != 0 || tls_exporter(c->tls, c->exporter) != 0)
		return NGTCP2_ERR_CALLBACK_FAILURE;
	c->completed = true;
	if (c->dialed) {
		ngtcp2_conn_set_keep_alive_timeout(quic, e->config.keep_alive_ns);
	} else {
		c->tls_done = true;
		conn_up(c);
	}
	return 0;
}

static int
on_handshake_confirmed(ngtcp2_conn *quic, void *user)
{
	struct conn *c = user;

	(void)quic;
	if (c->completed) {
		c->tls_done = true;
		conn_up(c);
	}
	return 0;
}

static int
on_recv_stateless_reset(
	ngtcp2_conn *quic, const ngtcp2_pkt_stateless_reset *reset, void *user)
{
	struct conn *c = user;

	(void)quic;
	(void)reset;
	c->reset = true;
	return 0;
}

static int
on_path_validation(
	ngtcp2_conn *quic, uint32_t flags, COMPAT_PATH_VALIDATION_ARGS, void *user)
{
	struct conn *c = user;
	struct quic_event ev;
	struct path now;

	(void)quic;
	(void)flags;
	if (result != NGTCP2_PATH_VALIDATION_RESULT_SUCCESS)
		return 0;
	path_from_ngtcp2(&now, path);
	if (address_equal(&now.remote, &c->path.remote) &&
		address_equal(&now.local, &c->path.local))
		return 0;
	c->path = now;
	if (c->up) {
		ev = conn_event(c, QUIC_PATH);
		events_push(c->endpoint, &ev);
	}
	return 0;
}

static int
on_stream_open(ngtcp2_conn *quic, int64_t id, void *user)
{
	struct conn *c = user;

	ngtcp2_conn_set_stream_user_data(quic, id, stream_accept(c, id));
	return 0;
}

static int
on_recv_stream_data(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t offset,
	const uint8_t *data, size_t len, void *user, void *stream_user)
{
	struct conn *c = user;
	struct stream *s = stream_user;

	(void)offset;
	c->took_data = true;
	if (s == NULL || c->close_wanted || !c->completed) {
		ngtcp2_conn_extend_max_stream_offset(quic, id, len);
		ngtcp2_conn_extend_max_offset(quic, len);
		return 0;
	}
	conn_up(c);	/* application bytes of the server: it has accepted our key */
	stream_parse(s, data, len, (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
	return 0;
}

static int
on_acked_stream_data(ngtcp2_conn *quic, int64_t id, uint64_t offset, uint64_t len,
	void *user, void *stream_user)
{
	struct stream *s = stream_user;
	struct conn *c = user;

	(void)quic;
	(void)id;
	c->took_ack = true;
	if (s)
		stream_acked(s, offset + len);
	return 0;
}

static int
on_stream_close(ngtcp2_conn *quic, uint32_t flags, int64_t id, uint64_t code, void *user,
	void *stream_user)
{
	struct stream *s = stream_user;
	struct conn *c = user;

	(void)code;
	if (!ngtcp2_conn_is_local_stream(quic, id)) {
		if (ngtcp2_is_bidi_stream(id))
			ngtcp2_conn_extend_max_streams_bidi(quic, 1);
		else
			ngtcp2_conn_extend_max_streams_uni(quic, 1);
	}
	c->ended_requests += ngtcp2_is_bidi_stream(id) != 0;
	if (s)
		stream_closed(s, !(flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET));
	return 0;
}

static int
on_stream_reset(ngtcp2_conn *quic, int64_t id, uint64_t final_size, uint64_t code,
	void *user, void *stream_user)
{
	struct stream *s = stream_user;

	(void)quic;
	(void)id;
	(void)final_size;
	(void)code;
	(void)user;
	if (s)
		stream_peer_reset(s);
	return 0;
}

static int
on_stream_stop_sending(ngtcp2_conn *quic, int64_t id, uint64_t code, void *user,
	void *stream_user)
{
	struct stream *s = stream_user;

	(void)quic;
	(void)id;
	(void)code;
	(void)user;
	if (s)
		stream_peer_stop(s);
	return 0;
}

const ngtcp2_callbacks conn_callbacks = {
	.client_initial = ngtcp2_crypto_client_initial_cb,
	.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
	.recv_crypto_data = on_recv_crypto_data,
	.handshake_completed = on_handshake_completed,
	.handshake_confirmed = on_handshake_confirmed,
	.encrypt = ngtcp2_crypto_encrypt_cb,
	.decrypt = ngtcp2_crypto_decrypt_cb,
	.hp_mask = ngtcp2_crypto_hp_mask_cb,
	.recv_stream_data = on_recv_stream_data,
	.acked_stream_data_offset = on_acked_stream_data,
	.stream_open = on_stream_open,
	.stream_close = on_stream_close,
	.stream_reset = on_stream_reset,
	.stream_stop_sending = on_stream_stop_sending,
	.recv_stateless_reset = on_recv_stateless_reset,
	.recv_retry = ngtcp2_crypto_recv_retry_cb,
	.rand = on_rand,
	.get_new_connection_id = on_new_connection_id,
	.remove_connection_id = on_remove_connection_id,
	.dcid_status = on_dcid_status,
	.update_key = ngtcp2_crypto_update_key_cb,
	.path_validation = on_path_validation,
	.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
	.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
	.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
	.version_negotiation = ngtcp2_crypto_version_negotiation_cb,
};
