/* SPDX-License-Identifier: MIT */
#ifndef IDENTITY_NAME_H
#define IDENTITY_NAME_H

#include "base/id.h"
#include "base/limits.h"

/*
 * `<mesh>.<type>.<hex of the id>`, PROTOCOL.md 6: 6 hex digits, 12 where two live ids
 * collide.
 */
enum { NAME_HEX_SHORT = 6, NAME_HEX_LONG = 12 };
char *name_format(char to[static NAME_LEN_MAX + 1], const char *mesh, const char *type,
	const struct peer_id *id, unsigned hex_digits);

/*
 * A seed, "ID@HOST:PORT" with a 64-digit id and a numeric address. ERR_MALFORMED, and in
 * `why` a text for a person that says which part is wrong.
 */
struct seed {
	struct peer_id id;
	struct address address;
};
#define NAME_WHY_CAP 160
int seed_parse(struct seed *s, const char *text, char why[static NAME_WHY_CAP]);

/*
 * A seed whose host is a name (RFC 1123 2.1; also with '_', as services have), to be
 * looked up by io/seed_names. ERR_MALFORMED and `why` as above.
 */
#define SEED_HOST_CAP 254
struct seed_named {
	struct peer_id id;
	char host[SEED_HOST_CAP];
	uint16_t port;
};
int seed_parse_named(
	struct seed_named *s, const char *text, char why[static NAME_WHY_CAP]);

#endif
