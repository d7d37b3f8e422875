/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "quic/conn.h"
#include "quic_net.h"
#include "wire/frame.h"

/* Control frames go both ways in order. */
static void
control(void **state)
{
	struct net *n = *state;
	uint64_t a, b;

	net_pair(n, &a, &b);
	assert_int_equal(endpoint_control(n->at[0].e, a, FRAME_PING, "one", 3), 0);
	assert_int_equal(endpoint_control(n->at[0].e, a, FRAME_PONG, "two", 3), 0);
	assert_int_equal(endpoint_control(n->at[1].e, b, FRAME_HELLO, "three", 5), 0);
	net_run(n, MILLISECONDS(300));
	assert_int_equal(net_count(n, 1, QUIC_CONTROL), 2);
	assert_int_equal(net_count(n, 0, QUIC_CONTROL), 1);
	assert_int_equal(net_find(n, 1, QUIC_CONTROL, 0)->ev.tag, FRAME_PING);
	assert_int_equal(net_find(n, 1, QUIC_CONTROL, 1)->ev.tag, FRAME_PONG);
	assert_memory_equal(net_find(n, 1, QUIC_CONTROL, 1)->bytes, "two", 3);
	assert_int_equal(net_find(n, 0, QUIC_CONTROL, 0)->ev.bytes.len, 5);
	assert_int_equal(mem_live(MEM_CHUNK), 0);	/* all acknowledged */
	assert_int_equal(
		endpoint_control(n->at[0].e, 999, FRAME_PING, "x", 1), ERR_UNKNOWN);
}

/* Gossip bodies come with the topic of their stream; a finished stream is reported. */
static void
gossip(void **state)
{
	struct net *n = *state;
	struct peer_id topic = { { 7, 7, 7 } }, other = { { 8 } };
	uint64_t a, b;

	net_pair(n, &a, &b);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "join", 4), 0);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "", 0), 0);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &other, "o", 1), 0);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "x", GOSSIP_MESSAGE_LEN),
		ERR_ARGUMENT);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 3);
	assert_true(id_equal(&net_find(n, 1, QUIC_GOSSIP, 0)->ev.topic, &topic));
	assert_memory_equal(net_find(n, 1, QUIC_GOSSIP, 0)->bytes, "join", 4);
	assert_int_equal(net_stats(n, 0).streams, 2);
	assert_int_equal(endpoint_gossip_finish(n->at[0].e, a, &topic), 0);
	assert_int_equal(endpoint_gossip_finish(n->at[0].e, a, &topic), ERR_UNKNOWN);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP_END), 1);
	assert_true(net_find(n, 1, QUIC_GOSSIP_END, 0)->ev.clean);
	assert_int_equal(net_stats(n, 0).streams, 1);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "again", 5), 0);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 4);
}

/* A thousand streams one after the other: the peer is given new ones as old ones end. */
static void
many_gossip_streams(void **state)
{
	struct net *n = *state;
	struct peer_id topic = { { 1 } };
	uint64_t a, b;
	int i;

	net_pair(n, &a, &b);
	for (i = 0; i < 1000; i++) {
		assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "bye", 3), 0);
		assert_int_equal(endpoint_gossip_finish(n->at[0].e, a, &topic), 0);
		net_run(n, MILLISECONDS(50));
	}
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP_END), 1000);
	assert_int_equal(net_stats(n, 1).streams, 0);
}

static uint8_t *
pattern(size_t len, unsigned salt)
{
	uint8_t *p = malloc(len + 1);
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 31 + (i >> 8) * 7 + salt);
	return p;
}

/* Requests of `len` bytes are answered byte for byte, many at once. */
static void
echo(struct net *n, unsigned count, size_t len, uint64_t within_ns)
{
	const struct net_event *answer;
	int64_t stream[QUIC_STREAMS_MAX];
	uint64_t a, b;
	uint8_t *body;
	unsigned i, k;

	n->reflect_events = true;
	net_pair(n, &a, &b);
	for (i = 0; i < count; i++) {
		body = pattern(len, i);
		assert_int_equal(endpoint_request(n->at[0].e, a, FRAME_ECHO, body, len,
					 &stream[i]),
			0);
		free(body);
	}
	net_run(n, within_ns);
	assert_int_equal(net_count(n, 1, QUIC_REQUEST), count);
	assert_int_equal(net_count(n, 0, QUIC_RESPONSE), count);
	assert_int_equal(net_count(n, 0, QUIC_STREAM_END), count);
	for (i = 0; i < count; i++) {
		assert_true(net_find(n, 0, QUIC_STREAM_END, i)->ev.clean);
		answer = net_find(n, 0, QUIC_RESPONSE, i);
		for (k = 0; k < count && stream[k] != answer->ev.stream; k++)
			;
		assert_true(k < count);
		assert_int_equal(answer->ev.bytes.len, len);
		body = pattern(len, k);
		assert_memory_equal(answer->bytes, body, len);
		free(body);
	}
	assert_int_equal(net_count(n, 1, QUIC_STREAM_END), count);
	assert_int_equal(net_stats(n, 0).streams, 0);
	assert_int_equal(net_stats(n, 1).streams, 0);
	assert_int_equal(mem_live(MEM_CHUNK), 0);
}

