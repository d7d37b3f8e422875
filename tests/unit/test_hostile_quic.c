/* SPDX-License-Identifier: MIT */
/*
 * Strangers at the door of a whole node: what never becomes a link. Each test runs twice,
 * and the second time with the guard taken out (--wrap), when it has to fail.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "unit/bad_peer.h"
#include "unit/guards_quic.h"

static struct world w;
static struct bad_peer bad;

static void
begin(uint32_t handshakes_max)
{
	world_init(&w, 3);
	world_add(&w, "mesh1", "broker", -1, NULL);
	if (handshakes_max != 0) {
		world_kill(&w, 0);
		w.nodes[0].config.handshakes_max = handshakes_max;
		world_restart(&w, 0);
	}
	bad_peer_init(&bad, &w);
	guard_stranger = bad.identity.id;
}

static void
end(void)
{
	bad_peer_fini(&bad);
	world_fini(&w);
	guards_quic_fini();
	guard_client = HONEST;
	guard_out = NONE;
}

static uint64_t
count(enum node_count what)
{
	return world_status(&w, 0).counts[what];
}

/* Whoever is connected says HELLO; a link is what must not come of it. */
static bool
linked(void)
{
	world_run(&w, MILLISECONDS(100), NULL);
	if (bad.ups > 0)
		bad_peer_hello(&bad, "mesh1");
	world_run(&w, MILLISECONDS(100), NULL);
	return count(NODE_COUNT_LINKS) > 0;
}

/* True when this client was kept out, told so, and counted, and nothing of it is left. */
static bool
kept_out(enum client kind, enum guard without)
{
	bool good;

	begin(0);
	guard_client = kind;
	guard_out = without;
	bad_peer_dial(&bad, 0);
	good = !linked() && bad.downs == 1 && count(NODE_COUNT_HANDSHAKES_FAILED) == 1;
	world_run(&w, SECONDS(6), NULL);
	good = good && count(NODE_COUNT_CONNECTIONS) == 0;
	end();
	return good;
}

/* No certificate, X.509 in place of a raw key, another protocol: none gets in. */
static void
clients_of_the_wrong_kind(void **state)
{
	(void)state;
	assert_false(kept_out(HONEST, NONE));
	assert_true(kept_out(NO_CERTIFICATE, NONE));
	assert_false(kept_out(NO_CERTIFICATE, CERTIFICATE));
	assert_true(kept_out(WITH_X509, NONE));
	assert_false(kept_out(WITH_X509, X509));
	assert_true(kept_out(OTHER_ALPN, NONE));
	assert_false(kept_out(OTHER_ALPN, ALPN));
}

static bool
wrong_key_is_noticed(enum guard without)
{
	struct seed s = { .address = world_address(0) };
	struct identity other;
	bool good;

	begin(0);
	guard_out = without;
	identity_from_seed(&other, (const uint8_t[32]){ 42 });
	s.id = other.id;
	s.address = bad.address;
	node_add_seed(w.nodes[0].node, &s, "mesh1", w.now_ns);
	node_tick(w.nodes[0].node, w.now_ns, 1);
	good = !linked() && count(NODE_COUNT_KEY_MISMATCH) > 0;
	end();
	return good;
}

/* Somebody else answers at the address of a seed: his key is not the one we dialed. */
static void
wrong_key(void **state)
{
	(void)state;
	assert_true(wrong_key_is_noticed(NONE));
	assert_false(wrong_key_is_noticed(KEY));
}

/* The first packet of a dial that is then forgotten. */
static size_t
initial(uint8_t *to)
{
	uint8_t rest[QUIC_PACKET_LEN_MAX];
	struct quic_event ev;
	struct path path;
	size_t len;

	bad_peer_dial(&bad, 0);
	len = endpoint_send(bad.e, to, QUIC_PACKET_LEN_MAX, &path, w.now_ns);
	assert_true(len >= 1200);
	endpoint_close(bad.e, bad.conn, CLOSE_GOING_AWAY, "", w.now_ns);
	while (endpoint_send(bad.e, rest, sizeof rest, &path, w.now_ns) > 0 ||
		endpoint_next_event(bad.e, &ev))
		;
	return len;
}

