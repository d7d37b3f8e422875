/* SPDX-License-Identifier: MIT */
#include "io/udp.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/udp_batch.h"

/*
 * A receive slot holds what GRO may glue together. Slots are untouched memory until a
 * burst comes, so an idle node pays for one page of them.
 */
#define SLOT_LEN (64u * 1024)
#define BUFFER_LEN (4 << 20)

struct udp {
	struct udp_socket sockets[2];
	size_t count;
	uint8_t *slots; /* UDP_READ_BATCH of SLOT_LEN */
	struct udp_batch batch;
	struct udp_stats stats;
};

static void
option(int fd, int level, int name, int value)
{
	/* Best effort: a kernel without it costs speed or a hint, not correctness. */
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

static void
set_options(struct udp_socket *s)
{
	int on = 1, v6 = s->bound.family == 6;

	option(s->fd, SOL_SOCKET, SO_RCVBUF, BUFFER_LEN);
	option(s->fd, SOL_SOCKET, SO_SNDBUF, BUFFER_LEN);
	option(s->fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	if (v6) {
		option(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		option(s->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		option(s->fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
		option(s->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
		option(s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
	} else {
		option(s->fd, IPPROTO_IP, IP_PKTINFO, 1);
		option(s->fd, IPPROTO_IP, IP_RECVERR, 1);
		option(s->fd, IPPROTO_IP, IP_RECVTOS, 1);
		option(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	}
	s->gro = setsockopt(s->fd, SOL_UDP, UDP_GRO, &on, sizeof on) == 0;
	/* Only asks whether the kernel knows it; the size goes with each message. */
	on = 0;
	s->gso = setsockopt(s->fd, SOL_UDP, UDP_SEGMENT, &on, sizeof on) == 0;
}

static int
socket_open(
	struct udp_socket *s, const struct address *bind_to, char why[static UDP_WHY_CAP])
{
	struct sockaddr_storage sa;
	socklen_t sa_len = address_to_sockaddr(bind_to, &sa);
	char text[ADDRESS_TEXT_CAP];
	int error;

	s->bound = *bind_to;
	s->wildcard = address_is_any(bind_to);
	s->fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd >= 0) {
		set_options(s);
		if (bind(s->fd, (struct sockaddr *)&sa, sa_len) == 0) {
			sa_len = sizeof sa;
			if (getsockname(s->fd, (struct sockaddr *)&sa, &sa_len) == 0)
				address_from_sockaddr(&s->bound, (struct sockaddr *)&sa);
			mem_made(MEM_DESCRIPTOR);
			return ERR_OK;
		}
	}
	error = errno;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	snprintf(why, UDP_WHY_CAP, "cannot bind UDP %s: %s%s",
		address_format(text, bind_to), strerror(error),
		error == EADDRINUSE
			? "; another program has that port, port 0 takes a free one"
		: error == EADDRNOTAVAIL
			? "; no interface of this machine has that address"
		: error == EACCES ? "; ports below 1024 need CAP_NET_BIND_SERVICE"
				  : "");
	return error == EADDRINUSE ? ERR_BUSY
	       : error == EACCES   ? ERR_PERMISSION
				   : ERR_SYSTEM;
}

struct udp *
udp_open(const struct address *bind_to, size_t count, int *err,
	char why[static UDP_WHY_CAP])
{
	struct udp *u;

	why[0] = '\0';
	*err = ERR_ARGUMENT;
	if (count < 1 || count > 2 ||
		(count == 2 && bind_to[0].family == bind_to[1].family)) {
		snprintf(why, UDP_WHY_CAP,
			"bind to one address of each family, IPv4 and IPv6");
		return NULL;
	}
	u = mem_new(MEM_UDP, sizeof *u);
	u->slots = mem_array(UDP_READ_BATCH, SLOT_LEN);
	udp_batch_init(&u->batch);
	for (size_t i = 0; i < count; i++) {
		*err = socket_open(&u->sockets[i], &bind_to[i], why);
		if (*err != ERR_OK) {
			udp_close(u);
			return NULL;
		}
		u->count++;
	}
	return u;
}

void
udp_close(struct udp *u)
{
	if (u == NULL)
		return;
	for (size_t i = 0; i < u->count; i++) {
		close(u->sockets[i].fd);
		mem_destroyed(MEM_DESCRIPTOR);
	}
	free(u->slots);
	udp_batch_fini(&u->batch);
	mem_free(MEM_UDP, u);
}

int
udp_rebind(struct udp *u, char why[static UDP_WHY_CAP])
{
	for (size_t i = 0; i < u->count; i++) {
		struct udp_socket *s = &u->sockets[i], moved = { 0 };
		struct address free_port = s->bound;
		int err;

		free_port.port = 0;
		err = socket_open(&moved, &free_port, why);
		if (err != ERR_OK)
			return err;
		mem_destroyed(MEM_DESCRIPTOR);
		if (dup3(moved.fd, s->fd, O_CLOEXEC) < 0) {
			snprintf(why, UDP_WHY_CAP, "cannot move a socket: %s",
				strerror(errno));
			close(moved.fd);
			return ERR_SYSTEM;
		}
		close(moved.fd);
		moved.fd = s->fd;
		*s = moved;
	}
	return ERR_OK;
}

size_t
udp_count(const struct udp *u)
{
	return u->count;
}

int
udp_fd(const struct udp *u, size_t i)
{
	assert(i < u->count);
	return u->sockets[i].fd;
}

const struct address *
udp_bound(const struct udp *u, size_t i)
{
	assert(i < u->count);
	return &u->sockets[i].bound;
}

void
udp_stats(const struct udp *u, struct udp_stats *out)
{
	*out = u->stats;
	out->gso = out->gro = true;
	for (size_t i = 0; i < u->count; i++) {
		out->gso = out->gso && u->sockets[i].gso;
		out->gro = out->gro && u->sockets[i].gro;
	}
}

struct received {
	struct path path;
	size_t segment; /* 0: one datagram */
	uint8_t ecn;
};

static void
read_control(struct udp *u, struct udp_socket *s, struct msghdr *m, struct received *r)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		const uint8_t *data = CMSG_DATA(c);
		int number;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, data, sizeof info);
			memcpy(r->path.local.ip, &info.ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
			   c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, data, sizeof info);
			memcpy(r->path.local.ip, &info.ipi6_addr, 16);
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			r->ecn = data[0] & 3;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
			memcpy(&number, data, sizeof number);
			r->ecn = (uint8_t)(number & 3);
		} else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
			memcpy(&number, data, sizeof number);
			r->segment = number > 0 ? (size_t)number : 0;
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			uint32_t total;

			memcpy(&total, data, sizeof total);
			u->stats.dropped_receive += (uint32_t)(total - s->overflow);
			s->overflow = total;
		}
	}
}

static void
give(struct udp *u, struct udp_socket *s, struct msghdr *m, size_t len,
	const struct udp_handler *h)
{
	struct received r = { .path.local = s->bound };
	const uint8_t *bytes = m->msg_iov->iov_base;

	if ((m->msg_flags & MSG_TRUNC) ||
		address_from_sockaddr(&r.path.remote, m->msg_name) != ERR_OK) {
		u->stats.truncated++;
		return;
	}
	read_control(u, s, m, &r);
	if (r.segment == 0 || r.segment > len)
		r.segment = len;
	do {
		size_t part = len < r.segment ? len : r.segment;

		u->stats.packets_received++;
		u->stats.bytes_received += part;
		if (part > 0)
			h->packet(h->ctx, &r.path, bytes, part, r.ecn);
		bytes += part;
		len -= part;
	} while (len > 0);
}

bool
udp_read(struct udp *u, size_t i, const struct udp_handler *h)
{
	struct udp_socket *s = &u->sockets[i];
	struct mmsghdr m[UDP_READ_BATCH];
	struct iovec iov[UDP_READ_BATCH];
	struct sockaddr_storage names[UDP_READ_BATCH];
	struct udp_control controls[UDP_READ_BATCH];
	bool more = true;

	assert(i < u->count);
	for (int round = 0; round < UDP_READ_ROUNDS && more; round++) {
		int got;

		for (size_t k = 0; k < UDP_READ_BATCH; k++) {
			iov[k] = (struct iovec){ u->slots + k * SLOT_LEN, SLOT_LEN };
			m[k].msg_hdr = (struct msghdr){ .msg_name = &names[k],
				.msg_namelen = sizeof names[k],
				.msg_iov = &iov[k],
				.msg_iovlen = 1,
				.msg_control = controls[k].bytes,
				.msg_controllen = UDP_CONTROL_CAP };
		}
		got = recvmmsg(s->fd, m, UDP_READ_BATCH, 0, NULL);
		u->stats.reads++;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			more = false;
		} else if (got < 0) {
			/*
			 * A pending ICMP error of the socket: taken from the error queue.
			 */
			udp_read_errors(u, i, h);
		}
		for (int k = 0; k < got; k++)
			give(u, s, &m[k].msg_hdr, m[k].msg_len, h);
		/* A batch that is not full emptied the socket; the next readable event
		 * tells. */
		if (got >= 0 && got < UDP_READ_BATCH)
			more = false;
	}
	return more;
}

static bool
is_refusal(const struct sock_extended_err *e)
{
	return (e->ee_origin == SO_EE_ORIGIN_ICMP ||
		       e->ee_origin == SO_EE_ORIGIN_ICMP6) &&
	       (e->ee_errno == ECONNREFUSED || e->ee_errno == EHOSTUNREACH ||
		       e->ee_errno == ENETUNREACH);
}

void
udp_read_errors(struct udp *u, size_t i, const struct udp_handler *h)
{
	struct udp_socket *s = &u->sockets[i];

	assert(i < u->count);
	/* The queue is fed by strangers: a bound for each turn, the rest comes with the
	 * next. */
	for (int n = 0; n < UDP_READ_BATCH * UDP_READ_ROUNDS; n++) {
		struct sockaddr_storage name;
		struct udp_control control;
		uint8_t head[64];
		struct iovec iov = { head, sizeof head };
		struct msghdr m = { .msg_name = &name,
			.msg_namelen = sizeof name,
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = UDP_CONTROL_CAP };
		struct address remote;

		if (recvmsg(s->fd, &m, MSG_ERRQUEUE) < 0)
			return;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL;
			c = CMSG_NXTHDR(&m, c)) {
			struct sock_extended_err e;

			if (!(c->cmsg_level == IPPROTO_IP &&
				    c->cmsg_type == IP_RECVERR) &&
				!(c->cmsg_level == IPPROTO_IPV6 &&
					c->cmsg_type == IPV6_RECVERR))
				continue;
			memcpy(&e, CMSG_DATA(c), sizeof e);
			if (!is_refusal(&e) ||
				address_from_sockaddr(
					&remote, (struct sockaddr *)&name) != ERR_OK)
				continue;
			u->stats.unreachable++;
			h->unreachable(h->ctx, &remote);
		}
	}
}

uint8_t *
udp_room(struct udp *u)
{
	return udp_batch_room(&u->batch);
}

void
udp_put(struct udp *u, const struct path *path, size_t len)
{
	udp_batch_put(&u->batch, path, len);
}

bool
udp_pending(const struct udp *u)
{
	return u->batch.count > 0;
}

int
udp_flush(struct udp *u, size_t *blocked)
{
	return udp_batch_flush(&u->batch, u->sockets, u->count, &u->stats, blocked);
}