/* The largest request comes back whole. */
static void
echo_one(void **state)
{
	echo(*state, 1, 64 * 1024, SECONDS(3));
}

/* All streams in the middle of a large frame at once: flow control must not lock up. */
static void
echo_hundred(void **state)
{
	echo(*state, QUIC_STREAMS_MAX, 64 * 1024, SECONDS(10));
}

/* Lost packets are sent again from bytes that have not moved. */
static void
echo_with_loss(void **state)
{
	struct net *n = *state;

	n->loss_percent = 5;
	n->delay_ns = MILLISECONDS(1);
	echo(n, 20, 48 * 1024, SECONDS(20));
	assert_true(n->lost > 20);
}

/* Small bodies share chunks, and arrive whole and in order under loss. */
static void
small_frames_with_loss(void **state)
{
	struct net *n = *state;
	struct peer_id topic = { { 3 } };
	uint64_t a, b;
	uint8_t *body;
	size_t i, len;

	net_pair(n, &a, &b);
	n->loss_percent = 5;
	for (i = 0; i < 2000; i++) {
		len = i * 13 % 900;
		body = pattern(len, (unsigned)i);
		assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, body, len), 0);
		free(body);
		if (i % 7 == 0)
			net_run(n, MILLISECONDS(1));
	}
	net_run(n, SECONDS(20));
	assert_true(n->lost > 10);
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 2000);
	for (i = 0; i < n->at[1].events_count; i++) {
		len = i * 13 % 900;
		body = pattern(len, (unsigned)i);
		assert_int_equal(n->at[1].events[i].ev.bytes.len, len);
		assert_memory_equal(n->at[1].events[i].bytes, body, len);
		free(body);
	}
}

/*
 * A peer that takes nothing fills our buffer once; then we are told, and nothing is
 * queued.
 */
static void
send_buffer_is_bounded(void **state)
{
	struct net *n = *state;
	struct peer_id topic = { { 3 } };
	static uint8_t body[4000];
	uint64_t a, b;
	size_t count = 0;
	int err;

	net_pair(n, &a, &b);
	while ((err = endpoint_gossip(n->at[0].e, a, &topic, body, sizeof body)) == 0)
		count++;
	assert_int_equal(err, ERR_LIMIT);
	assert_true(count * 4004 <= QUIC_STREAM_SEND_LEN_MAX);
	net_run(n, SECONDS(10));
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), count);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, body, sizeof body), 0);
}

/*
 * A request that is opened and left ends at both sides after the deadline, and only it.
 */
static void
left_request(void **state)
{
	struct net *n = *state;
	int64_t stream, answered;
	uint64_t a, b;

	net_pair(n, &a, &b);
	assert_int_equal(endpoint_request(n->at[0].e, a, FRAME_ECHO, "q", 1, &stream), 0);
	net_run(n, MILLISECONDS(4900));
	assert_int_equal(net_count(n, 0, QUIC_STREAM_END), 0);
	net_run(n, MILLISECONDS(300));
	assert_int_equal(net_count(n, 0, QUIC_STREAM_END), 1);
	assert_int_equal(net_count(n, 1, QUIC_STREAM_END), 1);
	assert_false(net_find(n, 0, QUIC_STREAM_END, 0)->ev.clean);
	assert_int_equal(net_find(n, 0, QUIC_STREAM_END, 0)->ev.stream, stream);
	assert_int_equal(
		endpoint_respond(n->at[1].e, b, stream, FRAME_ECHO, "q", 1, true),
		ERR_UNKNOWN);
	net_run(n, SECONDS(1));
	assert_int_equal(net_stats(n, 0).streams + net_stats(n, 1).streams, 0);
	assert_int_equal(net_count(n, 0, QUIC_DOWN), 0);
	/* The control run: answered in time, it ends clean and nothing comes after it. */
	net_forget(n, 0);
	n->reflect_events = true;
	assert_int_equal(
		endpoint_request(n->at[0].e, a, FRAME_ECHO, "q", 1, &answered), 0);
	net_run(n, SECONDS(8));
	assert_int_equal(net_count(n, 0, QUIC_STREAM_END), 1);
	assert_true(net_find(n, 0, QUIC_STREAM_END, 0)->ev.clean);
}

