/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "quic/tls.h"

/*
 * X25519 and Ed25519 alone save 17 % of a handshake: GnuTLS makes a share for each group
 * it offers. Without -CTYPE-ALL an X.509 parser would face strangers.
 * DISABLE_TLS13_COMPAT_MODE leaves the legacy session id empty, as RFC 9001 8.4 demands.
 * Not @SYSTEM: the machine's policy file must not change what we speak.
 */
static const char priorities[] =
	"%DISABLE_TLS13_COMPAT_MODE:NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:"
	"+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-GROUP-ALL:+GROUP-X25519:"
	"-SIGN-ALL:+SIGN-EDDSA-ED25519:-CTYPE-ALL:+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK";

/* SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410 4). */
static const uint8_t spki_prefix[12] = {
	0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
};

static const char exporter_label[] = "EXPORTER-meshtui-admission";

struct tls_identity {
	struct peer_id id;
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
};

/* On success the credentials own key and certificate. */
static int
set_key(struct tls_identity *t, const uint8_t seed[static 32])
{
	gnutls_datum_t x = { t->id.bytes, 32 }, k = { (uint8_t *)seed, 32 };
	gnutls_privkey_t private = NULL;
	gnutls_pubkey_t public = NULL;
	gnutls_pcert_st *cert = gnutls_calloc(1, sizeof *cert);

	if (cert == NULL)
		return ERR_CRYPTO;
	if (gnutls_privkey_init(&private) || gnutls_pubkey_init(&public) ||
		gnutls_privkey_import_ecc_raw(
			private, GNUTLS_ECC_CURVE_ED25519, &x, NULL, &k) ||
		gnutls_pubkey_import_ecc_raw(
			public, GNUTLS_ECC_CURVE_ED25519, &x, NULL) ||
		gnutls_pcert_import_rawpk(cert, public, 0))
		goto out;
	public = NULL;	/* the certificate has it now */
	if (gnutls_certificate_set_key(t->credentials, NULL, 0, cert, 1, private) >= 0) {
		/* They took what is in it and copied the struct itself (GnuTLS 3.7.9). */
		gnutls_free(cert);
		return ERR_OK;
	}
	gnutls_pcert_deinit(cert);
out:
	gnutls_free(cert);
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(private);
	return ERR_CRYPTO;
}

struct tls_identity *
tls_identity_new(const uint8_t seed[static 32])
{
	struct tls_identity *t = mem_array(1, sizeof *t);
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(t->id.bytes, secret, seed);
	sodium_memzero(secret, sizeof secret);
	if (gnutls_certificate_allocate_credentials(&t->credentials) == 0 &&
		gnutls_priority_init(&t->priority, priorities, NULL) == 0 &&
		set_key(t, seed) == ERR_OK)
		return t;
	tls_identity_free(t);
	return NULL;
}

void
tls_identity_free(struct tls_identity *t)
{
	if (t == NULL)
		return;
	if (t->credentials)
		gnutls_certificate_free_credentials(t->credentials);
	if (t->priority)
		gnutls_priority_deinit(t->priority);
	free(t);
}

void
tls_identity_id(const struct tls_identity *t, struct peer_id *id)
{
	*id = t->id;
}

static int
set_alpns(gnutls_session_t s, bool server, const char *const *alpns, size_t count)
{
	unsigned flags = GNUTLS_ALPN_MANDATORY;
	gnutls_datum_t names[ALPN_COUNT];
	size_t i;

	assert(count <= ALPN_COUNT);
	for (i = 0; i < count; i++) {
		names[i].data = (uint8_t *)alpns[i];
		names[i].size = (unsigned)strlen(alpns[i]);
	}
	if (server)
		flags |= GNUTLS_ALPN_SERVER_PRECEDENCE;
	return gnutls_alpn_set_protocols(s, names, (unsigned)count, flags);
}

gnutls_session_t
tls_session_new(const struct tls_identity *t, bool server, const char *const *alpns,
	size_t alpns_count, ngtcp2_crypto_conn_ref *ref, int (*verify)(gnutls_session_t))
{
	/*
	 * NO_END_OF_EARLY_DATA is compulsory in QUIC (RFC 9001 8.3): without it ngtcp2
	 * can be made to abort as soon as somebody turns early data on.
	 */
	unsigned flags = GNUTLS_ENABLE_RAWPK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS |
		GNUTLS_NO_END_OF_EARLY_DATA;
	gnutls_session_t s;

	flags |= server ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET : GNUTLS_CLIENT;
	if (gnutls_init(&s, flags))
		return NULL;
	if (gnutls_priority_set(s, t->priority) ||
		gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, t->credentials) ||
		set_alpns(s, server, alpns, alpns_count))
		goto refused;
	if (server ? ngtcp2_crypto_gnutls_configure_server_session(s)
		   : ngtcp2_crypto_gnutls_configure_client_session(s))
		goto refused;
	if (server)
		gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUIRE);
	gnutls_session_set_verify_function(s, verify);
	gnutls_session_set_ptr(s, ref);	/* ngtcp2's glue finds its connection by it */
	return s;
refused:
	gnutls_deinit(s);
	return NULL;
}

int
tls_peer(gnutls_session_t session, struct peer_id *id)
{
	unsigned count = 0;
	const gnutls_datum_t *der;

	if (gnutls_certificate_type_get2(session, GNUTLS_CTYPE_PEERS) != GNUTLS_CRT_RAWPK)
		return ERR_CRYPTO;
	der = gnutls_certificate_get_peers(session, &count);
	if (der == NULL || count != 1 || der->size != sizeof spki_prefix + 32 ||
		memcmp(der->data, spki_prefix, sizeof spki_prefix) != 0)
		return ERR_CRYPTO;
	memcpy(id->bytes, der->data + sizeof spki_prefix, 32);
	return ERR_OK;
}

int
tls_alpn(gnutls_session_t session, enum quic_alpn *alpn)
{
	gnutls_datum_t name;
	int i;

	if (gnutls_alpn_get_selected_protocol(session, &name))
		return ERR_CRYPTO;
	for (i = 0; i < ALPN_COUNT; i++) {
		const char *text = quic_alpn_text((enum quic_alpn)i);

		if (name.size == strlen(text) &&
			memcmp(name.data, text, name.size) == 0) {
			*alpn = (enum quic_alpn)i;
			return ERR_OK;
		}
	}
	return ERR_CRYPTO;
}

int
tls_exporter(gnutls_session_t session, uint8_t to[static 32])
{
	/* In TLS 1.3 this is the exporter of RFC 8446 7.5, in spite of its name. */
	if (gnutls_prf_rfc5705(session, sizeof exporter_label - 1, exporter_label, 0,
		    NULL, 32, (char *)to))
		return ERR_CRYPTO;
	return ERR_OK;
}
