/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "quic/conn.h"
#include "quic_net.h"
#include "wire/frame.h"

/* Both ends know each other by key and agree on the exporter's bytes. */
static void
handshake(void **state)
{
	struct net *n = *state;
	struct endpoint_conn_info a, b;
	const struct net_event *up;
	uint64_t dialed;

	net_add(n, NULL);
	net_add(n, NULL);
	dialed = net_dial(n, 0, 1);
	net_run(n, MILLISECONDS(12));
	/*
	 * TLS is through at the client, but the server has not said that it takes our
	 * key.
	 */
	assert_true(conn_find(n->at[0].e, dialed)->completed);
	assert_int_equal(net_count(n, 0, QUIC_UP), 0);
	net_run(n, MILLISECONDS(50));
	up = net_find(n, 0, QUIC_UP, 0);
	assert_non_null(up);
	assert_int_equal(up->ev.conn, dialed);
	assert_true(up->ev.dialed);
	assert_int_equal(up->ev.alpn, ALPN_MESHTUI);
	assert_true(id_equal(&up->ev.peer, &n->at[1].id));
	assert_int_equal(endpoint_conn_info(n->at[0].e, dialed, &a), 0);
	up = net_find(n, 1, QUIC_UP, 0);
	assert_non_null(up);
	assert_false(up->ev.dialed);
	assert_true(id_equal(&up->ev.peer, &n->at[0].id));
	assert_int_equal(endpoint_conn_info(n->at[1].e, up->ev.conn, &b), 0);
	assert_memory_equal(a.exporter, b.exporter, sizeof a.exporter);
	assert_false(sodium_is_zero(a.exporter, sizeof a.exporter));
	assert_true(a.rtt_ns >= MILLISECONDS(10) && a.rtt_ns < MILLISECONDS(40));
	assert_true(a.idle && b.idle);
	assert_int_equal(mem_live(MEM_HANDSHAKE), 0);
	assert_null(conn_find(n->at[0].e, dialed)->tls);	/* freed: 10 KB each */
	assert_int_equal(net_stats(n, 0).handshakes_completed, 1);
	assert_int_equal(net_stats(n, 0).handshakes_accepted, 0);
	assert_int_equal(net_stats(n, 1).handshakes_accepted, 1);
}

/* Two connections of one pair have different exporters: a proof is good for one only. */
static void
exporter_is_of_the_connection(void **state)
{
	struct net *n = *state;
	struct endpoint_conn_info a, b;
	uint64_t first, accepted, second;

	net_pair(n, &first, &accepted);
	second = net_dial(n, 0, 1);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(endpoint_conn_info(n->at[0].e, first, &a), 0);
	assert_int_equal(endpoint_conn_info(n->at[0].e, second, &b), 0);
	assert_memory_not_equal(a.exporter, b.exporter, sizeof a.exporter);
}

/* Whoever has another key than the one we dialed never comes up, on either side. */
static void
wrong_key(void **state)
{
	struct net *n = *state;
	struct path path;
	uint64_t conn;

	net_add(n, NULL);
	net_add(n, NULL);
	net_add(n, NULL);
	path = net_path(n, 0, 1);
	assert_int_equal(
		endpoint_dial(n->at[0].e, &n->at[2].id, &path, n->now_ns, &conn), 0);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_UP) + net_count(n, 1, QUIC_UP), 0);
	assert_int_equal(net_count(n, 0, QUIC_DOWN), 1);
	assert_int_equal(net_find(n, 0, QUIC_DOWN, 0)->ev.end, END_KEY_MISMATCH);
	assert_int_equal(net_find(n, 0, QUIC_DOWN, 0)->ev.conn, conn);
	assert_int_equal(net_count(n, 1, QUIC_DOWN), 0);	/* never heard of it */
	assert_int_equal(net_stats(n, 0).ended[END_KEY_MISMATCH], 1);
	assert_int_equal(net_stats(n, 1).handshakes_failed, 1);
	assert_int_equal(net_stats(n, 1).connections, 0);
}

/* A dial that offers only `alpn`. */
static uint64_t
dial_with(struct net *n, const char *alpn)
{
	uint64_t number = net_dial(n, 0, 1);
	struct conn *c = conn_find(n->at[0].e, number);

	gnutls_deinit(c->tls);
	c->tls = tls_session_new(
		n->at[0].e->tls, false, &alpn, 1, &c->ref, conn_verify_peer);
	assert_non_null(c->tls);
	ngtcp2_conn_set_tls_native_handle(c->quic, c->tls);
	return number;
}

