/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_SEALED_H
#define TESTS_FUZZ_SEALED_H

/*
 * Signs what the fuzzer found: no fuzzer guesses a signature, and without one only the
 * beginning of a decoder would be reached.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "wire/digest.h"
#include "wire/postcard.h"

struct sealer {
	struct peer_id id, topic;
	uint8_t secret_key[64];
};

static inline struct sealer
sealer(void)
{
	static const uint8_t seed[32] = {42};
	struct sealer s = {.topic = {.bytes = {7}}};

	crypto_sign_seed_keypair(s.id.bytes, s.secret_key, seed);
	return s;
}

/* The payload whose body is the signer's id and then `rest`. */
static inline void
seal_bytes(struct buf *b, const struct sealer *s, uint8_t kind, const char *context,
	const uint8_t *rest, size_t len)
{
	uint8_t signature[64];
	struct buf text;
	size_t skip = strlen(context) + sizeof s->topic.bytes;

	buf_init(&text, len + 256);
	buf_put(&text, context, strlen(context));
	postcard_put_id(&text, &s->topic);
	postcard_put_id(&text, &s->id);
	if (len > 0)
		buf_put(&text, rest, len);
	crypto_sign_detached(signature, NULL, text.data, text.len, s->secret_key);
	buf_put_u8(b, kind);
	postcard_put_bytes(b, text.data + skip, text.len - skip);
	buf_put(b, signature, sizeof signature);
	buf_fini(&text);
}

#endif
