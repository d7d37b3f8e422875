/* SPDX-License-Identifier: MIT */
/*
 * Signatures for simulations, in the place of Ed25519 (the linker's --wrap): a keyed hash
 * of the text, which whoever verifies can make as well. A thousand nodes that verify each
 * other's digests would spend all their time on curves.
 */
#include <sodium.h>
#include <string.h>

static void
keyed(uint8_t *sig, const uint8_t *text, unsigned long long len,
	const uint8_t *public_key)
{
	memset(sig, 0, crypto_sign_BYTES);
	crypto_shorthash(sig, text, len, public_key);
}

int __wrap_crypto_sign_detached(uint8_t *sig, unsigned long long *sig_len,
	const uint8_t *text, unsigned long long len, const uint8_t *secret_key);
int __wrap_crypto_sign_verify_detached(const uint8_t *sig, const uint8_t *text,
	unsigned long long len, const uint8_t *public_key);
int __wrap_crypto_core_ed25519_is_valid_point(const uint8_t *point);

int
__wrap_crypto_sign_detached(uint8_t *sig, unsigned long long *sig_len,
	const uint8_t *text, unsigned long long len, const uint8_t *secret_key)
{
	/* The second half of a secret key is the public one. */
	keyed(sig, text, len, secret_key + crypto_sign_SEEDBYTES);
	if (sig_len)
		*sig_len = crypto_sign_BYTES;
	return 0;
}

int
__wrap_crypto_sign_verify_detached(const uint8_t *sig, const uint8_t *text,
	unsigned long long len, const uint8_t *public_key)
{
	uint8_t right[crypto_sign_BYTES];

	keyed(right, text, len, public_key);
	return memcmp(right, sig, sizeof(right)) == 0 ? 0 : -1;
}

int
__wrap_crypto_core_ed25519_is_valid_point(const uint8_t *point)
{
	(void)point;
	return 1;
}
