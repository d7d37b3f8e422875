/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "quic_net.h"
#include "wire/frame.h"

/* A path from a stranger in the `net`th /24 to endpoint 1. */
static struct path
stranger_path(const struct net *n, unsigned net)
{
	struct path path = net_path(n, 1, 1);

	path.remote = (struct address){ .family = 4, .port = (uint16_t)(1024 + net),
		.ip = { 20, (uint8_t)(net >> 8), (uint8_t)net, 1 } };
	return path;
}

/* The first packet of a new dial by endpoint 0, which then forgets it. */
static size_t
first_packet(struct net *n, uint8_t *packet)
{
	struct path path = net_path(n, 0, 1);
	uint64_t conn;
	size_t len;

	assert_int_equal(
		endpoint_dial(n->at[0].e, &n->at[1].id, &path, n->now_ns, &conn), 0);
	len = endpoint_send(n->at[0].e, packet, QUIC_PACKET_LEN_MAX, &path, n->now_ns);
	assert_true(len >= 1200);
	endpoint_close(n->at[0].e, conn, CLOSE_GOING_AWAY, "", n->now_ns);
	net_mute(n, 0);
	return len;
}

/*
 * A thousand strangers begin and fall silent: bounded, told, reaped, and nothing stays.
 */
static void
half_open(void **state)
{
	struct net *n = *state;
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	struct endpoint_stats s;
	struct path path;
	unsigned i;
	size_t len;

	net_add(n, NULL);
	net_add(n, NULL);
	for (i = 0; i < 1000; i++) {
		len = first_packet(n, packet);
		path = stranger_path(n, i);
		endpoint_recv(n->at[1].e, &path, packet, len, 0, n->now_ns);
		net_mute(n, 1);
	}
	s = net_stats(n, 1);
	/* Above a quarter of the bound they have to prove their address first. */
	assert_int_equal(s.handshakes, QUIC_HANDSHAKES_MAX / 4 + 1);
	assert_int_equal(s.retries_sent, 1000 - (QUIC_HANDSHAKES_MAX / 4 + 1));
	net_run(n, QUIC_HANDSHAKE_DEADLINE + SECONDS(1));
	s = net_stats(n, 1);
	assert_int_equal(s.handshakes, 0);
	assert_int_equal(s.connections, 0);
	assert_int_equal(s.ended[END_HANDSHAKE_TIMEOUT], QUIC_HANDSHAKES_MAX / 4 + 1);
	assert_int_equal(
		n->at[1].events_count, 0); /* the one above never heard of them */
	assert_int_equal(mem_live(MEM_HANDSHAKE), 0);
	net_dial(n, 0, 1);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_UP), 1);
}

/* One /24 cannot take all of it, and who is refused learns it at once. */
static void
refused_at_the_bound(void **state)
{
	struct endpoint_config config = {
		.handshakes_max = 4 * QUIC_HANDSHAKES_PER_NET_MAX };
	struct net *n = *state;
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	struct path path;
	unsigned i;
	size_t len;

	net_add(n, NULL);
	net_add(n, &config);
	for (i = 0; i < QUIC_HANDSHAKES_PER_NET_MAX; i++) {
		len = first_packet(n, packet);
		path = net_path(n, 1, 1);
		path.remote = n->at[0].address;	/* the net of endpoint 0 */
		path.remote.ip[3] = (uint8_t)(100 + i);
		endpoint_recv(n->at[1].e, &path, packet, len, 0, n->now_ns);
		net_mute(n, 1);
	}
	assert_int_equal(net_stats(n, 1).handshakes, QUIC_HANDSHAKES_PER_NET_MAX);
	net_dial(n, 0, 1);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(net_count(n, 0, QUIC_DOWN), i + 1);
	assert_int_equal(net_find(n, 0, QUIC_DOWN, i)->ev.end, END_REFUSED);
	assert_int_equal(net_stats(n, 1).refused_limit, 1);
	/* Another net is still welcome. */
	len = first_packet(n, packet);
	path = stranger_path(n, 1);
	endpoint_recv(n->at[1].e, &path, packet, len, 0, n->now_ns);
	assert_int_equal(net_stats(n, 1).refused_limit, 1);
	net_run(n, SECONDS(6));
	net_dial(n, 0, 1);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_UP), 1);
}

