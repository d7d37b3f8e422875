/* SPDX-License-Identifier: MIT */
#include "tests/bench/quic_side.h"

#include <malloc.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <time.h>

static uint64_t
clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t
side_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t
side_cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t
side_rss_anon_kib(void)
{
	FILE *f;
	char line[200];
	unsigned long kib = 0;

	malloc_trim(0);
	f = fopen("/proc/self/status", "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "RssAnon: %lu kB", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kib;
}

bool
side_open(struct side *s)
{
	struct endpoint_config c = { 0 };
	struct address bind = { .family = 4, .ip = { 127, 0, 0, 1 } };
	uint8_t secret[64];
	char why[UDP_WHY_CAP];
	int err;

	randombytes_buf(c.seed, sizeof(c.seed));
	crypto_sign_seed_keypair(s->id.bytes, secret, c.seed);
	s->asked = false;
	s->endpoint = endpoint_new(&c, &err);
	s->udp = udp_open(&bind, 1, &err, why);
	if (s->udp == NULL || s->endpoint == NULL)
		return false;
	s->bound = *udp_bound(s->udp, 0);
	return true;
}

void
side_close(struct side *s)
{
	endpoint_free(s->endpoint);
	udp_close(s->udp);
}

static void
on_packet(
	void *ctx, const struct path *path, const uint8_t *bytes, size_t len, uint8_t ecn)
{
	struct side *s = ctx;

	endpoint_recv(s->endpoint, path, bytes, len, ecn, side_now_ns());
}

static void
on_unreachable(void *ctx, const struct address *remote)
{
	(void)ctx;
	(void)remote;
}

static void
flush(struct side *s, uint64_t now_ns)
{
	struct path path;
	size_t blocked, len;
	uint8_t *room;

	do {
		while ((room = udp_room(s->udp)) != NULL) {
			len = endpoint_send(s->endpoint, room, QUIC_PACKET_LEN_MAX, &path,
				now_ns);
			if (len == 0)
				break;
			udp_put(s->udp, &path, len);
		}
		if (udp_pending(s->udp) && udp_flush(s->udp, &blocked) != 0)
			return;
	} while (room == NULL);
}

bool
side_turn(struct side *s, int other, int patience_ms)
{
	const struct udp_handler handler = { on_packet, on_unreachable, s };
	struct pollfd fds[2] = { { .fd = udp_fd(s->udp, 0), .events = POLLIN },
		{ .fd = other, .events = POLLIN } };
	uint64_t now_ns = side_now_ns(), due_ns;
	bool due;
	int timeout = patience_ms, ready;

	if (endpoint_deadline(s->endpoint) <= now_ns)
		endpoint_tick(s->endpoint, now_ns);
	flush(s, now_ns);
	due_ns = endpoint_deadline(s->endpoint);
	due = due_ns < now_ns + (uint64_t)patience_ms * NS_PER_MS;
	if (due)
		timeout = due_ns <= now_ns
				? 0
				: (int)((due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
	ready = poll(fds, 2, timeout);
	if (fds[0].revents != 0)
		(void)udp_read(s->udp, 0, &handler);
	s->asked = other >= 0 && fds[1].revents != 0;
	return ready > 0 || due || other >= 0;
}
