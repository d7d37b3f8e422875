/* SPDX-License-Identifier: MIT */
#ifndef WIRE_DIGEST_H
#define WIRE_DIGEST_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/limits.h"

/*
 * Gossip payloads of a mesh topic: version u8 || length-prefixed body || signature[64],
 * with Ed25519 over a context text || topic || body. Version 1 is a digest, context
 * "meshtui digest 1" (PROTOCOL.md 6). Version 2 is an accusation, context "meshtui
 * accusation 1"; PROTOCOL.md names its fields but not its bytes, so they are fixed here:
 * body = accuser[32], subject[32], incarnation u64, seq u64, reason u8.
 */
enum digest_flag {
	DIGEST_OBSERVER = 1 << 0,
	DIGEST_GATEWAY = 1 << 1,
	DIGEST_DRAINING = 1 << 2,
	DIGEST_DEGRADED = 1 << 3,
	DIGEST_LEFT = 1 << 4, /* the last word of a node that leaves in order */
};

/* Of path_kind: 0 direct, 1 relay, and this if what it is sent is not answered. */
#define DIGEST_PATH_SILENT 0x80

struct digest_neighbor {
	uint8_t id_prefix[8];
	uint8_t path_kind;
	uint16_t rtt_100us; /* 0.1 ms */
};

struct digest {
	struct peer_id id;
	uint64_t incarnation, seq;
	char mesh[LABEL_LEN_MAX + 1];
	char type[LABEL_LEN_MAX + 1];
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	char build[BUILD_LEN_MAX + 1];
	uint32_t uptime_s;
	struct digest_neighbor neighbors[DIGEST_NEIGHBORS_MAX];
	size_t neighbor_count;
	uint64_t frames_sent, frames_received;
	uint32_t cpu_used_mc, cpu_budget_mc; /* millicores */
	uint32_t memory_used_kib, memory_budget_kib;
	uint16_t loop_lag_ms;
	uint16_t flags;
};

enum accusation_reason { ACCUSED_NO_ANSWER = 0, ACCUSED_REFUSED = 1, ACCUSED_RESET = 2 };

struct accusation {
	struct peer_id accuser, subject;
	uint64_t incarnation, seq; /* the newest the accuser has of the subject */
	enum accusation_reason reason;
};

const char *accusation_reason_text(enum accusation_reason reason); /* "no answer" */

/*
 * What signs: 64-byte Ed25519 secret key as libsodium has it. The payload is appended to
 * `b` and never longer than DIGEST_LEN_MAX. With names of 63 characters not everything
 * fits (the fixed fields take up to 314 bytes): as many neighbors as fit go first, then
 * as many addresses; a receiver sees shorter lists, not a wrong digest.
 */
void digest_sign(struct buf *b, const struct digest *d, const struct peer_id *topic,
	const uint8_t secret_key[static 64]);
void accusation_sign(struct buf *b, const struct accusation *a,
	const struct peer_id *topic, const uint8_t secret_key[static 64]);

/*
 * Decoding checks the signature by the id inside. ERR_TRUNCATED, ERR_MALFORMED (also a
 * bad label or id), ERR_LIMIT, ERR_SIGNATURE. Unknown extension bytes are ignored.
 */
enum payload_kind {
	PAYLOAD_UNKNOWN = 0,
	PAYLOAD_DIGEST = 1,
	PAYLOAD_ACCUSATION = 2,
	PAYLOAD_SUMMARY = 3, /* of the backbone topic: wire/summary.h */
	PAYLOAD_CAST = 4,    /* wire/cast.h */
};
enum payload_kind payload_kind(struct view payload);
int digest_verify(struct digest *d, struct view payload, const struct peer_id *topic);
int accusation_verify(
	struct accusation *a, struct view payload, const struct peer_id *topic);

/*
 * The same for one more digest of a node whose key has passed digest_verify: whether that
 * is a sound one (crypto_core_ed25519_is_valid_point) costs as much as the signature, and
 * the two were nine tenths of what an idle node computed. ERR_ARGUMENT: of another node.
 * digest_peek says whose digest a payload claims to be, digest_read all that it claims;
 * nothing is checked.
 */
int digest_verify_known(struct digest *d, struct view payload,
	const struct peer_id *topic, const struct digest *known);
int digest_peek(struct peer_id *id, struct view payload);
int digest_read(struct digest *d, struct view payload);
/* Which mesh it claims to be of; ERR_MALFORMED also when that is no label. */
int digest_peek_mesh(char mesh[static LABEL_LEN_MAX + 1], struct view payload);

#endif
