/* SPDX-License-Identifier: MIT */
#include "identity/admission.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/blake3.h"
#include "base/err.h"
#include "base/hex.h"

static const char key_prefix[] = "meshtui-key-1:";
static const char proof_context[] = "meshtui admission 1";
/* No label: no mesh can be called so. */
static const char backbone_context[] = "meshtui backbone 1";
static const char topic_context[] = "meshtui topic 1";

#define PREFIX_LEN (sizeof key_prefix - 1)

_Static_assert(sizeof key_prefix - 1 + 64 + 1 == FABRIC_KEY_FILE_LEN, "key file length");

void
fabric_key_mint(struct fabric_key *k)
{
	k->present = true;
	randombytes_buf(k->bytes, sizeof k->bytes);
}

void
fabric_key_print(const struct fabric_key *k, char to[static FABRIC_KEY_FILE_LEN + 1])
{
	memcpy(to, key_prefix, PREFIX_LEN);
	hex_encode(to + PREFIX_LEN, k->bytes, sizeof k->bytes);
	to[FABRIC_KEY_FILE_LEN - 1] = '\n';
	to[FABRIC_KEY_FILE_LEN] = 0;
}

int
fabric_key_parse(struct fabric_key *k, struct view file)
{
	char hex[2 * FABRIC_KEY_LEN + 1];
	uint8_t bytes[FABRIC_KEY_LEN];
	int err;

	if (file.len == FABRIC_KEY_FILE_LEN && file.data[file.len - 1] == '\n')
		file.len--;
	if (file.len != FABRIC_KEY_FILE_LEN - 1 ||
		memcmp(file.data, key_prefix, PREFIX_LEN))
		return ERR_MALFORMED;
	memcpy(hex, file.data + PREFIX_LEN, sizeof hex - 1);
	hex[sizeof hex - 1] = 0;
	err = hex_decode(bytes, sizeof bytes, hex);
	if (!err) {
		k->present = true;
		memcpy(k->bytes, bytes, sizeof k->bytes);
	}
	sodium_memzero(hex, sizeof hex);
	sodium_memzero(bytes, sizeof bytes);
	return err;
}

void
fabric_key_wipe(struct fabric_key *k)
{
	sodium_memzero(k, sizeof *k);
}

void
admission_proof(uint8_t out[static ADMISSION_PROOF_LEN], const struct fabric_key *k,
	const uint8_t exporter[static 32], uint8_t role)
{
	crypto_generichash_state state;

	assert(k->present);
	crypto_generichash_init(&state, k->bytes, sizeof k->bytes, ADMISSION_PROOF_LEN);
	crypto_generichash_update(
		&state, (const uint8_t *)proof_context, sizeof proof_context - 1);
	crypto_generichash_update(&state, exporter, 32);
	crypto_generichash_update(&state, &role, 1);
	crypto_generichash_final(&state, out, ADMISSION_PROOF_LEN);
	sodium_memzero(&state, sizeof state);
}

bool
admission_check(const uint8_t proof[static ADMISSION_PROOF_LEN],
	const struct fabric_key *k, const uint8_t exporter[static 32], uint8_t role)
{
	uint8_t expected[ADMISSION_PROOF_LEN];
	bool same;

	if (!k->present)
		return false;
	admission_proof(expected, k, exporter, role);
	same = sodium_memcmp(expected, proof, sizeof expected) == 0;
	sodium_memzero(expected, sizeof expected);
	return same;
}

/* Keyed over a context and a name with a key, a plain hash of the name without one. */
static void
topic_of(struct peer_id *topic, const struct fabric_key *k, const char *context,
	const char *name)
{
	crypto_generichash_state state;

	if (!k->present) {
		blake3(topic->bytes, name, strlen(name));
		return;
	}
	crypto_generichash_init(&state, k->bytes, sizeof k->bytes, sizeof topic->bytes);
	crypto_generichash_update(&state, (const uint8_t *)context, strlen(context));
	crypto_generichash_update(&state, (const uint8_t *)name, strlen(name));
	crypto_generichash_final(&state, topic->bytes, sizeof topic->bytes);
	sodium_memzero(&state, sizeof state);
}

void
topic_of_mesh(struct peer_id *topic, const struct fabric_key *k, const char *mesh)
{
	topic_of(topic, k, topic_context, mesh);
}

void
topic_of_backbone(struct peer_id *topic, const struct fabric_key *k)
{
	topic_of(topic, k, "", backbone_context);
}
