/* SPDX-License-Identifier: MIT */
#include "io/udp_batch.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

/* The kernel's UDP_MAX_SEGMENTS was 64 until 6.9; the datagram as a whole must fit 16
 * bits. */
#define SEGMENTS_MAX 64
#define SEGMENTED_LEN_MAX 65000u
#define MESSAGES_MAX 32

void
udp_batch_init(struct udp_batch *b)
{
	memset(b, 0, sizeof *b);
	b->bytes = mem_array(1, UDP_BATCH_BYTES);
}

void
udp_batch_fini(struct udp_batch *b)
{
	free(b->bytes);
	b->bytes = NULL;
}

uint8_t *
udp_batch_room(struct udp_batch *b)
{
	if (b->first + b->count == UDP_SEND_BATCH ||
		b->len + QUIC_PACKET_LEN_MAX > UDP_BATCH_BYTES)
		return NULL;
	return b->bytes + b->len;
}

void
udp_batch_put(struct udp_batch *b, const struct path *path, size_t len)
{
	struct udp_queued *q = &b->queue[b->first + b->count];

	assert(b->first + b->count < UDP_SEND_BATCH && len > 0 &&
		len <= QUIC_PACKET_LEN_MAX);
	q->path = *path;
	q->at = b->len;
	q->len = len;
	b->count++;
	b->len += len;
}

/* How many packets from `first` on can leave as one segmented message. */
static size_t
run_length(const struct udp_batch *b, size_t first, bool gso)
{
	const struct udp_queued *q = &b->queue[first];
	size_t n = 1, bytes = q->len, end = b->first + b->count;

	while (gso && first + n < end && n < SEGMENTS_MAX) {
		const struct udp_queued *next = &q[n];

		if (next->len > q->len || bytes + next->len > SEGMENTED_LEN_MAX ||
			!address_equal(&next->path.remote, &q->path.remote) ||
			!address_equal(&next->path.local, &q->path.local))
			break;
		bytes += next->len;
		n++;
		/* Only the last segment may be shorter. */
		if (next->len < q->len)
			break;
	}
	return n;
}

static size_t
put_control(struct udp_control *to, size_t used, int level, int type, const void *data,
	size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)(void *)(to->bytes + used);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	return used + CMSG_SPACE(len);
}

static size_t
write_control(struct udp_control *to, const struct udp_socket *s, const struct path *path,
	size_t segments, size_t segment_len)
{
	size_t used = 0;

	memset(to, 0, sizeof *to);
	/* A wildcard socket answers from where it was asked (RFC 9000 9). */
	if (s->wildcard && path->local.family == s->bound.family &&
		!address_is_any(&path->local)) {
		if (path->local.family == 6) {
			struct in6_pktinfo info = { 0 };

			memcpy(&info.ipi6_addr, path->local.ip, 16);
			used = put_control(
				to, used, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
		} else {
			struct in_pktinfo info = { 0 };

			memcpy(&info.ipi_spec_dst, path->local.ip, 4);
			used = put_control(
				to, used, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
		}
	}
	if (segments > 1) {
		uint16_t size = (uint16_t)segment_len;

		used = put_control(to, used, SOL_UDP, UDP_SEGMENT, &size, sizeof size);
	}
	return used;
}

static struct udp_socket *
socket_for(struct udp_batch *b, const struct address *remote)
{
	for (size_t i = 0; i < b->socket_count; i++)
		if (b->sockets[i].bound.family == remote->family)
			return &b->sockets[i];
	return NULL;
}

static void
taken(struct udp_batch *b, size_t packets, bool sent)
{
	for (size_t k = 0; k < packets; k++) {
		if (sent)
			b->stats->bytes_sent += b->queue[b->first].len;
		b->first++;
		b->count--;
	}
	if (sent)
		b->stats->packets_sent += packets;
	else
		b->stats->dropped_send += packets;
	if (b->count == 0)
		b->first = b->len = 0;
}

/*
 * One sendmmsg for the messages at the front that leave by `s`. Packets sent or dropped,
 * 0 when it would block, negative when the same should be tried again.
 */
static int
send_front(struct udp_batch *b, struct udp_socket *s)
{
	struct mmsghdr m[MESSAGES_MAX];
	struct iovec iov[MESSAGES_MAX];
	struct sockaddr_storage names[MESSAGES_MAX];
	struct udp_control controls[MESSAGES_MAX];
	size_t runs[MESSAGES_MAX], first = b->first, n = 0;
	int sent, error;

	while (n < MESSAGES_MAX && first < b->first + b->count) {
		const struct udp_queued *q = &b->queue[first];
		const struct udp_queued *last;

		if (socket_for(b, &q->path.remote) != s)
			break;
		runs[n] = run_length(b, first, s->gso);
		last = &q[runs[n] - 1];
		iov[n] = (struct iovec){ b->bytes + q->at, last->at + last->len - q->at };
		m[n].msg_hdr = (struct msghdr){ .msg_name = &names[n],
			.msg_namelen = address_to_sockaddr(&q->path.remote, &names[n]),
			.msg_iov = &iov[n],
			.msg_iovlen = 1 };
		m[n].msg_hdr.msg_controllen =
			write_control(&controls[n], s, &q->path, runs[n], q->len);
		if (m[n].msg_hdr.msg_controllen > 0)
			m[n].msg_hdr.msg_control = controls[n].bytes;
		first += runs[n++];
	}
	sent = sendmmsg(s->fd, m, (unsigned)n, 0);
	error = errno;
	b->stats->writes++;
	for (int k = 0; k < sent; k++)
		taken(b, runs[k], true);
	if (sent > 0)
		return 1;
	/* ENOBUFS is not among them: the socket stays writable, so waiting would spin. */
	if (error == EAGAIN || error == EWOULDBLOCK)
		return 0;
	/* An ICMP error of an earlier packet: it was reported and cleared, this one was
	 * not sent. */
	if (error == ECONNREFUSED || error == EINTR)
		return -1;
	if (runs[0] > 1 && (error == EIO || error == EINVAL || error == EMSGSIZE)) {
		s->gso = false;
		return -1;
	}
	taken(b, runs[0], false);
	return 1;
}

int
udp_batch_flush(struct udp_batch *b, struct udp_socket *sockets, size_t socket_count,
	struct udp_stats *stats, size_t *blocked)
{
	int retries = 0;

	b->sockets = sockets;
	b->socket_count = socket_count;
	b->stats = stats;
	while (b->count > 0) {
		struct udp_socket *s = socket_for(b, &b->queue[b->first].path.remote);
		int done;

		if (s == NULL) {
			taken(b, 1, false);
			continue;
		}
		done = send_front(b, s);
		if (done == 0) {
			*blocked = (size_t)(s - sockets);
			return ERR_BUSY;
		}
		/* Each error clears itself; a kernel that says otherwise costs one
		 * packet. */
		if (done < 0 && ++retries > UDP_SEND_BATCH) {
			taken(b, 1, false);
			retries = 0;
		}
	}
	return ERR_OK;
}