/* A half request frame and no more: the acceptor does not wait for ever. */
static void
left_half_request(void **state)
{
	struct net *n = *state;
	struct stream *s;
	uint64_t a, b;

	net_pair(n, &a, &b);
	assert_int_equal(
		stream_open(conn_find(n->at[0].e, a), STREAM_RESPONSE, true, &s), 0);
	assert_int_equal(stream_put(s, "\x10\x20half", 6), 0);
	net_run(n, SECONDS(4));
	assert_int_equal(net_stats(n, 1).streams, 1);
	net_run(n, SECONDS(3));
	assert_int_equal(net_stats(n, 1).streams, 0);
	assert_int_equal(net_count(n, 1, QUIC_REQUEST) + net_count(n, 1, QUIC_DOWN), 0);
}

/* Either side may end a request; the other is told once. */
static void
reset_request(void **state)
{
	struct net *n = *state;
	int64_t stream;
	uint64_t a, b;

	net_pair(n, &a, &b);
	assert_int_equal(endpoint_request(n->at[0].e, a, FRAME_ECHO, "q", 1, &stream), 0);
	net_run(n, MILLISECONDS(100));
	assert_int_equal(endpoint_reset_stream(n->at[1].e, b, stream), 0);
	assert_int_equal(endpoint_reset_stream(n->at[1].e, b, stream), ERR_UNKNOWN);
	net_run(n, MILLISECONDS(500));
	assert_int_equal(net_count(n, 0, QUIC_STREAM_END), 1);
	assert_int_equal(net_count(n, 1, QUIC_STREAM_END), 1);
	assert_int_equal(net_stats(n, 0).streams + net_stats(n, 1).streams, 0);
}

static void
raw_uni(struct net *n, uint64_t conn, const void *bytes, size_t len, bool fin)
{
	struct conn *c = conn_find(n->at[0].e, conn);
	struct stream *s;

	assert_int_equal(stream_open(c, STREAM_GOSSIP, false, &s), 0);
	assert_int_equal(stream_put(s, bytes, len), 0);
	if (fin)
		stream_put_fin(s);
	net_run(n, MILLISECONDS(200));
}

/* A broken gossip stream ends alone and is counted. */
static void
broken_gossip(void **state)
{
#define HEADER "\x02\x00\x00\x00\x20" "0123456789abcdef0123456789abcdef"
	static const struct {
		const char *bytes;
		size_t len;
		bool fin;
	} bad[] = {
		{ "\x02\x00\x00\x00\x21", 5, false },	/* a header that is no topic */
		{ "\x02\xff\xff\xff\xff", 5, false },
		{ HEADER "\x00\x00\x10\x01", 41, false },	/* a body of 4097 */
		{ HEADER "\x00\x00\x00\x05" "abc", 44, true },	/* ends in a body */
		{ "\x02\x00\x00", 3, true },
		{ "\x07what", 5, false },	/* no kind of stream that we know */
		{ "", 0, true },
	};
	struct net *n = *state;
	struct peer_id topic = { { 5 } };
	uint64_t a, b;
	size_t i;

	net_pair(n, &a, &b);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		raw_uni(n, a, bad[i].bytes, bad[i].len, bad[i].fin);
		assert_int_equal(net_stats(n, 1).streams_broken, i + 1);
	}
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 0);
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP_END), 2);
	assert_int_equal(net_stats(n, 0).streams + net_stats(n, 1).streams, 0);
	assert_int_equal(endpoint_gossip(n->at[0].e, a, &topic, "good", 4), 0);
	net_run(n, MILLISECONDS(200));
	assert_int_equal(net_count(n, 1, QUIC_GOSSIP), 1);
	assert_int_equal(net_count(n, 1, QUIC_DOWN), 0);
}

