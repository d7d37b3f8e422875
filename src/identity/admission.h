/* SPDX-License-Identifier: MIT */
#ifndef IDENTITY_ADMISSION_H
#define IDENTITY_ADMISSION_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"

/* The fabric key and what follows from it (PROTOCOL.md 5). */
#define FABRIC_KEY_LEN 32
struct fabric_key {
	bool present;
	uint8_t bytes[FABRIC_KEY_LEN];
};

void fabric_key_mint(struct fabric_key *k);
/*
 * One line, "meshtui-key-1:" and 64 hex digits. The file format of --key and
 * --make-key.
 */
#define FABRIC_KEY_FILE_LEN (14 + 64 + 1)
void fabric_key_print(
	const struct fabric_key *k, char to[static FABRIC_KEY_FILE_LEN + 1]);
int fabric_key_parse(struct fabric_key *k, struct view file); /* ERR_MALFORMED */
void fabric_key_wipe(struct fabric_key *k);

#define ADMISSION_EXPORTER_LABEL "EXPORTER-meshtui-admission"
#define ADMISSION_PROOF_LEN 32
/*
 * exporter: 32 bytes of the TLS exporter above; role 0 dialer, 1 acceptor: whose proof it
 * is.
 */
void admission_proof(uint8_t out[static ADMISSION_PROOF_LEN], const struct fabric_key *k,
	const uint8_t exporter[static 32], uint8_t role);
/* Constant time. */
bool admission_check(const uint8_t proof[static ADMISSION_PROOF_LEN],
	const struct fabric_key *k, const uint8_t exporter[static 32], uint8_t role);

/* Topic of a mesh: keyed BLAKE2b with a key, BLAKE3(mesh) without one. */
void topic_of_mesh(struct peer_id *topic, const struct fabric_key *k, const char *mesh);
/* The topic on which gateways speak of their meshes (PROTOCOL.md 7); made alike. */
void topic_of_backbone(struct peer_id *topic, const struct fabric_key *k);

#endif
