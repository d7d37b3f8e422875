/* SPDX-License-Identifier: MIT */
#ifndef QUIC_REPLIES_H
#define QUIC_REPLIES_H

#include "quic/endpoint_state.h"

/*
 * Packets that wait without a connection: Retry, version negotiation, refusals, stateless
 * resets, and the last data of a connection that is being closed. Bounded by
 * QUIC_REPLIES_MAX; what does not fit is lost like any packet.
 */
void replies_init(struct endpoint *e);
void replies_fini(struct endpoint *e);
void replies_push(
	struct endpoint *e, const struct path *path, const uint8_t *bytes, size_t len);
/* 0 when there is none. */
size_t replies_next(struct endpoint *e, uint8_t *to, size_t cap, struct path *path);

#endif
