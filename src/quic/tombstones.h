/* SPDX-License-Identifier: MIT */
#ifndef QUIC_TOMBSTONES_H
#define QUIC_TOMBSTONES_H

#include "quic/endpoint_state.h"

/*
 * What stays of a connection for three probe timeouts (RFC 9000 10.2): its ids, and the
 * close packet when we closed it. A late packet is answered with that packet, at the 1st,
 * 2nd, 4th, 8th ... of them; after the peer's close all are swallowed in silence. Keeping
 * this instead of the connection saves 28 to 72 KB each. The oldest goes when there are
 * QUIC_TOMBSTONES_MAX.
 */
void tombstones_init(struct endpoint *e);
void tombstones_fini(struct endpoint *e);
/*
 * Takes the ids of `from` over. len 0: nothing to say. The packet is sent once at once.
 */
void tombstones_add(struct endpoint *e, struct cidmap_owner *from,
	const struct path *path, const uint8_t *packet, size_t len, uint64_t until_ns);
void tombstones_recv(struct endpoint *e, struct tombstone *t);
/* The next close packet to send; 0 when there is none. */
size_t tombstones_next(struct endpoint *e, uint8_t *to, size_t cap, struct path *path);
void tombstones_tick(struct endpoint *e, uint64_t now_ns);

#endif
