/* SPDX-License-Identifier: MIT */
#ifndef IO_UDP_H
#define IO_UDP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/id.h"
#include "base/limits.h"

/*
 * UDP sockets of one node: one for each address family, non-blocking, close-on-exec,
 * never fragmenting (RFC 9000 14), with ICMP errors by IP_RECVERR and the local address
 * of each packet by IP_PKTINFO. Many packets cross in one system call: recvmmsg with
 * UDP_GRO in, sendmmsg with UDP_SEGMENT out; a kernel or device that lacks one of the two
 * is noticed at run time.
 */
struct udp;

#define UDP_WHY_CAP 200

/*
 * Binds `count` addresses (1 or 2, of different families; port 0 takes a free one).
 * NULL: *err is ERR_ARGUMENT, ERR_PERMISSION, ERR_BUSY or ERR_SYSTEM and `why` a text for
 * a person.
 */
struct udp *udp_open(
	const struct address *bind, size_t count, int *err, char why[static UDP_WHY_CAP]);
void udp_close(struct udp *u); /* accepts NULL; packets not flushed are lost */

/*
 * Moves each socket to a free port of its address, under the same descriptor; who polls
 * those stops before and starts again after. Packets that wait go out of the new port.
 * ERR_SYSTEM: the sockets that were not moved are as before.
 */
int udp_rebind(struct udp *u, char why[static UDP_WHY_CAP]);

size_t udp_count(const struct udp *u);
int udp_fd(const struct udp *u, size_t i);
const struct address *udp_bound(const struct udp *u, size_t i); /* with the real port */

struct udp_handler {
	void (*packet)(void *ctx, const struct path *path, const uint8_t *bytes,
		size_t len, uint8_t ecn);
	/*
	 * The kernel heard by ICMP that nobody listens at `remote`. A hint, never proof.
	 */
	void (*unreachable)(void *ctx, const struct address *remote);
	void *ctx;
};

/*
 * Reads what is there, at most UDP_READ_ROUNDS batches, then the error queue. True when
 * there may be more. `bytes` live during the call.
 */
bool udp_read(struct udp *u, size_t i, const struct udp_handler *h);
void udp_read_errors(struct udp *u, size_t i, const struct udp_handler *h);

/*
 * Sending: udp_room gives QUIC_PACKET_LEN_MAX bytes for the next packet or NULL when the
 * batch is full; udp_put queues what was written there. udp_flush sends all: 0, or
 * ERR_BUSY when the socket *blocked would block (what is left stays queued: wait until it
 * is writable and flush again).
 */
uint8_t *udp_room(struct udp *u);
void udp_put(struct udp *u, const struct path *path, size_t len);
int udp_flush(struct udp *u, size_t *blocked);
bool udp_pending(const struct udp *u);

struct udp_stats {
	uint64_t packets_received, packets_sent, bytes_received, bytes_sent;
	uint64_t reads, writes;	  /* system calls */
	uint64_t dropped_receive; /* by the kernel, receive buffer full (SO_RXQ_OVFL) */
	uint64_t dropped_send;	  /* refused by the kernel, or no socket of that family */
	uint64_t truncated, unreachable;
	bool gso, gro; /* still in use on every socket */
};
void udp_stats(const struct udp *u, struct udp_stats *s);

#endif
