/* SPDX-License-Identifier: MIT */
#ifndef QUIC_NGTCP2_COMPAT_H
#define QUIC_NGTCP2_COMPAT_H

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

/*
 * src/quic is written to the 1.x API of ngtcp2; this header maps it down to 0.12 (Debian
 * 12, Ubuntu 24.04). It is the only place that knows the difference. What cannot be said
 * by a new name alone has a function or macro with the prefix compat.
 */

#if NGTCP2_VERSION_NUM < 0x010000

#define ngtcp2_encryption_level ngtcp2_crypto_level
#define ngtcp2_ccerr ngtcp2_connection_close_error
#define ngtcp2_ccerr_default ngtcp2_connection_close_error_default
#define ngtcp2_ccerr_set_liberr ngtcp2_connection_close_error_set_transport_error_liberr
#define ngtcp2_ccerr_set_tls_alert \
	ngtcp2_connection_close_error_set_transport_error_tls_alert
#define ngtcp2_ccerr_set_transport_error \
	ngtcp2_connection_close_error_set_transport_error
#define ngtcp2_ccerr_set_application_error \
	ngtcp2_connection_close_error_set_application_error
#define NGTCP2_CCERR_TYPE_APPLICATION \
	NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION
#define ngtcp2_conn_in_closing_period ngtcp2_conn_is_in_closing_period
#define ngtcp2_conn_in_draining_period ngtcp2_conn_is_in_draining_period
#define ngtcp2_conn_info ngtcp2_conn_stat
#define ngtcp2_conn_get_conn_info ngtcp2_conn_get_conn_stat

/*
 * The name in parentheses is the function itself: these macros add what 1.x takes beside.
 */
#define ngtcp2_conn_shutdown_stream(conn, flags, id, code) \
	((void)(flags), (ngtcp2_conn_shutdown_stream)((conn), (id), (code)))
#define ngtcp2_conn_shutdown_stream_read(conn, flags, id, code) \
	((void)(flags), (ngtcp2_conn_shutdown_stream_read)((conn), (id), (code)))
#define ngtcp2_conn_shutdown_stream_write(conn, flags, id, code) \
	((void)(flags), (ngtcp2_conn_shutdown_stream_write)((conn), (id), (code)))

/*
 * 0.12 never closes a unidirectional stream of the peer (ngtcp2 issue 662, mended in
 * 0.13): the callback does not come and a few hundred bytes stay in ngtcp2 until the
 * connection ends.
 */
#define COMPAT_REMOTE_UNI_STAYS 1
/* 0.12 takes the time of a burst also after it has been told a later one. */
#define COMPAT_PACES_LATER 1

typedef int compat_cid_status;
#define COMPAT_PATH_VALIDATION_ARGS \
	const ngtcp2_path *path, ngtcp2_path_validation_result result

static inline void
compat_get_ccerr(ngtcp2_conn *conn, ngtcp2_ccerr *err)
{
	ngtcp2_conn_get_connection_close_error(conn, err);
}

static inline const uint8_t *
compat_hd_token(const ngtcp2_pkt_hd *hd, size_t *len)
{
	*len = hd->token.len;
	return hd->token.base;
}

static inline void
compat_settings_retry_token(ngtcp2_settings *s, const ngtcp2_pkt_hd *hd)
{
	s->token = hd->token;
}

static inline void
compat_params_original_dcid(ngtcp2_transport_params *p, const ngtcp2_cid *cid)
{
	p->original_dcid = *cid;
}

#else

#define COMPAT_REMOTE_UNI_STAYS 0
/* Time never goes back in 1.x (asserted): it has to be told of a burst at its end. */
#define COMPAT_PACES_LATER 0

typedef ngtcp2_connection_id_status_type compat_cid_status;
#define COMPAT_PATH_VALIDATION_ARGS \
	const ngtcp2_path *path, const ngtcp2_path *old_path __attribute__((unused)), \
	ngtcp2_path_validation_result result

static inline void
compat_get_ccerr(ngtcp2_conn *conn, ngtcp2_ccerr *err)
{
	*err = *ngtcp2_conn_get_ccerr(conn);
}

static inline const uint8_t *
compat_hd_token(const ngtcp2_pkt_hd *hd, size_t *len)
{
	*len = hd->tokenlen;
	return hd->token;
}

static inline void
compat_settings_retry_token(ngtcp2_settings *s, const ngtcp2_pkt_hd *hd)
{
	s->token = hd->token;
	s->tokenlen = hd->tokenlen;
	s->token_type = NGTCP2_TOKEN_TYPE_RETRY;
}

static inline void
compat_params_original_dcid(ngtcp2_transport_params *p, const ngtcp2_cid *cid)
{
	p->original_dcid = *cid;
	p->original_dcid_present = 1;	/* asserted by ngtcp2_conn_server_new */
}

#endif
#endif