/*
 * A dialer that speaks something else is refused, by the alert no_application_protocol.
 */
static void
wrong_alpn(void **state)
{
	struct net *n = *state;

	net_add(n, NULL);
	net_add(n, NULL);
	dial_with(n, "h3");
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_UP) + net_count(n, 1, QUIC_UP), 0);
	assert_int_equal(net_find(n, 0, QUIC_DOWN, 0)->ev.end, END_REFUSED);
	assert_int_equal(net_find(n, 0, QUIC_DOWN, 0)->ev.code, 0x100 + 120);
	assert_int_equal(net_stats(n, 1).ended[END_PROTOCOL], 1);
}

/* With both ALPNs offered the acceptor takes the first of its own list. */
static void
both_alpns(void **state)
{
	struct endpoint_config config = { .offer_gossip = true };
	struct net *n = *state;

	net_add(n, &config);
	net_add(n, NULL);
	net_dial(n, 0, 1);
	net_run(n, SECONDS(1));
	assert_int_equal(net_find(n, 0, QUIC_UP, 0)->ev.alpn, ALPN_MESHTUI);
	assert_int_equal(net_find(n, 1, QUIC_UP, 0)->ev.alpn, ALPN_MESHTUI);
}

/* On /iroh-gossip/1 there are gossip streams without a first byte, and nothing else. */
static void
gossip_alpn(void **state)
{
	struct net *n = *state;
	struct peer_id topic = { { 9 } };
	uint64_t conn, accepted;
	struct stream *s;
	int64_t stream;

	net_add(n, NULL);
	net_add(n, NULL);
	conn = dial_with(n, "/iroh-gossip/1");
	net_run(n, SECONDS(1));
	assert_int_equal(net_find(n, 0, QUIC_UP, 0)->ev.alpn, ALPN_GOSSIP);
	assert_int_equal(net_find(n, 1, QUIC_UP, 0)->ev.alpn, ALPN_GOSSIP);
	accepted = net_find(n, 1, QUIC_UP, 0)->ev.conn;
	assert_int_equal(
		endpoint_control(n->at[0].e, conn, FRAME_PING, "", 0), ERR_STATE);
	assert_int_equal(endpoint_request(n->at[0].e, conn, FRAME_ECHO, "", 0, &stream),
		ERR_STATE);
	assert_int_equal(endpoint_gossip(n->at[0].e, conn, &topic, "ab", 2), 0);
	assert_int_equal(endpoint_gossip(n->at[1].e, accepted, &topic, "cd", 2), 0);
	net_run(n, SECONDS(1));
	assert_memory_equal(net_find(n, 1, QUIC_GOSSIP, 0)->bytes, "ab", 2);
	assert_true(id_equal(&net_find(n, 1, QUIC_GOSSIP, 0)->ev.topic, &topic));
	assert_memory_equal(net_find(n, 0, QUIC_GOSSIP, 0)->bytes, "cd", 2);
	/* A request of the peer all the same is reset, and the rest goes on. */
	assert_int_equal(
		stream_open(conn_find(n->at[0].e, conn), STREAM_RESPONSE, true, &s), 0);
	assert_int_equal(stream_put(s, "\x10\x01x", 3), 0);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 1, QUIC_REQUEST) + net_count(n, 1, QUIC_DOWN), 0);
	assert_int_equal(net_stats(n, 1).streams, 2);
}

/* A dead port ends the dial after the handshake deadline, not before and not never. */
static void
dead_port(void **state)
{
	struct net *n = *state;
	struct path path;
	uint64_t conn;

	net_add(n, NULL);
	path = (struct path){ n->at[0].address, n->at[0].address };
	path.remote.port = 1;
	assert_int_equal(
		endpoint_dial(n->at[0].e, &n->at[0].id, &path, n->now_ns, &conn), 0);
	net_run(n, MILLISECONDS(4990));
	assert_int_equal(net_count(n, 0, QUIC_DOWN), 0);
	net_run(n, MILLISECONDS(20));
	assert_int_equal(net_count(n, 0, QUIC_DOWN), 1);
	assert_int_equal(net_find(n, 0, QUIC_DOWN, 0)->ev.end, END_HANDSHAKE_TIMEOUT);
	assert_int_equal(mem_live(MEM_HANDSHAKE), 0);
}

