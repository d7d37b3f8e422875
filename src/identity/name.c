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

/* `text` is all after the '@'. Splits it at the last ':' that is not in brackets. */
static int
split_host(char host[static SEED_HOST_CAP], uint16_t *port, const char *text,
	char why[static NAME_WHY_CAP])
{
	const char *colon = strrchr(text, ':');
	const char *bracket = strrchr(text, ']');
	char shown[64];
	uint64_t number;

	if (!colon || (bracket && colon < bracket)) {
		snprintf(why, NAME_WHY_CAP,
			"there is no port after the host: write HOST:PORT");
		return ERR_MALFORMED;
	}
	text_printable(shown, sizeof shown, colon + 1, strlen(colon + 1));
	if (text_u64(colon + 1, UINT16_MAX, &number) || number == 0) {
		snprintf(why, NAME_WHY_CAP,
			"the port '%s' is not a number from 1 to 65535", shown);
		return ERR_MALFORMED;
	}
	*port = (uint16_t)number;
	if ((size_t)(colon - text) >= SEED_HOST_CAP) {
		snprintf(why, NAME_WHY_CAP, "the host has more than %d characters",
			SEED_HOST_CAP - 1);
		return ERR_MALFORMED;
	}
	snprintf(host, SEED_HOST_CAP, "%.*s", (int)(colon - text), text);
	return ERR_OK;
}

/*
 * A last label of digits only is a broken IPv4 address (RFC 1123 2.1), not a name to ask
 * the network for.
 */
static bool
is_host_name(const char *host)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_";

	for (const char *label = host;; label++) {
		size_t len = strspn(label, chars);

		if (len == 0 || len > 63 || label[0] == '-' || label[len - 1] == '-')
			return false;
		if (label[len] == 0)
			return strspn(label, "0123456789") < len;
		label += len;
		if (*label != '.')
			return false;
	}
}

/* The id, and `*rest` is what follows the '@'. */
static int
parse_front(struct peer_id *id, const char *text, const char **rest,
	char why[static NAME_WHY_CAP])
{
	const char *at = strchr(text, '@');

	why[0] = 0;
	if (!at) {
		snprintf(why, NAME_WHY_CAP, "there is no '@': write ID@HOST:PORT");
		return ERR_MALFORMED;
	}
	*rest = at + 1;
	return parse_id(id, text, (size_t)(at - text), why);
}

static void
explain_host(const char *host, char why[static NAME_WHY_CAP])
{
	char shown[64];

	text_printable(shown, sizeof shown, host, strlen(host));
	snprintf(why, NAME_WHY_CAP,
		"the host '%s' is neither an IPv4 address, an IPv6 address in brackets "
		"nor a name",
		shown);
}

int
seed_parse(struct seed *s, const char *text, char why[static NAME_WHY_CAP])
{
	char host[SEED_HOST_CAP];
	struct seed parsed;
	const char *rest;
	int err = parse_front(&parsed.id, text, &rest, why);

	if (!err)
		err = split_host(host, &parsed.address.port, rest, why);
	if (err)
		return err;
	if (address_parse(&parsed.address, rest)) {
		explain_host(host, why);
		return ERR_MALFORMED;
	}
	*s = parsed;
	return ERR_OK;
}

int
seed_parse_named(struct seed_named *s, const char *text, char why[static NAME_WHY_CAP])
{
	struct seed_named parsed;
	const char *rest;
	int err = parse_front(&parsed.id, text, &rest, why);

	if (!err)
		err = split_host(parsed.host, &parsed.port, rest, why);
	if (err)
		return err;
	if (!is_host_name(parsed.host)) {
		explain_host(parsed.host, why);
		return ERR_MALFORMED;
	}
	*s = parsed;
	return ERR_OK;
}