/* Somewhere in the i-th /24. */
static struct address
elsewhere(unsigned i)
{
	return (struct address){ .family = 4,
		.ip = { 20, (uint8_t)(i >> 8), (uint8_t)i, 1 },
		.port = (uint16_t)(WORLD_NOWHERE_PORT_BASE + i % 1000) };
}

static bool
replays_begin_one_handshake(enum guard without)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	struct address from = elsewhere(0), other = elsewhere(1);
	bool good;
	size_t len;

	begin(0);
	guard_out = without;
	len = initial(packet);
	for (unsigned i = 0; i < 500; i++) {
		world_inject(&w, 0, &from, packet, len);
		world_inject(&w, 0, &other, packet, len);
	}
	good = count(NODE_COUNT_HANDSHAKES) == 1 &&
		count(NODE_COUNT_PACKETS_UNKNOWN) == 500;
	world_run(&w, SECONDS(6), NULL);
	assert_int_equal(count(NODE_COUNT_HANDSHAKES), 0);
	end();
	return good;
}

/* One first packet a thousand times, from two places: one handshake, which ends. */
static void
replayed_initial(void **state)
{
	(void)state;
	assert_true(replays_begin_one_handshake(NONE));
	assert_false(replays_begin_one_handshake(CID));
}

static bool
truncated_begins_nothing(enum guard without)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	struct address from = elsewhere(0);
	uint64_t dropped;
	size_t len;
	bool good;

	begin(0);
	guard_out = without;
	len = initial(packet);
	for (size_t cut = 0; cut < 1200; cut += 7)
		world_inject(&w, 0, &from, packet, cut);
	dropped = count(NODE_COUNT_PACKETS_MALFORMED) + count(NODE_COUNT_PACKETS_UNKNOWN);
	good = count(NODE_COUNT_HANDSHAKES) == 0 &&
		count(NODE_COUNT_HANDSHAKES_FAILED) == 0 && dropped == 1200 / 7 + 1;
	world_inject(&w, 0, &from, packet, len);
	good = good && count(NODE_COUNT_HANDSHAKES) == 1;
	end();
	return good;
}

/* A first packet that is cut short begins nothing; whole it begins one handshake. */
static void
truncated_initial(void **state)
{
	(void)state;
	assert_true(truncated_begins_nothing(NONE));
	assert_false(truncated_begins_nothing(LENGTH));
}

static bool
half_open_is_bounded(uint32_t handshakes_max)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	bool good;

	begin(handshakes_max);
	for (unsigned i = 0; i < 100; i++) {
		struct address from = elsewhere(i);
		size_t len = initial(packet);

		world_inject(&w, 0, &from, packet, len);
	}
	/* Above a quarter of 8 the rest has to prove its address first. */
	good = count(NODE_COUNT_HANDSHAKES) == 3 && count(NODE_COUNT_RETRIES) == 97;
	/* A real dialer can, at the height of it. */
	bad_peer_dial(&bad, 0);
	good = good && linked() && count(NODE_COUNT_RETRIES) == 98;
	world_run(&w, SECONDS(6), NULL);
	assert_int_equal(count(NODE_COUNT_HANDSHAKES), 0);
	end();
	return good;
}

/* Those who begin and fall silent are few, then Retry; they go at their deadline. */
static void
half_open(void **state)
{
	(void)state;
	assert_true(half_open_is_bounded(8));
	assert_false(half_open_is_bounded(0));
}

static bool
refusal_is_said(enum guard without)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	bool good;

	begin(8 * QUIC_HANDSHAKES_PER_NET_MAX);
	guard_out = without;
	for (unsigned i = 0; i < QUIC_HANDSHAKES_PER_NET_MAX; i++) {
		struct address from =
			world_address((uint16_t)(WORLD_NOWHERE_PORT_BASE + i));
		size_t len = initial(packet);

		world_inject(&w, 0, &from, packet, len);
	}
	bad_peer_dial(&bad, 0);
	world_run(&w, MILLISECONDS(5), NULL);
	good = bad.downs == 1 && bad.down.end == END_REFUSED &&
		count(NODE_COUNT_HANDSHAKES_FULL) == 1;
	end();
	return good;
}

/* At the bound of its network a dialer is refused within a round trip, in words. */
static void
refused_at_the_bound(void **state)
{
	(void)state;
	assert_true(refusal_is_said(NONE));
	assert_false(refusal_is_said(NET));
}