/* A dial may be given up by the one above, say after an ICMP error. */
static void
dial_given_up(void **state)
{
	struct net *n = *state;
	uint64_t conn, found;
	struct address remote;

	net_add(n, NULL);
	net_add(n, NULL);
	conn = net_dial(n, 0, 1);
	remote = n->at[1].address;
	assert_int_equal(endpoint_conns_to(n->at[0].e, &remote, &found, 1), 1);
	assert_int_equal(found, conn);
	remote.port++;
	assert_int_equal(endpoint_conns_to(n->at[0].e, &remote, &found, 1), 0);
	endpoint_close(n->at[0].e, conn, CLOSE_GOING_AWAY, "port unreachable", n->now_ns);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_DOWN), 1);
	assert_int_equal(net_count(n, 1, QUIC_UP), 0);
}

/* What cannot be dialed is said at once. */
static void
bad_dials(void **state)
{
	struct net *n = *state;
	struct peer_id bad = { { 2 } };
	struct path path;
	uint64_t conn;

	net_add(n, NULL);
	net_add(n, NULL);
	path = net_path(n, 0, 1);
	assert_int_equal(
		endpoint_dial(n->at[0].e, &bad, &path, n->now_ns, &conn), ERR_ARGUMENT);
	path.remote.port = 0;
	assert_int_equal(endpoint_dial(n->at[0].e, &n->at[1].id, &path, n->now_ns, &conn),
		ERR_ARGUMENT);
	path.remote = (struct address){ .family = 4, .port = 9 };
	assert_int_equal(endpoint_dial(n->at[0].e, &n->at[1].id, &path, n->now_ns, &conn),
		ERR_ARGUMENT);
	path.remote = (struct address){ 0 };
	assert_int_equal(endpoint_dial(n->at[0].e, &n->at[1].id, &path, n->now_ns, &conn),
		ERR_ARGUMENT);
}

/* Dials have a bound of their own: strangers cannot use it up. */
static void
dials_are_bounded(void **state)
{
	struct endpoint_config config = { .handshakes_max = 8 };
	struct net *n = *state;
	struct path path;
	uint64_t conn;
	int i;

	net_add(n, &config);
	net_add(n, NULL);
	path = net_path(n, 0, 1);
	for (i = 0; i < 8; i++)
		net_dial(n, 0, 1);
	assert_int_equal(endpoint_dial(n->at[0].e, &n->at[1].id, &path, n->now_ns, &conn),
		ERR_LIMIT);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_UP), 8);
	assert_int_equal(
		endpoint_dial(n->at[0].e, &n->at[1].id, &path, n->now_ns, &conn), 0);
}

/* Both dial at once: two connections, and the end of one leaves the other working. */
static void
simultaneous(void **state)
{
	struct net *n = *state;
	uint64_t ours, theirs;

	net_add(n, NULL);
	net_add(n, NULL);
	ours = net_dial(n, 0, 1);
	net_dial(n, 1, 0);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_UP), 2);
	assert_int_equal(net_count(n, 1, QUIC_UP), 2);
	theirs = net_find(n, 0, QUIC_UP, 0)->ev.conn;
	if (theirs == ours)
		theirs = net_find(n, 0, QUIC_UP, 1)->ev.conn;
	endpoint_close(
		n->at[0].e, theirs, CLOSE_SUPERSEDED, "another is newer", n->now_ns);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_DOWN), 1);
	assert_int_equal(net_count(n, 1, QUIC_DOWN), 1);
	assert_int_equal(net_find(n, 1, QUIC_DOWN, 0)->ev.end, END_SUPERSEDED);
	assert_true(net_find(n, 1, QUIC_DOWN, 0)->ev.dialed);
	assert_int_equal(endpoint_control(n->at[0].e, ours, FRAME_PING, "x", 1), 0);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 1, QUIC_CONTROL), 1);
	assert_int_equal(net_stats(n, 1).connections, 1);
}

