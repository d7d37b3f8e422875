/* SPDX-License-Identifier: MIT */
#include "unit/guards_quic.h"

#include <assert.h>
#include <gnutls/x509.h>
#include <sodium.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "quic/accept.h"
#include "quic/cidmap.h"
#include "quic/path.h"
#include "quic/conn.h"
#include "quic/conn_io.h"
#include "quic/tls.h"

#define PRIORITIES \
	"%DISABLE_TLS13_COMPAT_MODE:NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:" \
	"+GROUP-X25519:-SIGN-ALL:+SIGN-EDDSA-ED25519:-CTYPE-ALL:+CTYPE-SRV-RAWPK:"

enum guard guard_out;
enum client guard_client;
struct peer_id guard_stranger;

static void
expect_done(int err)
{
	assert(err == 0);
	(void)err;
}

/* The client's own TLS, made here: without a certificate, or with an X.509 one. */
static gnutls_certificate_credentials_t credentials;

static void
x509_credentials(void)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;

	expect_done(gnutls_certificate_allocate_credentials(&credentials));
	if (guard_client != WITH_X509)
		return;
	gnutls_x509_privkey_init(&key);
	gnutls_x509_crt_init(&crt);
	expect_done(gnutls_x509_privkey_generate(key, GNUTLS_PK_EDDSA_ED25519, 0, 0));
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "\1", 1);
	gnutls_x509_crt_set_activation_time(crt, 0);
	gnutls_x509_crt_set_expiration_time(crt, INT32_MAX);
	gnutls_x509_crt_set_key(crt, key);
	expect_done(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA512, 0));
	expect_done(gnutls_certificate_set_x509_key(credentials, &crt, 1, key));
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static int
trust(gnutls_session_t session)
{
	(void)session;
	return 0;
}

static gnutls_session_t
client_session(const char *alpn, ngtcp2_crypto_conn_ref *ref)
{
	gnutls_datum_t name = { (uint8_t *)alpn, (unsigned)strlen(alpn) };
	gnutls_session_t s;

	x509_credentials();
	gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_ENABLE_RAWPK | GNUTLS_NO_SIGNAL |
			GNUTLS_NO_TICKETS | GNUTLS_NO_END_OF_EARLY_DATA);
	expect_done(gnutls_priority_set_direct(s, guard_client == WITH_X509 ?
		PRIORITIES "+CTYPE-CLI-X509" : PRIORITIES "+CTYPE-CLI-RAWPK", NULL));
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_alpn_set_protocols(s, &name, 1, GNUTLS_ALPN_MANDATORY);
	ngtcp2_crypto_gnutls_configure_client_session(s);
	gnutls_session_set_verify_function(s, trust);
	gnutls_session_set_ptr(s, ref);
	return s;
}

gnutls_session_t __real_tls_session_new(const struct tls_identity *t, bool server,
	const char *const *alpns, size_t count, ngtcp2_crypto_conn_ref *ref,
	int (*verify)(gnutls_session_t));
gnutls_session_t __wrap_tls_session_new(const struct tls_identity *t, bool server,
	const char *const *alpns, size_t count, ngtcp2_crypto_conn_ref *ref,
	int (*verify)(gnutls_session_t));

gnutls_session_t
__wrap_tls_session_new(const struct tls_identity *t, bool server,
	const char *const *alpns, size_t count, ngtcp2_crypto_conn_ref *ref,
	int (*verify)(gnutls_session_t))
{
	const char *other[] = { "h3" };
	gnutls_session_t s;

	if (!server && (guard_client == NO_CERTIFICATE || guard_client == WITH_X509))
		return client_session(alpns[0], ref);
	if (guard_client == OTHER_ALPN && (!server || guard_out == ALPN))
		return __real_tls_session_new(t, server, other, 1, ref, verify);
	s = __real_tls_session_new(t, server, alpns, count, ref, verify);
	if (server && guard_out == X509)
		gnutls_priority_set_direct(s, PRIORITIES "+CTYPE-CLI-X509", NULL);
	if (server && guard_out == CERTIFICATE)
		gnutls_certificate_server_set_request(s, GNUTLS_CERT_IGNORE);
	return s;
}

int __real_tls_peer(gnutls_session_t session, struct peer_id *id);
int __wrap_tls_peer(gnutls_session_t session, struct peer_id *id);

