/* SPDX-License-Identifier: MIT */
/*
 * Packets of strangers. The first byte chooses: raw packets to an acceptor, a real first
 * packet damaged by the input, or raw packets to a dialer that waits for an answer. The
 * rest is a sequence of packets, each a length in two bytes and its bytes. Whatever
 * comes, nothing may be left once the handshake deadline has passed.
 */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/mem.h"
#include "quic/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { RAW, DAMAGED, DIALER, MODES };

static struct endpoint *
new_endpoint(uint8_t seed_byte, struct peer_id *id)
{
	struct endpoint_config config = { 0 };
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	struct endpoint *e;
	int err;

	memset(config.seed, seed_byte, sizeof config.seed);
	crypto_sign_seed_keypair(id->bytes, secret, config.seed);
	e = endpoint_new(&config, &err);
	assert(e);
	return e;
}

/* Takes all packets out; the last one stays in `to`. */
static size_t
drain(struct endpoint *e, uint8_t *to, uint64_t now_ns)
{
	struct path path;
	size_t len, last = 0;
	struct quic_event ev;

	while ((len = endpoint_send(e, to, QUIC_PACKET_LEN_MAX, &path, now_ns)) > 0)
		last = len;
	while (endpoint_next_event(e, &ev))
		;
	return last;
}

static void
feed(struct endpoint *e, const struct path *path, const uint8_t *bytes, size_t len,
	const uint8_t *cid, uint64_t *now_ns)
{
	uint8_t out[QUIC_PACKET_LEN_MAX], packet[QUIC_PACKET_LEN_MAX];
	size_t n;

	while (len >= 2) {
		n = ((size_t)bytes[0] << 8 | bytes[1]) % (QUIC_PACKET_LEN_MAX + 1);
		bytes += 2;
		len -= 2;
		if (n > len)
			n = len;
		memcpy(packet, bytes, n);
		/* A packet for the dialer needs its id, which is random. */
		if (cid && n > 14 && (packet[0] & 0x80))
			memcpy(packet + 6, cid, QUIC_CID_LEN);
		else if (cid && n > 9)
			memcpy(packet + 1, cid, QUIC_CID_LEN);
		endpoint_recv(e, path, packet, n, 0, *now_ns);
		drain(e, out, *now_ns);
		*now_ns += MILLISECONDS(10);
		endpoint_tick(e, *now_ns);
		drain(e, out, *now_ns);
		bytes += n;
		len -= n;
	}
}

static void
expect_nothing_left(struct endpoint *e, uint64_t now_ns)
{
	uint8_t out[QUIC_PACKET_LEN_MAX];
	struct endpoint_stats stats;
	int i;

	for (i = 0; i < 200; i++) {
		endpoint_tick(e, now_ns + (uint64_t)i * MILLISECONDS(100));
		drain(e, out, now_ns + (uint64_t)i * MILLISECONDS(100));
	}
	endpoint_stats(e, &stats);
	assert(stats.connections == 0 && stats.handshakes == 0 && stats.streams == 0);
	assert(stats.tombstones == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct path path = { { .family = 4, .ip = { 10, 0, 0, 1 }, .port = 4000 },
		{ .family = 4, .ip = { 10, 0, 0, 2 }, .port = 4000 } };
	uint8_t first[QUIC_PACKET_LEN_MAX];
	uint64_t now_ns = SECONDS(1), conn;
	struct endpoint *server, *client;
	struct peer_id server_id, client_id;
	size_t first_len, i;

	if (len == 0 || sodium_init() < 0)
		return 0;
	server = new_endpoint(1, &server_id);
	client = new_endpoint(2, &client_id);
	assert(endpoint_dial(client, &server_id, &path, now_ns, &conn) == 0);
	first_len = drain(client, first, now_ns);
	assert(first_len >= 1200);
	switch (bytes[0] % MODES) {
	case RAW:
		feed(server, &path, bytes + 1, len - 1, NULL, &now_ns);
		break;
	case DAMAGED:
		for (i = 1; i + 2 < len; i += 3)
			first[((size_t)bytes[i] << 8 | bytes[i + 1]) % first_len] ^=
				bytes[i + 2];
		endpoint_recv(server, &path, first, first_len, 0, now_ns);
		drain(server, first, now_ns);
		break;
	case DIALER:
		/* Its source id: after the destination id of 16 bytes. */
		feed(client, &path, bytes + 1, len - 1, first + 6 + 16 + 1, &now_ns);
		break;
	}
	expect_nothing_left(server, now_ns);
	expect_nothing_left(client, now_ns);
	endpoint_free(server);
	endpoint_free(client);
	assert(mem_live(MEM_CONNECTION) == 0 && mem_live(MEM_HANDSHAKE) == 0);
	return 0;
}
