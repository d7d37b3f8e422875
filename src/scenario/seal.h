/* SPDX-License-Identifier: MIT */
#ifndef SCENARIO_SEAL_H
#define SCENARIO_SEAL_H

#include "base/buf.h"
#include "base/id.h"

/*
 * Who stands for a report: "signer", an id, is part of what the document's hash is made
 * of, and "signature" is Ed25519 by it over "meshtui report 1" and that hash. Without
 * an identity a report has neither, and anybody can have made it.
 */
struct json_t;

/* Before the hash is made, and when it is there. secret_key: NULL for no signature. */
void seal_name(struct json_t *document, const uint8_t *secret_key);
void seal_sign(struct json_t *document, const char *hash, const uint8_t *secret_key);

/*
 * A line about who signed it, into `to`. ERR_SIGNATURE: the signature does not fit, or
 * `by` (NULL: whoever) did not sign it.
 */
int seal_check(const struct json_t *document, const struct peer_id *by, struct buf *to);

#endif
