/* SPDX-License-Identifier: MIT */
/*
 * Many peers against one real node, over real sockets:
 *
 *	crowd ID@HOST:PORT MESH COUNT AT_ONCE greet|silent [wait]
 *
 * Each has an identity and a socket of its own. With greet each says HELLO, awaits one
 * and goes; with silent it says nothing and awaits to be closed. With wait they begin
 * when standard input says something. Prints how many were greeted, how many were
 * closed, and the most seconds one of them took.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "identity/name.h"
#include "quic/endpoint.h"
#include "wire/frame.h"
#include "wire/hello.h"

#define AT_ONCE_MAX 256
/* A peer that gets neither a HELLO nor an end in this time has failed. */
#define PATIENCE SECONDS(20)

struct peer {
	int fd;		/* -1: the place is free */
	struct endpoint *e;
	struct address own;
	uint64_t conn, began_ns;
	bool greeted;
};

struct crowd {
	struct seed to;
	const char *mesh;
	bool silent;
	struct peer peers[AT_ONCE_MAX];
	unsigned at_once, left, greeted, closed, failed;
	uint64_t slowest_ns;
};

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static struct sockaddr_in
sockaddr_of(const struct address *a)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(a->port) };

	memcpy(&to.sin_addr, a->ip, 4);
	return to;
}

static void
begin(struct crowd *c, struct peer *p)
{
	struct endpoint_config config = { .offer_gossip = false };
	struct sockaddr_in own = { .sin_family = AF_INET };
	socklen_t len = sizeof own;
	struct path path;
	int err;

	randombytes_buf(config.seed, sizeof config.seed);
	p->e = endpoint_new(&config, &err);
	p->greeted = false;
	p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (p->e == NULL || p->fd < 0 ||
		bind(p->fd, (struct sockaddr *)&own, sizeof own) != 0 ||
		getsockname(p->fd, (struct sockaddr *)&own, &len) != 0) {
		perror("socket");
		exit(1);
	}
	p->own = (struct address){ .family = 4, .port = ntohs(own.sin_port) };
	memcpy(p->own.ip, &own.sin_addr, 4);
	path = (struct path){ p->own, c->to.address };
	p->began_ns = now_ns();
	err = endpoint_dial(p->e, &c->to.id, &path, p->began_ns, &p->conn);
	if (err) {
		fprintf(stderr, "dial: %s\n", err_name(err));
		exit(1);
	}
	c->left--;
}

static void
hello(struct crowd *c, struct peer *p)
{
	struct hello h = { .version = HELLO_VERSION, .role = HELLO_MEMBER,
		.incarnation = 1, .address_count = 1 };
	struct buf b;

	snprintf(h.mesh, sizeof h.mesh, "%s", c->mesh);
	snprintf(h.type, sizeof h.type, "crowd");
	h.addresses[0] = p->own;
	buf_init(&b, FRAME_CONTROL_LEN_MAX);
	hello_encode(&b, &h);
	(void)endpoint_control(p->e, p->conn, FRAME_HELLO, b.data, b.len);
	buf_fini(&b);
}

static void
send_all(struct peer *p)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	struct path path;
	size_t len;

	while ((len = endpoint_send(p->e, packet, sizeof packet, &path, now_ns())) > 0) {
		struct sockaddr_in to = sockaddr_of(&path.remote);

		(void)sendto(p->fd, packet, len, 0, (struct sockaddr *)&to, sizeof to);
	}
}

static void
end(struct crowd *c, struct peer *p, bool greeted)
{
	uint64_t took_ns = now_ns() - p->began_ns;

	c->greeted += greeted;
	c->closed += !greeted;
	if (took_ns > c->slowest_ns)
		c->slowest_ns = took_ns;
	endpoint_close(p->e, p->conn, CLOSE_GOING_AWAY, "", now_ns());
	send_all(p);
	endpoint_free(p->e);
	close(p->fd);
	p->fd = -1;
}

/* True when this peer is through. */
static bool
take_events(struct crowd *c, struct peer *p)
{
	struct endpoint_conn_info info;
	struct quic_event ev;

	while (endpoint_next_event(p->e, &ev)) {
		if (ev.kind == QUIC_UP && !c->silent)
			hello(c, p);
		if (ev.kind == QUIC_CONTROL && ev.tag == FRAME_HELLO)
			p->greeted = true;
		if (ev.kind == QUIC_DOWN) {
			end(c, p, false);
			return true;
		}
	}
	/* A close may overtake what is still paced: ours has to be acknowledged first. */
	if (p->greeted && !c->silent &&
		endpoint_conn_info(p->e, p->conn, &info) == ERR_OK && info.idle) {
		end(c, p, true);
		return true;
	}
	return false;
}

static void
turn(struct crowd *c, struct peer *p)
{
	uint8_t packet[2048];
	struct path path = { p->own, c->to.address };
	ssize_t len;

	while ((len = recv(p->fd, packet, sizeof packet, 0)) >= 0)
		endpoint_recv(p->e, &path, packet, (size_t)len, 0, now_ns());
	if (endpoint_deadline(p->e) <= now_ns())
		endpoint_tick(p->e, now_ns());
	send_all(p);
	if (take_events(c, p))
		return;
	send_all(p);
	if (now_ns() > p->began_ns + PATIENCE) {
		c->failed++;
		end(c, p, false);
	}
}

static bool
round_of(struct crowd *c)
{
	struct pollfd fds[AT_ONCE_MAX];
	nfds_t count = 0;

	for (unsigned i = 0; i < c->at_once; i++) {
		struct peer *p = &c->peers[i];

		if (p->fd < 0 && c->left > 0)
			begin(c, p);
		if (p->fd >= 0)
			turn(c, p);
		if (p->fd >= 0)
			fds[count++] = (struct pollfd){ .fd = p->fd, .events = POLLIN };
	}
	if (count > 0)
		(void)poll(fds, count, 5);
	return count > 0 || c->left > 0;
}

int
main(int argc, char **argv)
{
	struct crowd c = { .silent = argc >= 6 && strcmp(argv[5], "silent") == 0 };
	char why[NAME_WHY_CAP], word;

	if (argc < 6 || argc > 7 || sodium_init() < 0 ||
		seed_parse(&c.to, argv[1], why) != ERR_OK) {
		fprintf(stderr, "usage: crowd ID@HOST:PORT MESH COUNT AT_ONCE MODE\n");
		return 2;
	}
	c.mesh = argv[2];
	c.left = (unsigned)strtoul(argv[3], NULL, 10);
	c.at_once = (unsigned)strtoul(argv[4], NULL, 10);
	if (c.at_once == 0 || c.at_once > AT_ONCE_MAX)
		return 2;
	for (unsigned i = 0; i < AT_ONCE_MAX; i++)
		c.peers[i].fd = -1;
	if (argc == 7 && read(STDIN_FILENO, &word, 1) != 1)
		return 2;
	while (round_of(&c))
		;
	printf("greeted %u closed %u failed %u slowest %.3f\n", c.greeted, c.closed,
		c.failed, (double)c.slowest_ns / NS_PER_S);
	return c.failed > 0;
}