/* The same first packet by a second address opens no second connection. */
static void
same_initial_twice(void **state)
{
	struct net *n = *state;
	uint8_t packet[QUIC_PACKET_LEN_MAX];
	struct path path, other;
	size_t len;

	net_add(n, NULL);
	net_add(n, NULL);
	net_dial(n, 0, 1);
	len = endpoint_send(n->at[0].e, packet, sizeof packet, &path, n->now_ns);
	assert_true(len >= 1200);
	other = (struct path){ path.remote, path.local };
	endpoint_recv(n->at[1].e, &other, packet, len, 0, n->now_ns);
	other.remote.ip[3] = 77;
	endpoint_recv(n->at[1].e, &other, packet, len, 0, n->now_ns);
	assert_int_equal(net_stats(n, 1).connections, 1);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 1, QUIC_UP), 1);
	/* Also long after the handshake. */
	endpoint_recv(n->at[1].e, &other, packet, len, 0, n->now_ns);
	net_run(n, SECONDS(1));
	assert_int_equal(net_stats(n, 1).connections, 1);
	assert_int_equal(net_stats(n, 1).handshakes, 0);
	assert_int_equal(net_count(n, 1, QUIC_PATH), 0);
}

/* A socket bound to the unspecified address learns its own from the first answer. */
static void
unspecified_local(void **state)
{
	struct net *n = *state;
	struct endpoint_conn_info info;
	struct address real;
	struct path path;
	uint64_t conn;

	net_add(n, NULL);
	net_add(n, NULL);
	real = n->at[0].address;
	path = net_path(n, 0, 1);
	path.local = (struct address){ .family = 4, .port = 4000 };
	assert_int_equal(
		endpoint_dial(n->at[0].e, &n->at[1].id, &path, n->now_ns, &conn), 0);
	n->at[0].address = path.local;	/* what its first packets say */
	n->at[0].seen_as = real;
	net_run(n, MILLISECONDS(8));
	n->at[0].address = real;
	n->at[0].seen_as.family = 0;
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_UP), 1);
	assert_int_equal(endpoint_conn_info(n->at[0].e, conn, &info), 0);
	assert_true(address_equal(&info.path.local, &real));
}

/* A NAT gives the dialer another port: the connection stays and the new path is told. */
static void
rebinding(void **state)
{
	struct net *n = *state;
	uint64_t a, b;

	net_pair(n, &a, &b);
	net_run(n, SECONDS(1));
	n->at[0].seen_as = n->at[0].address;
	n->at[0].seen_as.port = 5555;
	assert_int_equal(endpoint_control(n->at[0].e, a, FRAME_PING, "x", 1), 0);
	net_run(n, SECONDS(2));
	assert_int_equal(net_count(n, 1, QUIC_CONTROL), 1);
	assert_int_equal(net_count(n, 1, QUIC_PATH), 1);
	assert_int_equal(net_find(n, 1, QUIC_PATH, 0)->ev.path.remote.port, 5555);
	assert_int_equal(endpoint_control(n->at[1].e, b, FRAME_PONG, "y", 1), 0);
	net_run(n, SECONDS(1));
	assert_int_equal(net_count(n, 0, QUIC_CONTROL), 1);
	assert_int_equal(net_count(n, 0, QUIC_DOWN) + net_count(n, 1, QUIC_DOWN), 0);
}

/*
 * The dialer keeps the connection alive: ten minutes cost few packets and no handshake.
 */
static void
keep_alive(void **state)
{
	struct net *n = *state;
	uint64_t a, b, before;

	net_pair(n, &a, &b);
	net_run(n, SECONDS(60));
	before = n->delivered;
	net_run(n, SECONDS(600));
	assert_int_equal(net_count(n, 0, QUIC_DOWN) + net_count(n, 1, QUIC_DOWN), 0);
	assert_true(n->delivered - before <= 4 * 60);
	assert_int_equal(net_stats(n, 0).handshakes_started, 1);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)
	const struct CMUnitTest tests[] = {
		CASE(handshake), CASE(exporter_is_of_the_connection), CASE(wrong_key),
		CASE(wrong_alpn), CASE(both_alpns), CASE(gossip_alpn), CASE(dead_port),
		CASE(dial_given_up), CASE(bad_dials), CASE(dials_are_bounded),
		CASE(simultaneous), CASE(same_initial_twice), CASE(unspecified_local),
		CASE(rebinding), CASE(keep_alive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