/* A broken, doubled or ended control stream costs the connection. */
static void
broken_control(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool fin, twice;
	} bad[] = {
		{ "\x01\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 13, false,
			false },
		{ "\x01\x03\x7f", 3, false, false }, /* longer than a PING may be */
		{ "\x01\x03\x00", 3, true, false },
		{ "\x01\x03\x00", 3, false, true },
	};
	struct net *n = *state;
	uint64_t conn;
	size_t i;

	net_add(n, NULL);
	net_add(n, NULL);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		conn = net_dial(n, 0, 1);
		net_run(n, MILLISECONDS(200));
		raw_uni(n, conn, bad[i].bytes, bad[i].len, bad[i].fin);
		if (bad[i].twice) {
			assert_int_equal(net_count(n, 1, QUIC_DOWN), 0);
			raw_uni(n, conn, bad[i].bytes, bad[i].len, false);
		}
		assert_int_equal(net_count(n, 1, QUIC_DOWN), 1);
		assert_int_equal(net_find(n, 1, QUIC_DOWN, 0)->ev.end, END_PROTOCOL);
		assert_false(net_find(n, 1, QUIC_DOWN, 0)->ev.by_peer);
		assert_int_equal(net_count(n, 0, QUIC_DOWN), 1);
		assert_int_equal(net_find(n, 0, QUIC_DOWN, 0)->ev.end, END_PROTOCOL);
		assert_int_equal(net_find(n, 0, QUIC_DOWN, 0)->ev.code, CLOSE_PROTOCOL);
		net_forget(n, 0);
		net_forget(n, 1);
	}
}

#define ASKERS 12

/* Each asks so many questions, and all are answered by 60 kB; bytes that are queued. */
static size_t
queue_answers(struct net *n, const struct endpoint_config *config, int asked,
	size_t *refused)
{
	static const uint8_t body[60000];
	uint64_t conns[ASKERS];
	size_t queued = 0;
	int64_t stream;

	net_add(n, NULL);
	net_add(n, config);
	for (size_t i = 0; i < ASKERS; i++)
		conns[i] = net_dial(n, n->count - 2, n->count - 1);
	net_run(n, SECONDS(1));
	net_forget(n, n->count - 1);
	for (size_t i = 0; i < ASKERS; i++)
		for (int k = 0; k < asked; k++)
			assert_int_equal(endpoint_request(n->at[n->count - 2].e, conns[i],
				FRAME_ECHO, "x", 1, &stream), 0);
	net_run(n, MILLISECONDS(100));
	*refused = 0;
	for (size_t i = 0; i < (size_t)(ASKERS * asked); i++) {
		const struct net_event *r = &n->at[n->count - 1].events[i];
		int err = endpoint_respond(n->at[n->count - 1].e, r->ev.conn,
			r->ev.stream, FRAME_ECHO, body, sizeof body, true);

		queued += err == 0 ? sizeof body : 0;
		*refused += err == ERR_LIMIT;
	}
	return queued;
}

/* Answers that nobody takes in: all connections together stay within one bound. */
static void
answers_are_bounded(void **state)
{
	size_t queued, refused;

	queued = queue_answers(*state, NULL, QUIC_STREAMS_MAX, &refused);
	assert_true(queued > QUIC_ANSWERS_LEN_MAX - 120000);
	assert_true(queued <= QUIC_ANSWERS_LEN_MAX);
	assert_true(refused > 0);
}

/* Half of 2 MB is refused where the bound is 1 MiB; the control: none where it is 64. */
static void
answers_are_bounded_by_that(void **state)
{
	struct endpoint_config small = { .answers_len_max = 1u << 20 };
	struct endpoint_config large = { .answers_len_max = 0 };
	size_t refused;

	rng_bytes(&((struct net *)*state)->rng, small.seed, sizeof small.seed);
	rng_bytes(&((struct net *)*state)->rng, large.seed, sizeof large.seed);
	assert_in_range(queue_answers(*state, &small, 3, &refused), 1, 1u << 20);
	assert_true(refused > 0);
	assert_true(queue_answers(*state, &large, 3, &refused) > 1u << 20);
	assert_int_equal(refused, 0);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)
	const struct CMUnitTest tests[] = {
		CASE(control), CASE(gossip), CASE(many_gossip_streams), CASE(echo_one),
		CASE(echo_hundred), CASE(echo_with_loss), CASE(small_frames_with_loss),
		CASE(send_buffer_is_bounded), CASE(left_request), CASE(left_half_request),
		CASE(reset_request), CASE(broken_gossip), CASE(broken_control),
		CASE(answers_are_bounded),
		CASE(answers_are_bounded_by_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
