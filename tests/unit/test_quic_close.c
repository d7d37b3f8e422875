/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "quic_net.h"
#include "wire/frame.h"

static void
assert_down(struct net *n, size_t i, enum quic_end end, bool by_peer)
{
	assert_int_equal(net_count(n, i, QUIC_DOWN), 1);
	assert_string_equal(quic_end_text(net_find(n, i, QUIC_DOWN, 0)->ev.end),
		quic_end_text(end));
	assert_int_equal(net_find(n, i, QUIC_DOWN, 0)->ev.by_peer, by_peer);
}

/* Each close code is the same reason at both ends, told once, with the text. */
static void
close_codes(void **state)
{
	static const struct {
		enum quic_close_code code;
		enum quic_end end;
	} codes[] = {
		{ CLOSE_GOING_AWAY, END_GRACEFUL },
		{ CLOSE_SUPERSEDED, END_SUPERSEDED },
		{ CLOSE_NOT_ADMITTED, END_NOT_ADMITTED },
		{ CLOSE_PROTOCOL, END_PROTOCOL },
		{ CLOSE_LIMIT, END_LIMIT },
		{ CLOSE_STALLED, END_STALLED },
		{ CLOSE_IDLE, END_IDLE },
	};
	const struct net_event *down;
	struct net *n = *state;
	uint64_t conn[2];
	size_t i, from;

	net_add(n, NULL);
	net_add(n, NULL);
	for (i = 0; i < 2 * sizeof codes / sizeof codes[0]; i++) {
		from = i & 1;
		conn[0] = net_dial(n, 0, 1);
		net_run(n, MILLISECONDS(200));
		conn[1] = net_find(n, 1, QUIC_UP, 0)->ev.conn;
		endpoint_close(n->at[from].e, conn[from], codes[i / 2].code, "because",
			n->now_ns);
		endpoint_close(
			n->at[from].e, conn[from], CLOSE_LIMIT, "twice", n->now_ns);
		net_run(n, SECONDS(1));
		assert_down(n, from, codes[i / 2].end, false);
		assert_down(n, 1 - from, codes[i / 2].end, true);
		down = net_find(n, 1 - from, QUIC_DOWN, 0);
		assert_int_equal(down->ev.code, codes[i / 2].code);
		assert_int_equal(down->ev.bytes.len, 7);
		assert_memory_equal(down->bytes, "because", 7);
		assert_int_equal(net_find(n, 0, QUIC_DOWN, 0)->ev.conn, conn[0]);
		assert_int_equal(endpoint_control(n->at[from].e, conn[from], 3, "", 0),
			ERR_UNKNOWN);
		net_forget(n, 0);
		net_forget(n, 1);
	}
	assert_int_equal(net_stats(n, 0).connections + net_stats(n, 1).connections, 0);
	net_run(n, SECONDS(2));
	assert_int_equal(mem_live(MEM_TOMBSTONE), 0); /* three probe timeouts are over */
}

/* What was queued before the close still arrives: a GOODBYE is worth something. */
static void
last_words(void **state)
{
	struct net *n = *state;
	struct peer_id topic = { { 4 } };
	uint64_t a, b;

	net_pair(n, &a, &b);
	assert_int_equal(endpoint_control(n->at[0].e, a, FRAME_GOODBYE, "\0", 1), 0);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "disconnect", 10), 0);
	endpoint_close(n->at[0].e, a, CLOSE_GOING_AWAY, "bye", n->now_ns);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 1, QUIC_CONTROL), 1);
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 1);
	assert_down(n, 1, END_GRACEFUL, true);
}

/* So does what waited for its pace: a burst went out just before. */
static void
paced_words(void **state)
{
	static uint8_t burst[4000];
	struct net *n = *state;
	struct peer_id topic = { { 4 } };
	uint64_t a, b, sent;

	net_pair(n, &a, &b);
	net_run(n, SECONDS(1));
	sent = net_stats(n, 0).packets_sent;
	for (int i = 0; i < 2; i++)
		assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, burst,
					 sizeof burst),
			0);
	net_run(n, 0);
	assert_true(net_stats(n, 0).packets_sent > sent);
	sent = net_stats(n, 0).packets_sent;
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "disconnect", 10), 0);
	net_run(n, 0);
	assert_int_equal(net_stats(n, 0).packets_sent, sent);	/* it is held */
	endpoint_close(n->at[0].e, a, CLOSE_GOING_AWAY, "bye", n->now_ns);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 3);
	assert_down(n, 1, END_GRACEFUL, true);
}