/* Under pressure a real dialer goes through Retry and comes up all the same. */
static void
retry(void **state)
{
	struct endpoint_config config = { .handshakes_max = 8 };
	struct net *n = *state;
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	struct path path;
	unsigned i;
	size_t len;

	net_add(n, NULL);
	net_add(n, &config);
	for (i = 0; i < 3; i++) {
		len = first_packet(n, packet);
		path = stranger_path(n, i);
		endpoint_recv(n->at[1].e, &path, packet, len, 0, n->now_ns);
		net_mute(n, 1);
	}
	net_forget(n, 0);
	net_dial(n, 0, 1);
	net_run(n, SECONDS(1));
	assert_int_equal(net_stats(n, 1).retries_sent, 1);
	assert_int_equal(net_count(n, 0, QUIC_UP), 1);
	assert_int_equal(net_count(n, 1, QUIC_UP), 1);
}

/* A Retry token is good for the address it was given to, and no other. */
static void
stolen_token(void **state)
{
	struct endpoint_config config = { .handshakes_max = 4 };
	struct net *n = *state;
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	struct path path, to;
	unsigned i;
	size_t len;

	net_add(n, NULL);
	net_add(n, &config);
	for (i = 0; i < 2; i++) {
		len = first_packet(n, packet);
		path = stranger_path(n, i);
		endpoint_recv(n->at[1].e, &path, packet, len, 0, n->now_ns);
		net_mute(n, 1);
	}
	net_dial(n, 0, 1);
	len = endpoint_send(n->at[0].e, packet, sizeof packet, &to, n->now_ns);
	path = (struct path){ to.remote, to.local };
	endpoint_recv(n->at[1].e, &path, packet, len, 0, n->now_ns);
	len = endpoint_send(n->at[1].e, packet, sizeof packet, &path, n->now_ns);
	endpoint_recv(n->at[0].e, &to, packet, len, 0, n->now_ns);
	len = endpoint_send(n->at[0].e, packet, sizeof packet, &to, n->now_ns);
	assert_true(len >= 1200);	/* the second Initial, with the token */
	path = stranger_path(n, 99);
	endpoint_recv(n->at[1].e, &path, packet, len, 0, n->now_ns);
	assert_int_equal(net_stats(n, 1).handshakes, 2);
	path = (struct path){ to.remote, to.local };
	endpoint_recv(n->at[1].e, &path, packet, len, 0, n->now_ns);
	assert_int_equal(net_stats(n, 1).handshakes, 3);
}

/* Eight dialers at once against a bound of eight: all come up, most by way of Retry. */
static void
crowd(void **state)
{
	struct endpoint_config config = { .handshakes_max = 8 };
	struct net *n = *state;
	int i;

	net_add(n, NULL);
	net_add(n, &config);
	for (i = 0; i < 8; i++)
		net_dial(n, 0, 1);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_UP), 8);
	assert_true(net_stats(n, 1).retries_sent >= 5);
}

static uint64_t
accounted(const struct endpoint_stats *s)
{
	return s->dropped_malformed + s->dropped_unknown + s->handshakes_started +
		s->retries_sent + s->refused_limit;
}

/* Noise of every length is counted, and what is answered is smaller than the question. */
static void
garbage(void **state)
{
	struct net *n = *state;
	uint8_t packet[QUIC_PACKET_LEN_MAX], answer[QUIC_PACKET_LEN_MAX];
	struct endpoint_stats s = { 0 };
	uint64_t before = 0, now_ns;
	struct path path, to;
	size_t len, out;
	unsigned i;

	net_add(n, NULL);
	net_add(n, NULL);
	for (i = 0; i < 20000; i++) {
		now_ns = n->now_ns + i * 100000;
		len = rng_below(&n->rng, sizeof packet + 1);
		rng_bytes(&n->rng, packet, len);
		if (len > 5 && i % 3 == 0)
			memcpy(packet, "\xc0\0\0\0\1", 5); /* looks like an Initial */
		path = stranger_path(n, i % 500);
		endpoint_recv(n->at[1].e, &path, packet, len, 0, now_ns);
		while ((out = endpoint_send(n->at[1].e, answer, sizeof answer, &to,
				now_ns)) > 0)
			assert_true(out < len);
		s = net_stats(n, 1);
		assert_true(accounted(&s) > before);
		before = accounted(&s);
	}
	assert_true(s.dropped_malformed > 0 && s.dropped_unknown > 0);
	assert_true(s.resets_sent > 0 && s.resets_sent <= 3 * QUIC_RESETS_PER_S);
	n->now_ns += SECONDS(3);
	net_run(n, SECONDS(10));
	assert_int_equal(net_stats(n, 1).connections, 0);
	assert_int_equal(n->at[1].events_count, 0);
}

