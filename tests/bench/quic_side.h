/* SPDX-License-Identifier: MIT */
#ifndef TESTS_BENCH_QUIC_SIDE_H
#define TESTS_BENCH_QUIC_SIDE_H

#include "io/udp.h"
#include "quic/endpoint.h"

/* An endpoint on a socket of 127.0.0.1, turned by poll(2): one side of a measurement. */
struct side {
	struct endpoint *endpoint;
	struct udp *udp;
	struct peer_id id;
	struct address bound;
	bool asked;	/* the other descriptor of side_turn is readable or ended */
};

bool side_open(struct side *s);
void side_close(struct side *s);
/*
 * Sends what there is, waits for something to come, takes it. `other` (or -1) is a second
 * descriptor to wait for. False when nothing at all happened in patience_ms and nothing
 * is due, unless there is another descriptor.
 */
bool side_turn(struct side *s, int other, int patience_ms);

uint64_t side_now_ns(void);
uint64_t side_cpu_ns(void);		/* of this process */
/* After the heap was trimmed; of this process. */
uint64_t side_rss_anon_kib(void);

#endif
