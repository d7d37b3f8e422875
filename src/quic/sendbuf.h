/* SPDX-License-Identifier: MIT */
#ifndef QUIC_SENDBUF_H
#define QUIC_SENDBUF_H

#include <stdbool.h>

#include "quic/ngtcp2_compat.h"

/*
 * Bytes of one stream between the sender and the acknowledgment. ngtcp2 keeps pointers to
 * them for retransmission, so they never move: a list of chunks, each freed once all of
 * it is acknowledged. (A buffer that is reallocated works on loopback and corrupts under
 * loss.)
 */
struct sendbuf_chunk;

struct sendbuf {
	struct sendbuf_chunk *first, *last;
	struct sendbuf_chunk *at;	/* has the next byte to send, or NULL */
	uint64_t acked, sent, end;	/* offsets in the stream: acked <= sent <= end */
};

void sendbuf_put(struct sendbuf *b, const void *bytes, size_t len);
/*
 * Up to `max` pieces from the first unsent byte on; *whole says that they reach the end.
 */
size_t sendbuf_pieces(const struct sendbuf *b, ngtcp2_vec *to, size_t max, bool *whole);
void sendbuf_sent(struct sendbuf *b, size_t len);
/* All below `offset` is acknowledged. */
void sendbuf_acked(struct sendbuf *b, uint64_t offset);
void sendbuf_fini(struct sendbuf *b);

#endif
