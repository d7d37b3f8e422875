/* SPDX-License-Identifier: MIT */
#include "identity/name.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "identity/identity.h"

char *
name_format(char to[static NAME_LEN_MAX + 1], const char *mesh, const char *type,
	const struct peer_id *id, unsigned hex_digits)
{
	char hex[ID_HEX_CAP];

	assert(hex_digits <= NAME_HEX_LONG);
	id_hex(hex, id);
	snprintf(to, NAME_LEN_MAX + 1, "%.*s.%.*s.%.*s", LABEL_LEN_MAX, mesh,
		LABEL_LEN_MAX, type, (int)hex_digits, hex);
	return to;
}

static int
parse_id(struct peer_id *id, const char *text, size_t len, char why[static NAME_WHY_CAP])
{
	char hex[ID_HEX_CAP];

	if (len != ID_HEX_CAP - 1) {
		snprintf(why, NAME_WHY_CAP,
			"the id before '@' has %zu characters, "
			"not 64 hex digits",
			len);
		return ERR_MALFORMED;
	}
	memcpy(hex, text, len);
	hex[len] = 0;
	if (id_parse(id, hex)) {
		snprintf(why, NAME_WHY_CAP, "the id before '@' is not 64 hex digits");
		return ERR_MALFORMED;
	}
	if (!identity_is_valid_id(id)) {
		snprintf(why, NAME_WHY_CAP, "the id before '@' is no Ed25519 public key");
		return ERR_MALFORMED;
	}
	return ERR_OK;
}

/*
 * Finds the part that is wrong, with the whole in `text`; only called when it does not
 * parse.
 */
static void
explain_address(const char *text, char why[static NAME_WHY_CAP])
{
	const char *colon = strrchr(text, ':');
	const char *bracket = strrchr(text, ']');
	uint64_t port;
	char shown[64];

	if (!colon || (bracket && colon < bracket)) {
		snprintf(why, NAME_WHY_CAP,
			"there is no port after the host: write HOST:PORT");
		return;
	}
	text_printable(shown, sizeof shown, colon + 1, strlen(colon + 1));
	if (text_u64(colon + 1, UINT16_MAX, &port) || port == 0) {
		snprintf(why, NAME_WHY_CAP,
			"the port '%s' is not a number from 1 to 65535", shown);
		return;
	}
	text_printable(shown, sizeof shown, text, (size_t)(colon - text));
	snprintf(why, NAME_WHY_CAP,
		"the host '%s' is neither a numeric IPv4 address nor an "
		"IPv6 address in brackets",
		shown);
}

int
seed_parse(struct seed *s, const char *text, char why[static NAME_WHY_CAP])
{
	const char *at = strchr(text, '@');
	struct seed parsed;
	int err;

	why[0] = 0;
	if (!at) {
		snprintf(why, NAME_WHY_CAP, "there is no '@': write ID@HOST:PORT");
		return ERR_MALFORMED;
	}
	err = parse_id(&parsed.id, text, (size_t)(at - text), why);
	if (err)
		return err;
	if (address_parse(&parsed.address, at + 1) || parsed.address.port == 0) {
		explain_address(at + 1, why);
		return ERR_MALFORMED;
	}
	*s = parsed;
	return ERR_OK;
}
