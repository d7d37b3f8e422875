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
#include "quic_net.h"
#include "wire/frame.h"

static int
setup(void **state)
{
	static struct net n;

	net_init(&n, 1);
	*state = &n;
	return sodium_init() < 0 ? -1 : 0;
}

/* Everything that a test made is gone when its endpoints are. */
static int
teardown(void **state)
{
	static const enum mem_class classes[] = { MEM_ENDPOINT, MEM_CONNECTION, MEM_HANDSHAKE,
		MEM_STREAM, MEM_CHUNK, MEM_TOMBSTONE, MEM_QUIC_EVENT, MEM_REPLY };
	size_t i;

	net_fini(*state);
	for (i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (mem_live(classes[i]) != 0)
			return -1;
	return 0;
}

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
	assert_int_equal(net_count(n, 0, QUIC_UP), 0);	/* the server has not confirmed yet */
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
	assert_int_equal(net_stats(n, 0).handshakes_completed, 1);
	assert_int_equal(net_stats(n, 0).handshakes_accepted, 0);
	assert_int_equal(net_stats(n, 1).handshakes_accepted, 1);
}

/* Control frames go both ways in order. */
static void
control(void **state)
{
	struct net *n = *state;
	uint64_t a, b;

	net_add(n, NULL);
	net_add(n, NULL);
	net_connect(n, &a, &b);
	assert_int_equal(endpoint_control(n->at[0].e, a, FRAME_PING, "one", 3), 0);
	assert_int_equal(endpoint_control(n->at[0].e, a, FRAME_PONG, "two", 3), 0);
	assert_int_equal(endpoint_control(n->at[1].e, b, FRAME_HELLO, "three", 5), 0);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(net_count(n, 1, QUIC_CONTROL), 2);
	assert_int_equal(net_count(n, 0, QUIC_CONTROL), 1);
	assert_int_equal(net_find(n, 1, QUIC_CONTROL, 0)->ev.tag, FRAME_PING);
	assert_int_equal(net_find(n, 1, QUIC_CONTROL, 1)->ev.tag, FRAME_PONG);
	assert_memory_equal(net_find(n, 1, QUIC_CONTROL, 1)->bytes, "two", 3);
	assert_int_equal(net_find(n, 0, QUIC_CONTROL, 0)->ev.bytes.len, 5);
	assert_int_equal(mem_live(MEM_CHUNK), 0);	/* all acknowledged */
}

/* Gossip bodies come with the topic of their stream; a finished stream is reported. */
static void
gossip(void **state)
{
	struct net *n = *state;
	struct peer_id topic = { { 7, 7, 7 } };
	uint64_t a, b;

	net_add(n, NULL);
	net_add(n, NULL);
	net_connect(n, &a, &b);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "join", 4), 0);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "", 0), 0);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "xx", GOSSIP_MESSAGE_LEN),
		ERR_ARGUMENT);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 2);
	assert_true(id_equal(&net_find(n, 1, QUIC_GOSSIP, 0)->ev.topic, &topic));
	assert_memory_equal(net_find(n, 1, QUIC_GOSSIP, 0)->bytes, "join", 4);
	assert_int_equal(endpoint_gossip_finish(n->at[0].e, a, &topic), 0);
	assert_int_equal(endpoint_gossip_finish(n->at[0].e, a, &topic), ERR_UNKNOWN);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP_END), 1);
	assert_int_equal(net_stats(n, 0).streams, 0);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "again", 5), 0);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(handshake, setup, teardown),
		cmocka_unit_test_setup_teardown(control, setup, teardown),
		cmocka_unit_test_setup_teardown(gossip, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