/* Damaged first packets begin nothing that does not end. */
static void
mutated_first_packets(void **state)
{
	struct net *n = *state;
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	struct path path;
	unsigned i, k;
	size_t len;

	net_add(n, NULL);
	net_add(n, NULL);
	for (i = 0; i < 2000; i++) {
		len = first_packet(n, packet);
		for (k = rng_below(&n->rng, 4); k < 4; k++)
			packet[rng_below(&n->rng, k == 0 ? len : 60)] ^=
				(uint8_t)rng_u64(&n->rng);
		if (i % 5 == 0)
			len = rng_below(&n->rng, len + 1);
		path = stranger_path(n, i);
		endpoint_recv(n->at[1].e, &path, packet, len, 0, n->now_ns);
		net_mute(n, 1);
		n->now_ns += MILLISECONDS(20);
		endpoint_tick(n->at[1].e, n->now_ns);
		net_mute(n, 1);
	}
	net_run(n, SECONDS(10));
	assert_int_equal(net_stats(n, 1).connections, 0);
	assert_int_equal(mem_live(MEM_HANDSHAKE), 0);
	assert_int_equal(net_count(n, 1, QUIC_UP), 0);
}

/* Damage under way costs packets, never a byte of the payload. */
static void
mutated_traffic(void **state)
{
	struct net *n = *state;
	static uint8_t body[20000];
	uint64_t a, b;
	int64_t stream;
	size_t i;

	n->reflect_events = true;
	net_pair(n, &a, &b);
	n->mutate_percent = 10;
	for (i = 0; i < sizeof body; i++)
		body[i] = (uint8_t)(i * 7);
	for (i = 0; i < 20; i++) {
		assert_int_equal(endpoint_request(n->at[0].e, a, FRAME_ECHO, body,
					 sizeof body, &stream),
			0);
		net_run(n, SECONDS(1));
	}
	net_run(n, SECONDS(5));
	assert_int_equal(net_count(n, 0, QUIC_RESPONSE), 20);
	for (i = 0; i < 20; i++)
		assert_memory_equal(
			net_find(n, 0, QUIC_RESPONSE, i)->bytes, body, sizeof body);
	assert_int_equal(net_count(n, 0, QUIC_DOWN), 0);
}

/* A version we do not speak is answered with the one we do, if the question was large. */
static void
version_negotiation(void **state)
{
	struct net *n = *state;
	uint8_t packet[QUIC_PACKET_LEN_MAX] = { 0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3,
		4, 5, 6, 7, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9 };
	uint8_t answer[QUIC_PACKET_LEN_MAX];
	struct path path, to;
	size_t len;

	net_add(n, NULL);
	net_add(n, NULL);
	path = stranger_path(n, 1);
	endpoint_recv(n->at[1].e, &path, packet, 400, 0, n->now_ns);
	assert_int_equal(
		endpoint_send(n->at[1].e, answer, sizeof answer, &to, n->now_ns), 0);
	endpoint_recv(n->at[1].e, &path, packet, 1200, 0, n->now_ns);
	len = endpoint_send(n->at[1].e, answer, sizeof answer, &to, n->now_ns);
	assert_true(len > 0 && len < 100);
	assert_memory_equal(answer + 1, "\0\0\0\0", 4);
	assert_true(address_equal(&to.remote, &path.remote));
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)
	const struct CMUnitTest tests[] = {
		CASE(half_open),
		CASE(refused_at_the_bound),
		CASE(retry),
		CASE(stolen_token),
		CASE(crowd),
		CASE(garbage),
		CASE(mutated_first_packets),
		CASE(mutated_traffic),
		CASE(version_negotiation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