/* A lost close packet is repeated when the peer shows that it missed it. */
static void
close_is_repeated(void **state)
{
	struct net *n = *state;
	uint64_t a, b;

	net_pair(n, &a, &b);
	endpoint_close(n->at[0].e, a, CLOSE_NOT_ADMITTED, "no", n->now_ns);
	net_mute(n, 0);
	assert_int_equal(net_stats(n, 0).tombstones, 1);
	assert_int_equal(endpoint_control(n->at[1].e, b, FRAME_PING, "x", 1), 0);
	net_run(n, SECONDS(1));
	assert_down(n, 1, END_NOT_ADMITTED, true);
	assert_int_equal(net_stats(n, 0).resets_sent, 0);
}

/* Tombstones are bounded: the oldest goes. */
static void
tombstones_are_bounded(void **state)
{
	struct net *n = *state;
	uint64_t conn;
	unsigned i;

	net_add(n, NULL);
	net_add(n, NULL);
	n->delay_ns = 1000;
	for (i = 0; i < QUIC_TOMBSTONES_MAX + 50; i++) {
		conn = net_dial(n, 0, 1);
		net_run(n, 10000);
		endpoint_close(n->at[0].e, conn, CLOSE_GOING_AWAY, "", n->now_ns);
		net_run(n, 5000);
	}
	assert_true(net_stats(n, 0).tombstones <= QUIC_TOMBSTONES_MAX);
	assert_true(net_stats(n, 0).tombstones >= QUIC_TOMBSTONES_MAX / 2);
	assert_int_equal(net_stats(n, 0).connections, 0);
	net_run(n, SECONDS(5));
	assert_int_equal(net_stats(n, 0).tombstones + net_stats(n, 1).tombstones, 0);
}

/* A peer that falls silent is idle after the idle timeout; nobody says a word to it. */
static void
idle(void **state)
{
	struct endpoint_config config = { .idle_timeout_ns = SECONDS(30),
		.keep_alive_ns = SECONDS(3600) };
	struct net *n = *state;
	uint64_t a, delivered;

	net_add(n, &config);
	net_add(n, &config);
	a = net_dial(n, 0, 1);
	net_run(n, SECONDS(1));
	delivered = n->delivered;
	net_run(n, SECONDS(28));
	assert_int_equal(net_count(n, 0, QUIC_DOWN) + net_count(n, 1, QUIC_DOWN), 0);
	net_run(n, SECONDS(3));
	assert_down(n, 0, END_IDLE, false);
	assert_down(n, 1, END_IDLE, false);
	assert_int_equal(net_find(n, 0, QUIC_DOWN, 0)->ev.conn, a);
	assert_int_equal(n->delivered, delivered);
}

/* A peer that restarted with the same key answers with a reset, and we know at once. */
static void
reset_by_restart(void **state)
{
	struct net *n = *state;
	uint64_t a, b;

	net_pair(n, &a, &b);
	net_run(n, SECONDS(1));
	net_restart(n, 1, NULL);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(net_count(n, 0, QUIC_DOWN), 0);	/* nothing was sent yet */
	assert_int_equal(
		endpoint_control(n->at[0].e, a, FRAME_PING, "are you there", 13), 0);
	net_run(n, MILLISECONDS(20));
	assert_down(n, 0, END_RESET, true);
	assert_int_equal(net_stats(n, 1).resets_sent, 1);
	assert_int_equal(net_stats(n, 0).resets_received, 1);
	net_forget(n, 0);
	net_dial(n, 0, 1);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_UP), 1);
}

/*
 * The control run: somebody else at that address has another secret and cannot reset us.
 */
static void
no_reset_by_others(void **state)
{
	struct net *n = *state;
	uint64_t a, b;

	net_pair(n, &a, &b);
	net_run(n, SECONDS(1));
	net_add(n, NULL);
	n->at[2].address = n->at[1].address;
	n->at[1].address.port++;
	assert_int_equal(
		endpoint_control(n->at[0].e, a, FRAME_PING, "are you there", 13), 0);
	net_run(n, SECONDS(1));
	assert_true(net_stats(n, 2).resets_sent > 0);
	assert_int_equal(net_count(n, 0, QUIC_DOWN), 0);
	assert_int_equal(net_stats(n, 0).resets_received, 0);
}

/* Two that both forgot do not answer each other's resets for ever. */
static void
resets_do_not_loop(void **state)
{
	struct net *n = *state;
	uint64_t a, b;

	net_pair(n, &a, &b);
	assert_int_equal(
		endpoint_control(n->at[0].e, a, FRAME_PING, "are you there", 13), 0);
	net_run(n, 0);
	net_restart(n, 0, NULL);
	net_restart(n, 1, NULL);
	net_run(n, SECONDS(10));
	assert_true(net_stats(n, 0).resets_sent + net_stats(n, 1).resets_sent < 30);
	assert_null(n->first);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)
	const struct CMUnitTest tests[] = {
		CASE(close_codes), CASE(last_words), CASE(paced_words),
		CASE(close_is_repeated),
		CASE(tombstones_are_bounded), CASE(idle), CASE(reset_by_restart),
		CASE(no_reset_by_others), CASE(resets_do_not_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
