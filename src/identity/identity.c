/* SPDX-License-Identifier: MIT */
#include "identity/identity.h"

#include <sodium.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"

void
identity_mint(struct identity *i)
{
	uint8_t seed[32];

	randombytes_buf(seed, sizeof seed);
	identity_from_seed(i, seed);
	sodium_memzero(seed, sizeof seed);
}

void
identity_from_seed(struct identity *i, const uint8_t seed[static 32])
{
	memcpy(i->seed, seed, sizeof i->seed);
	crypto_sign_seed_keypair(i->id.bytes, i->secret_key, seed);
}

void
identity_wipe(struct identity *i)
{
	sodium_memzero(i, sizeof *i);
}

void
identity_print(const struct identity *i, char to[static IDENTITY_FILE_LEN + 1])
{
	hex_encode(to, i->seed, sizeof i->seed);
	to[IDENTITY_FILE_LEN - 1] = '\n';
	to[IDENTITY_FILE_LEN] = 0;
}

int
identity_parse(struct identity *i, struct view file)
{
	char hex[IDENTITY_FILE_LEN];
	uint8_t seed[32];
	int err;

	if (file.len == IDENTITY_FILE_LEN && file.data[file.len - 1] == '\n')
		file.len--;
	if (file.len != IDENTITY_FILE_LEN - 1)
		return ERR_MALFORMED;
	memcpy(hex, file.data, file.len);
	hex[file.len] = 0;
	err = hex_decode(seed, sizeof seed, hex);
	if (!err)
		identity_from_seed(i, seed);
	sodium_memzero(hex, sizeof hex);
	sodium_memzero(seed, sizeof seed);
	return err;
}

bool
identity_is_valid_id(const struct peer_id *id)
{
	return crypto_core_ed25519_is_valid_point(id->bytes) == 1;
}
