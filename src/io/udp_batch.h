/* SPDX-License-Identifier: MIT */
#ifndef IO_UDP_BATCH_H
#define IO_UDP_BATCH_H

#include <netinet/udp.h>
#include <sys/socket.h>

#include "io/udp.h"

/*
 * Private to io/udp: the packets of one turn, back to back in memory, and the system
 * calls that carry them. Neighbors in the queue with one path and one size leave as one
 * segmented message.
 */

/*
 * In <linux/udp.h> since 4.18 and 5.0; the <netinet/udp.h> of an older glibc lacks them.
 */
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define UDP_BATCH_BYTES ((size_t)UDP_SEND_BATCH * QUIC_PACKET_LEN_MAX)
#define UDP_CONTROL_CAP 256

struct udp_control {
	_Alignas(struct cmsghdr) uint8_t bytes[UDP_CONTROL_CAP];
};

struct udp_socket {
	int fd;
	struct address bound;
	bool wildcard, gso, gro;
	uint32_t overflow; /* SO_RXQ_OVFL, a running count of 32 bits */
};

struct udp_queued {
	struct path path;
	size_t at, len; /* in udp_batch.bytes */
};

struct udp_batch {
	uint8_t *bytes;
	size_t len;
	struct udp_queued queue[UDP_SEND_BATCH];
	size_t first, count;
	/* Those of the flush under way. */
	struct udp_socket *sockets;
	size_t socket_count;
	struct udp_stats *stats;
};

void udp_batch_init(struct udp_batch *b);
void udp_batch_fini(struct udp_batch *b);
uint8_t *udp_batch_room(struct udp_batch *b);
void udp_batch_put(struct udp_batch *b, const struct path *path, size_t len);
int udp_batch_flush(struct udp_batch *b, struct udp_socket *sockets, size_t socket_count,
	struct udp_stats *stats, size_t *blocked);

#endif
