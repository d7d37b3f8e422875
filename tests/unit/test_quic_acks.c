/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "quic/rtt.h"
#include "quic_net.h"

#define BEAT SECONDS(2)

static const struct peer_id topic = { { 7 } };

/* Each says a word to the other, some time apart, `times` times. */
static void
talk(struct net *n, uint64_t a, uint64_t b, int times)
{
	for (int i = 0; i < times; i++) {
		assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "a", 1), 0);
		net_run(n, BEAT);
		assert_int_equal(endpoint_gossip(n->at[1].e, b, &topic, "b", 1), 0);
		net_run(n, BEAT);
	}
}

/*
 * A little gossip is acknowledged with what is said next, or after a while; a large
 * packet at once, and the first ones of a connection.
 */
static void
acknowledgment_waits(void **state)
{
	struct net *n = *state;
	static uint8_t body[1200];
	uint64_t a, b, sent;

	net_pair(n, &a, &b);
	/* Until one in QUIC_ACK_HURRY goes at once, and the last one just did. */
	talk(n, a, b, QUIC_ACK_FIRST + 1 + SECONDS(1 + 2 + 4 + 8 + 16) / (2 * BEAT));
	sent = net_stats(n, 1).packets_sent;
	net_forget(n, 1);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "one", 3), 0);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 1);
	assert_int_equal(net_stats(n, 1).packets_sent, sent);
	assert_int_equal(mem_live(MEM_CHUNK), 1);
	assert_int_equal(endpoint_gossip(n->at[1].e, b, &topic, "two", 3), 0);
	net_run(n, MILLISECONDS(20));
	assert_int_equal(net_stats(n, 1).packets_sent, sent + 1);
	assert_int_equal(mem_live(MEM_CHUNK), 1);	/* that of "two" */
	net_run(n, QUIC_ACK_HOLD);
	assert_int_equal(mem_live(MEM_CHUNK), 0);
	assert_int_equal(net_stats(n, 1).packets_sent, sent + 1);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "three", 5), 0);
	net_run(n, QUIC_ACK_HOLD + MILLISECONDS(20));
	assert_int_equal(net_stats(n, 1).packets_sent, sent + 2);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, body, sizeof body), 0);
	net_run(n, MILLISECONDS(20));
	assert_int_equal(mem_live(MEM_CHUNK), 0);
}

static uint64_t
rtt(const struct net *n, size_t i, uint64_t conn)
{
	struct endpoint_conn_info info;

	assert_int_equal(endpoint_conn_info(n->at[i].e, conn, &info), 0);
	return info.rtt_ns;
}

/*
 * How far a peer is is known after a slow handshake too, though acknowledgments wait:
 * each side then measures with some that do not.
 */
static void
round_trips_are_known(void **state)
{
	struct net *n = *state;
	uint64_t a, b;

	n->delay_ns = MILLISECONDS(20);
	net_pair(n, &a, &b);
	n->delay_ns = MILLISECONDS(1);
	talk(n, a, b, 30);
	assert_in_range(rtt(n, 0, a), MILLISECONDS(1), MILLISECONDS(6));
	assert_in_range(rtt(n, 1, b), MILLISECONDS(1), MILLISECONDS(6));
	/* The control: a far peer is not told as a near one. */
	n->delay_ns = MILLISECONDS(30);
	talk(n, a, b, 30);
	assert_in_range(rtt(n, 0, a), MILLISECONDS(50), MILLISECONDS(70));
}

/* Median of the latest samples, found again in what they do to the smoothed one. */
static void
median_of_samples(void **state)
{
	/* One of them with the peer's delay of 200 ms left in. */
	static const uint64_t samples_us[] = { 300, 500, 200000, 400, 350 };
	uint64_t smoothed_ns = 0, sample_ns;
	struct rtt r = { .count = 0 };

	(void)state;
	assert_int_equal(rtt_median(&r), 0);
	for (size_t i = 0; i < 5; i++) {
		sample_ns = samples_us[i] * 1000;
		smoothed_ns = i == 0 ? sample_ns : (7 * smoothed_ns + sample_ns) / 8;
		rtt_take(&r, smoothed_ns);
	}
	assert_true(smoothed_ns > 10000000);	/* what it would be without */
	assert_in_range(rtt_median(&r), 399900, 400100);
	/* No news is no sample, and a peer that is far now is so after three of five. */
	rtt_take(&r, smoothed_ns);
	assert_int_equal(r.count, 5);
	for (size_t i = 0; i < 3; i++) {
		smoothed_ns = (7 * smoothed_ns + 80000000) / 8;
		rtt_take(&r, smoothed_ns);
	}
	assert_in_range(rtt_median(&r), 79999900, 80000100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			acknowledgment_waits, net_setup, net_teardown),
		cmocka_unit_test_setup_teardown(
			round_trips_are_known, net_setup, net_teardown),
		cmocka_unit_test(median_of_samples),
	};

	return cmocka_run_group_tests_name("quic_acks", tests, NULL, NULL);
}
