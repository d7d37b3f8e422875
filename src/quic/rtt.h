/* SPDX-License-Identifier: MIT */
#ifndef QUIC_RTT_H
#define QUIC_RTT_H

#include <stddef.h>
#include <stdint.h>

#define RTT_SAMPLES 5

/*
 * How far a peer is, as it is told to people and to others: the median of the latest
 * samples. ngtcp2 takes the peer's delay out of a sample only when what is left is no
 * shorter than the shortest one it has seen (RFC 9002, 5.3). Ours is up to 300 ms, and of
 * ten samples one may be shorter by a little: left whole it moves the smoothed round trip
 * of 0.3 ms by 20 ms, for minutes. ngtcp2 shows its samples only as what they do to the
 * smoothed one, an eighth of the difference.
 */
struct rtt {
	uint64_t smoothed_ns;	/* of ngtcp2, when it was last looked at; 0 never */
	uint64_t samples_ns[RTT_SAMPLES];
	size_t count;		/* ever */
};

/* After a packet that acknowledged something. An unchanged figure is no sample. */
void rtt_take(struct rtt *r, uint64_t smoothed_ns);
/* 0: none yet. */
uint64_t rtt_median(const struct rtt *r);

#endif
