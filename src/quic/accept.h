/* SPDX-License-Identifier: MIT */
#ifndef QUIC_ACCEPT_H
#define QUIC_ACCEPT_H

#include "quic/endpoint_state.h"

/*
 * Packets of strangers: those whose destination id belongs to no connection. Each ends as
 * a new handshake within the bounds, as one small packet back (Retry, refusal, version
 * negotiation, stateless reset), or as a count. No answer is larger than what caused it.
 */
void accept_packet(struct endpoint *e, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn);
void accept_version(struct endpoint *e, const struct path *path,
	const ngtcp2_version_cid *vc, size_t len);
/* Asks the sender of this Initial to prove its address first. */
void accept_retry(
	struct endpoint *e, const struct path *path, const uint8_t *bytes, size_t len);

#endif
