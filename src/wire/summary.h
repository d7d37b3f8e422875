/* SPDX-License-Identifier: MIT */
#ifndef WIRE_SUMMARY_H
#define WIRE_SUMMARY_H

#include "base/buf.h"
#include "base/id.h"
#include "base/limits_fabric.h"

/*
 * What a gateway says on the backbone about its whole mesh (PROTOCOL.md 7), which names
 * the fields but not their bytes; so they are fixed here. A third kind of gossip payload
 * beside those of wire/digest.h: version 3, context "meshtui summary 1", the topic is
 * that of the backbone. body (postcard) = speaker[32], incarnation u64, seq u64, mesh
 * string, types sequence of (type string, live u32, suspect u32, gone u32), the same
 * three for all types that found no place, gateways sequence of (id[32], addresses
 * sequence<SocketAddr>), hash of the directory[16], extension bytes (unknown: ignored).
 */
#define SUMMARY_HASH_LEN 16

struct summary_counts {
	uint32_t live, suspect, gone;
};

struct summary_type {
	char type[LABEL_LEN_MAX + 1];
	struct summary_counts nodes;
};

struct summary_gateway {
	struct peer_id id;
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
};

struct summary {
	struct peer_id speaker;
	uint64_t incarnation, seq;	/* of the speaker; larger is newer */
	char mesh[LABEL_LEN_MAX + 1];
	struct summary_type types[SUMMARY_TYPES_MAX];
	size_t type_count;
	struct summary_counts others;	/* of the types that are not in the list */
	struct summary_gateway gateways[SUMMARY_GATEWAYS_MAX];
	size_t gateway_count;
	/*
	 * Equal at two gateways of a mesh when they believe the same of it: that is what
	 * it is good for, and it is no proof of anything.
	 */
	uint8_t hash[SUMMARY_HASH_LEN];
};

/* All types together. */
struct summary_counts summary_total(const struct summary *s);

/*
 * The payload is appended to `b` and never longer than SUMMARY_LEN_MAX. Where names are
 * so long that not everything fits, gateways keep their places, because without them a
 * mesh is unreachable, and the last types are counted among the others.
 */
void summary_sign(struct buf *b, const struct summary *s, const struct peer_id *topic,
	const uint8_t secret_key[static 64]);
/*
 * Checks the signature by the speaker inside. ERR_TRUNCATED, ERR_MALFORMED (also a bad
 * label or id), ERR_LIMIT, ERR_SIGNATURE.
 */
int summary_verify(struct summary *s, struct view payload, const struct peer_id *topic);

#endif
