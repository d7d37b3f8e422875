/* SPDX-License-Identifier: MIT */
#ifndef WIRE_ENVELOPE_H
#define WIRE_ENVELOPE_H

#include "base/buf.h"
#include "base/id.h"

/*
 * What all signed gossip payloads have in common: version u8 || length-prefixed body ||
 * signature[64], Ed25519 over a context text || topic || body. The version says what the
 * body is (enum payload_kind), the context keeps one kind from being taken for another,
 * the topic keeps it from being replayed elsewhere.
 */
#define ENVELOPE_SIGNATURE_LEN 64
/* version u8, the body's length (two bytes up to 16383), signature */
#define ENVELOPE_LEN (1 + 2 + ENVELOPE_SIGNATURE_LEN)
#define ENVELOPE_BODY_LEN_MAX 1024

/* body: at most ENVELOPE_BODY_LEN_MAX bytes, not failed (asserted). */
void envelope_seal(struct buf *b, uint8_t version, const char *context,
	const struct buf *body, const struct peer_id *topic,
	const uint8_t secret_key[static 64]);

/*
 * Takes it apart and checks its form, not the signature. ERR_TRUNCATED, ERR_MALFORMED
 * (also of another version), ERR_LIMIT (longer than len_max).
 */
int envelope_open(struct view payload, uint8_t version, size_t len_max, struct view *body,
	struct view *signature);
/*
 * Whether this id is a sound key (not of small order): to be asked once of each signer,
 * because it costs as much as a signature.
 */
bool envelope_signer_valid(const struct peer_id *signer);
/* ERR_SIGNATURE. */
int envelope_check(const char *context, const struct peer_id *topic, struct view body,
	struct view signature, const struct peer_id *signer);

/*
 * What is no payload, signed alike: a context text and some bytes, at most
 * ENVELOPE_BODY_LEN_MAX. `signer` is the second half of the secret key.
 */
void envelope_sign(uint8_t signature[static ENVELOPE_SIGNATURE_LEN], const char *context,
	struct view bytes, const uint8_t secret_key[static 64]);
struct peer_id envelope_signer(const uint8_t secret_key[static 64]);
/* ERR_SIGNATURE; ERR_MALFORMED: no sound key. */
int envelope_check_signed(const uint8_t signature[static ENVELOPE_SIGNATURE_LEN],
	const char *context, struct view bytes, const struct peer_id *signer);

#endif