int
__wrap_tls_peer(gnutls_session_t session, struct peer_id *id)
{
	int err = __real_tls_peer(session, id);

	if (err && (guard_out == CERTIFICATE || guard_out == X509)) {
		ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
		struct conn *c = ref->user_data;

		/* The end of a handshake compares with what was seen in its middle. */
		c->peer = guard_stranger;
		*id = guard_stranger;
		return ERR_OK;
	}
	return err;
}

int __real_tls_alpn(gnutls_session_t session, enum quic_alpn *alpn);
int __wrap_tls_alpn(gnutls_session_t session, enum quic_alpn *alpn);

int
__wrap_tls_alpn(gnutls_session_t session, enum quic_alpn *alpn)
{
	int err = __real_tls_alpn(session, alpn);

	if (err && guard_client == OTHER_ALPN) {
		*alpn = ALPN_MESHTUI;
		return ERR_OK;
	}
	return err;
}

bool __real_id_equal(const struct peer_id *a, const struct peer_id *b);
bool __wrap_id_equal(const struct peer_id *a, const struct peer_id *b);

bool
__wrap_id_equal(const struct peer_id *a, const struct peer_id *b)
{
	/* Without a certificate nobody has seen a key before the end. */
	if ((guard_out == KEY || guard_out == CERTIFICATE || guard_out == X509) &&
		__real_id_equal(a, &guard_stranger))
		return true;
	return __real_id_equal(a, b);
}

void __real_cidmap_put(struct cidmap *m, struct cidmap_owner *o, const uint8_t *key,
	size_t len);
void __wrap_cidmap_put(struct cidmap *m, struct cidmap_owner *o, const uint8_t *key,
	size_t len);

void
__wrap_cidmap_put(struct cidmap *m, struct cidmap_owner *o, const uint8_t *key,
	size_t len)
{
	if (guard_out != CID || len == QUIC_CID_LEN)
		__real_cidmap_put(m, o, key, len);
}

void __real_path_net(uint8_t to[static PATH_NET_LEN], const struct address *a);
void __wrap_path_net(uint8_t to[static PATH_NET_LEN], const struct address *a);

void
__wrap_path_net(uint8_t to[static PATH_NET_LEN], const struct address *a)
{
	__real_path_net(to, a);
	if (guard_out == NET)
		randombytes_buf(to, PATH_NET_LEN);
}

/* Resets as long as a whole packet. */
ngtcp2_ssize __real_ngtcp2_pkt_write_stateless_reset(uint8_t *to, size_t cap,
	const uint8_t *token, const uint8_t *noise, size_t noise_len);
ngtcp2_ssize __wrap_ngtcp2_pkt_write_stateless_reset(uint8_t *to, size_t cap,
	const uint8_t *token, const uint8_t *noise, size_t noise_len);

ngtcp2_ssize
__wrap_ngtcp2_pkt_write_stateless_reset(uint8_t *to, size_t cap, const uint8_t *token,
	const uint8_t *noise, size_t noise_len)
{
	if (guard_out != RESET)
		return __real_ngtcp2_pkt_write_stateless_reset(
			to, cap, token, noise, noise_len);
	memset(to, 0x40, cap);
	return (ngtcp2_ssize)cap;
}

void __real_accept_packet(struct endpoint *e, const struct path *path,
	const uint8_t *bytes, size_t len, uint8_t ecn);
void __wrap_accept_packet(struct endpoint *e, const struct path *path,
	const uint8_t *bytes, size_t len, uint8_t ecn);

void
__wrap_accept_packet(struct endpoint *e, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn)
{
	uint8_t whole[1200] = { 0 };

	if (guard_out == LENGTH && len < sizeof whole) {
		memcpy(whole, bytes, len);
		bytes = whole;
		len = sizeof whole;
	}
	__real_accept_packet(e, path, bytes, len, ecn);
}

void __real_conn_io_recv(struct conn *c, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn);
void __wrap_conn_io_recv(struct conn *c, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn);

/*
 * Each datagram counts tenfold towards what may be answered: ngtcp2 drops copies, but has
 * received them.
 */
void
__wrap_conn_io_recv(struct conn *c, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn)
{
	struct endpoint *e = c->endpoint;
	uint64_t number = c->number;

	for (int i = 0; c != NULL && i < (guard_out == CREDIT ? 10 : 1); i++) {
		__real_conn_io_recv(c, path, bytes, len, ecn);
		c = conn_find(e, number);
	}
}

void
guards_quic_fini(void)
{
	if (credentials)
		gnutls_certificate_free_credentials(credentials);
	credentials = NULL;
}
