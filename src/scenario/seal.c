/* SPDX-License-Identifier: MIT */
#include "scenario/seal.h"

#include <jansson.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "wire/envelope.h"

static const char context[] = "meshtui report 1";

void
seal_name(struct json_t *o, const uint8_t *secret_key)
{
	char hex[ID_HEX_CAP];
	struct peer_id id;

	if (!secret_key)
		return;
	id = envelope_signer(secret_key);
	json_object_set_new(o, "signer", json_string(id_hex(hex, &id)));
}

void
seal_sign(struct json_t *o, const char *hash, const uint8_t *secret_key)
{
	uint8_t signature[ENVELOPE_SIGNATURE_LEN];
	char hex[2 * ENVELOPE_SIGNATURE_LEN + 1];

	if (!secret_key)
		return;
	envelope_sign(signature, context,
		(struct view){ (const uint8_t *)hash, strlen(hash) }, secret_key);
	json_object_set_new(o, "signature",
		json_string(hex_encode(hex, signature, sizeof(signature))));
}

int
seal_check(const struct json_t *o, const struct peer_id *by, struct buf *to)
{
	const char *name = json_string_value(json_object_get(o, "signer"));
	const char *said = json_string_value(json_object_get(o, "signature"));
	const char *hash = json_string_value(json_object_get(o, "hash"));
	uint8_t signature[ENVELOPE_SIGNATURE_LEN];
	char hex[ID_HEX_CAP];
	struct peer_id id;

	if (!json_object_get(o, "signer") && !json_object_get(o, "signature")) {
		buf_format(to, "it is signed by nobody\n");
		return by ? ERR_SIGNATURE : ERR_OK;
	}
	if (!name || !said || !hash || id_parse(&id, name) != ERR_OK ||
		strlen(said) != 2 * sizeof(signature) ||
		hex_decode(signature, sizeof(signature), said) != ERR_OK ||
		envelope_check_signed(signature, context,
			(struct view){ (const uint8_t *)hash, strlen(hash) }, &id) !=
			ERR_OK) {
		buf_format(to, "its signature does not fit\n");
		return ERR_SIGNATURE;
	}
	buf_format(to, "signed by %s\n", id_hex(hex, &id));
	if (!by || id_equal(by, &id))
		return ERR_OK;
	buf_format(to, "and not by %s\n", id_hex(hex, by));
	return ERR_SIGNATURE;
}
