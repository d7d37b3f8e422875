/* SPDX-License-Identifier: MIT */
#include "wire/envelope.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/err.h"
#include "wire/postcard.h"

#define SIGNED_LEN_MAX (ENVELOPE_BODY_LEN_MAX + 96)

/* What is signed: the context, the topic, the body. */
static void
put_signed(struct buf *b, const char *context, const struct peer_id *topic,
	const void *body, size_t len)
{
	buf_put(b, context, strlen(context));
	buf_put(b, topic->bytes, sizeof topic->bytes);
	buf_put(b, body, len);
}

void
envelope_seal(struct buf *b, uint8_t version, const char *context,
	const struct buf *body, const struct peer_id *topic,
	const uint8_t secret_key[static 64])
{
	uint8_t signature[ENVELOPE_SIGNATURE_LEN];
	struct buf text;

	buf_init(&text, SIGNED_LEN_MAX);
	put_signed(&text, context, topic, body->data, body->len);
	assert(!body->failed && !text.failed);
	crypto_sign_detached(signature, NULL, text.data, text.len, secret_key);
	buf_put_u8(b, version);
	postcard_put_bytes(b, body->data, body->len);
	buf_put(b, signature, sizeof signature);
	buf_fini(&text);
}

int
envelope_open(struct view payload, uint8_t version, size_t len_max, struct view *body,
	struct view *signature)
{
	uint8_t found;
	int err;

	if (payload.len > len_max)
		return ERR_LIMIT;
	err = postcard_u8(&payload, &found);
	if (err)
		return err;
	if (found != version)
		return ERR_MALFORMED;
	err = postcard_bytes(&payload, len_max, body);
	if (err)
		return err;
	if (payload.len != ENVELOPE_SIGNATURE_LEN)
		return payload.len < ENVELOPE_SIGNATURE_LEN ? ERR_TRUNCATED
							    : ERR_MALFORMED;
	*signature = payload;
	return ERR_OK;
}

bool
envelope_signer_valid(const struct peer_id *signer)
{
	return crypto_core_ed25519_is_valid_point(signer->bytes) == 1;
}

int
envelope_check(const char *context, const struct peer_id *topic, struct view body,
	struct view signature, const struct peer_id *signer)
{
	struct buf text;
	int err;

	buf_init(&text, SIGNED_LEN_MAX);
	put_signed(&text, context, topic, body.data, body.len);
	err = text.failed || crypto_sign_verify_detached(signature.data, text.data,
				     text.len, signer->bytes)
		      ? ERR_SIGNATURE
		      : ERR_OK;
	buf_fini(&text);
	return err;
}

void
envelope_sign(uint8_t signature[static ENVELOPE_SIGNATURE_LEN], const char *context,
	struct view bytes, const uint8_t secret_key[static 64])
{
	struct buf text;

	buf_init(&text, SIGNED_LEN_MAX);
	buf_put(&text, context, strlen(context));
	buf_put(&text, bytes.data, bytes.len);
	assert(!text.failed);
	crypto_sign_detached(signature, NULL, text.data, text.len, secret_key);
	buf_fini(&text);
}

struct peer_id
envelope_signer(const uint8_t secret_key[static 64])
{
	struct peer_id id;

	crypto_sign_ed25519_sk_to_pk(id.bytes, secret_key);
	return id;
}

int
envelope_check_signed(const uint8_t signature[static ENVELOPE_SIGNATURE_LEN],
	const char *context, struct view bytes, const struct peer_id *signer)
{
	struct buf text;
	int err = ERR_SIGNATURE;

	if (!envelope_signer_valid(signer))
		return ERR_MALFORMED;
	buf_init(&text, SIGNED_LEN_MAX);
	buf_put(&text, context, strlen(context));
	buf_put(&text, bytes.data, bytes.len);
	if (!text.failed && crypto_sign_verify_detached(signature, text.data, text.len,
				    signer->bytes) == 0)
		err = ERR_OK;
	buf_fini(&text);
	return err;
}