static uint64_t swallowed;

static void
swallow(void *ctx, const struct path *path, const uint8_t *bytes, size_t len,
	uint64_t now_ns)
{
	(void)ctx;
	(void)path;
	(void)bytes;
	(void)now_ns;
	swallowed += len;
}

static bool
answers_are_bounded(enum guard without)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	uint64_t sent = 0;
	bool good;

	begin(0);
	guard_out = without;
	for (unsigned i = 0; i < 20; i++) {
		struct address from = elsewhere(i);
		size_t len = initial(packet);

		world_inject(&w, 0, &from, packet, len);
		sent += len;
	}
	world_run(&w, SECONDS(6), NULL);
	print_message("# %u bytes came, %u went to unproven addresses\n", (unsigned)sent,
		(unsigned)w.nowhere_bytes);
	good = w.nowhere_bytes >= 1 && w.nowhere_bytes <= 3 * sent;
	end();
	return good;
}

/* Nobody can be made to receive more than three times what came in his name. */
static void
amplification(void **state)
{
	(void)state;
	assert_true(answers_are_bounded(NONE));
	assert_false(answers_are_bounded(CREDIT));
}

/* The control: who has proven his address by a Retry and falls silent gets more. */
static void
proven_addresses_get_more(void **state)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];

	(void)state;
	begin(4);
	for (unsigned i = 0; i < 2; i++) {
		struct address from = elsewhere(i);
		size_t len = initial(packet);

		world_inject(&w, 0, &from, packet, len);
	}
	bad_peer_dial(&bad, 0);
	/* Initial, Retry, and the Initial with the token is on its way. */
	world_run(&w, 5 * NS_PER_MS / 2, NULL);
	assert_int_equal(count(NODE_COUNT_RETRIES), 1);
	w.guests[bad.place] = (struct world_guest){ .ctx = &bad, .recv = swallow };
	swallowed = 0;
	world_run(&w, SECONDS(6), NULL);
	print_message("# 1200 bytes came, %u went to a proven address\n",
		(unsigned)swallowed);
	assert_true(swallowed > 3 * 1452);
	end();
}

static uint64_t
accounted(void)
{
	return count(NODE_COUNT_PACKETS_MALFORMED) + count(NODE_COUNT_PACKETS_UNKNOWN) +
		count(NODE_COUNT_HANDSHAKES_FAILED) + count(NODE_COUNT_HANDSHAKES) +
		count(NODE_COUNT_RETRIES) + count(NODE_COUNT_HANDSHAKES_FULL);
}

static bool
garbage_is_dropped(enum guard without)
{
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	bool good = true;

	begin(0);
	guard_out = without;
	for (unsigned i = 0; i < 5000 && good; i++) {
		size_t len = rng_below(&w.rng, sizeof packet + 1);
		uint64_t before = accounted(), answered = w.nowhere_bytes;
		struct address from = elsewhere(i % 300);

		rng_bytes(&w.rng, packet, len);
		if (len > 5 && i % 3 == 0)
			memcpy(packet, "\xc0\0\0\0\1", 5);
		world_inject(&w, 0, &from, packet, len);
		good = accounted() > before;
		world_run(&w, MILLISECONDS(2), NULL);
		good = good && w.nowhere_bytes - answered < (len ? len : 1);
	}
	world_run(&w, SECONDS(6), NULL);
	good = good && count(NODE_COUNT_CONNECTIONS) == 0 && w.nowhere_packets > 0;
	end();
	return good;
}

/* Noise is counted, leaves nothing, and is answered by less than it was, or not. */
static void
garbage(void **state)
{
	(void)state;
	assert_true(garbage_is_dropped(NONE));
	assert_false(garbage_is_dropped(RESET));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_of_the_wrong_kind),
		cmocka_unit_test(wrong_key),
		cmocka_unit_test(replayed_initial),
		cmocka_unit_test(truncated_initial),
		cmocka_unit_test(half_open),
		cmocka_unit_test(refused_at_the_bound),
		cmocka_unit_test(amplification),
		cmocka_unit_test(proven_addresses_get_more),
		cmocka_unit_test(garbage),
	};

	return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
