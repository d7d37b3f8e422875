/* SPDX-License-Identifier: MIT */
#ifndef WIRE_HELLO_H
#define WIRE_HELLO_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/limits.h"

#define HELLO_VERSION 1
#define HELLO_PROOF_LEN 32

/*
 * A visitor is a member that comes to a node of another mesh for requests alone: no
 * gossip of a mesh goes over that connection.
 */
enum hello_role { HELLO_MEMBER = 0, HELLO_OBSERVER = 1, HELLO_VISITOR = 2 };

/*
 * First frame of each control stream (PROTOCOL.md 5, tag 01). An observer's mesh may be
 * "".
 */
struct hello {
	uint16_t version;
	char mesh[LABEL_LEN_MAX + 1];
	char type[LABEL_LEN_MAX + 1];
	enum hello_role role;
	uint64_t incarnation;
	char build[BUILD_LEN_MAX + 1];
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	bool has_proof;
	uint8_t proof[HELLO_PROOF_LEN];
};

/* ERR_MALFORMED also when mesh or type is no label (mesh "" only for observers). */
int hello_decode(struct hello *h, struct view payload);
void hello_encode(struct buf *b, const struct hello *h);

#endif
