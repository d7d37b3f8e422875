/* SPDX-License-Identifier: MIT */
#ifndef IDENTITY_IDENTITY_H
#define IDENTITY_IDENTITY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"

/*
 * A node's Ed25519 identity: the public key is the node id. The key file holds one line,
 * the seed as 64 hex digits. This folder parses and prints bytes; files are read and
 * written by io/files.
 */
struct identity {
	struct peer_id id;
	uint8_t seed[32];
	uint8_t secret_key[64]; /* libsodium's seed || public key */
};

void identity_mint(struct identity *i); /* from the system's randomness */
void identity_from_seed(struct identity *i, const uint8_t seed[static 32]);
void identity_wipe(struct identity *i);

#define IDENTITY_FILE_LEN 65 /* 64 hex digits, newline */
void identity_print(const struct identity *i, char to[static IDENTITY_FILE_LEN + 1]);
/* ERR_MALFORMED when it is not exactly such a line (a missing newline is fine). */
int identity_parse(struct identity *i, struct view file);

/*
 * A valid Ed25519 point other than small-order ones
 * (crypto_core_ed25519_is_valid_point).
 */
bool identity_is_valid_id(const struct peer_id *id);

#endif
