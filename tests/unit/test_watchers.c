/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "mesh/timeline.h"
#include "node/requests.h"
#include "node/shown.h"
#include "trace/span_store.h"
#include "trace/tracer.h"
#include "unit/bad_peer.h"
#include "unit/node_world.h"
#include "unit/watch_told.h"

#define NOBODY 99	/* the cookie of what is no watch */

static struct world w;
static struct told told[4];
static struct timeline *timeline;

static int
set_up(void **state)
{
	(void)state;
	world_init(&w, 11);
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh1", "compute", 0, NULL);
	world_add(&w, "", "console", 0, NULL);
	assert_true(world_run(&w, SECONDS(10), world_converged));
	timeline = timeline_new(100);
	node_show_timeline(w.nodes[0].node, timeline);
	memset(told, 0, sizeof told);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		span_set_fini(&told[i].boot);
	world_fini(&w);
	timeline_free(timeline);
	for (int c = 0; c < MEM_CLASSES; c++)
		assert_int_equal(mem_live((enum mem_class)c), 0);
	return 0;
}

/* Links that came up are spans already. */
static uint64_t
spans_so_far(size_t i)
{
	return span_store_journal(node_spans(w.nodes[i].node))->next_seq - 1;
}

static struct peer_id
id_of(size_t i)
{
	return w.nodes[i].config.identity.id;
}

static uint64_t
count(size_t i, enum node_count c)
{
	return world_status(&w, i).counts[c];
}

/* All answers of node i, to the watcher whose number in `told` is the cookie. */
static void
take(size_t i)
{
	struct request_answer a;

	while (requests_next(w.nodes[i].node, &a)) {
		struct told *t = &told[a.cookie % 4];

		if (a.cookie == NOBODY)
			continue;
		if (a.end != REQUEST_GOES_ON) {
			t->ended++;
			t->end = a.end;
			continue;
		}
		watch_told(t, a.bytes);
	}
}

static void
run(uint64_t ns)
{
	for (uint64_t end = w.now_ns + ns; w.now_ns < end;) {
		world_run(&w, MILLISECONDS(20), NULL);
		for (size_t i = 0; i < w.count; i++)
			if (w.nodes[i].node != NULL)
				take(i);
	}
}

static uint64_t
watch_node(size_t from, size_t to, const struct watched_ask *ask, uint64_t cookie)
{
	struct request_spec spec = { .peer = id_of(to), .tag = FRAME_WATCH,
		.streaming = true, .patience_ns = SECONDS(6), .cookie = cookie };
	uint64_t number = 0;
	struct buf b;

	buf_init(&b, 64);
	watched_ask_put(&b, ask);
	spec.payload = b.data;
	spec.len = b.len;
	assert_int_equal(
		requests_ask(w.nodes[from].node, &spec, w.now_ns, &number), ERR_OK);
	buf_fini(&b);
	return number;
}

static void
happen(unsigned times)
{
	struct timeline_event e = { .kind = TIMELINE_VIEW_UP, .source = "me" };

	for (; times > 0; times--) {
		e.at_ns = w.now_ns;
		timeline_add(timeline, &e);
	}
}

static void
make_spans(size_t i, unsigned times)
{
	struct span_store *s = node_spans(w.nodes[i].node);
	struct trace_context root = span_store_root(s);
	struct span_mark m;

	for (; times > 0; times--) {
		span_store_begin(s, &m, TRACE_SERVE, &root, w.now_ns);
		span_store_end(s, &m, NULL, NULL, 0, w.now_ns);
	}
}

/* Boot, spans, events, links, objects: what is there comes at once, then the news. */
static void
all_topics_are_told(void **state)
{
	static const uint8_t seed[32] = "boot";
	struct watched_ask ask = { .topics = WATCHED_ALL };
	struct tracer *t = tracer_new(seed, w.now_ns, 0);

	(void)state;
	ask.since_spans = spans_so_far(0);
	(void)tracer_begin(t, TRACE_NODE_READY, -1, w.now_ns);
	node_show_boot(w.nodes[0].node, tracer_spans(t));
	make_spans(0, 3);
	happen(5);
	watch_node(2, 0, &ask, 0);
	run(MILLISECONDS(100));
	assert_int_equal(told[0].boot.count, 1);
	assert_int_equal(told[0].boot.spans[0].state, SPAN_OPEN);
	assert_int_equal(told[0].items[WATCHED_SPANS], 3);
	assert_int_equal(told[0].items[WATCHED_EVENTS], 5);
	assert_int_equal(told[0].links_count, 2);
	assert_true(told[0].links[0].rtt_ns >= MILLISECONDS(2));
	assert_true(told[0].links[0].cwnd_bytes > 0 && told[0].links[0].bytes_sent > 0);
	assert_true(told[0].connections >= 4);
	tracer_end(t, 0, NULL, w.now_ns);
	node_show_boot(w.nodes[0].node, tracer_spans(t));
	happen(1);
	make_spans(0, 1);
	run(MILLISECONDS(1500));
	assert_int_equal(told[0].boot.spans[0].state, SPAN_OK);
	assert_int_equal(told[0].items[WATCHED_SPANS], 4);
	assert_int_equal(told[0].items[WATCHED_EVENTS], 6);
	assert_int_equal(told[0].items[WATCHED_LINKS], 2);
	assert_int_equal(told[0].ended, 0);
	node_show_boot(w.nodes[0].node, NULL);
	tracer_free(t);
}

/* Only what was asked for is told; an idle watch has a beat and does not end. */
static void
topics_are_chosen(void **state)
{
	struct watched_ask ask = { .topics = 1u << WATCHED_EVENTS,
		.since_events = NEVER };
	uint64_t number;

	(void)state;
	happen(3);
	number = watch_node(2, 0, &ask, 0);
	make_spans(0, 3);
	run(SECONDS(1));
	assert_int_equal(told[0].items[WATCHED_EVENTS], 0);
	happen(2);
	run(SECONDS(60));
	assert_int_equal(told[0].items[WATCHED_EVENTS], 2);
	assert_int_equal(told[0].items[WATCHED_SPANS] + told[0].items[WATCHED_LINKS] +
		told[0].items[WATCHED_MESSAGES], 0);
	assert_int_equal(told[0].ended, 0);
	assert_in_range(told[0].frames, 25, 40);
	assert_int_equal(count(0, NODE_COUNT_WATCHERS), 1);
	requests_cancel(w.nodes[2].node, number, w.now_ns);
	run(SECONDS(1));
	assert_int_equal(count(0, NODE_COUNT_WATCHERS), 0);
	assert_int_equal(count(0, NODE_COUNT_SERVING), 0);
}

/* Who comes back with the last number it has gets what it missed, once. */
static void
since_goes_on(void **state)
{
	struct watched_ask ask = { .topics = 1u << WATCHED_EVENTS | 1u << WATCHED_SPANS };

	uint64_t before = spans_so_far(0);

	(void)state;
	happen(10);
	make_spans(0, 10);
	ask.since_events = 7;
	ask.since_spans = before + 4;
	watch_node(2, 0, &ask, 0);
	run(MILLISECONDS(100));
	assert_int_equal(told[0].first_seq[WATCHED_EVENTS], 8);
	assert_int_equal(told[0].items[WATCHED_EVENTS], 3);
	assert_int_equal(told[0].first_seq[WATCHED_SPANS], before + 5);
	assert_int_equal(told[0].items[WATCHED_SPANS], 6);
	happen(200);	/* the timeline keeps 100 */
	ask.since_events = 10;
	watch_node(2, 0, &ask, 1);
	run(MILLISECONDS(100));
	assert_int_equal(told[1].items[WATCHED_EVENTS], 100);
	assert_int_equal(told[1].lost[WATCHED_EVENTS], 100);
	/* A number of an earlier life is none of ours. */
	ask.since_events = ask.since_spans = 1000000;
	watch_node(2, 0, &ask, 2);
	run(MILLISECONDS(100));
	assert_int_equal(told[2].items[WATCHED_EVENTS], 100);
	assert_int_equal(told[2].items[WATCHED_SPANS], before + 10);
}

/*
 * A watcher that does not read loses the oldest, and is told how many, exactly; it holds
 * up nobody, and what waits for it is bounded. The other watcher loses nothing.
 */
static void
slow_readers_lose_the_oldest(void **state)
{
	struct watched_ask ask = { .topics = 1u << WATCHED_SPANS };
	unsigned made = 0;
	uint64_t before = spans_so_far(0);

	(void)state;
	ask.since_spans = before;
	watch_node(2, 0, &ask, 0);
	watch_node(1, 0, &ask, 1);
	run(MILLISECONDS(200));
	w.nodes[2].frozen = true;
	for (int i = 0; i < 90; i++) {
		make_spans(0, 100);
		made += 100;
		run(MILLISECONDS(20));
	}
	w.nodes[2].frozen = false;
	run(SECONDS(10));
	assert_int_equal(told[0].ended, 0);
	assert_true(told[0].lost[WATCHED_SPANS] > 1000);
	assert_int_equal(told[0].items[WATCHED_SPANS] + told[0].lost[WATCHED_SPANS],
		made);
	assert_int_equal(told[0].last_seq[WATCHED_SPANS], before + made);
	assert_int_equal(told[1].items[WATCHED_SPANS], made);
	assert_int_equal(told[1].lost[WATCHED_SPANS], 0);
	assert_true(count(0, NODE_COUNT_WATCHED_LOST) > 0);
}

/* One who never comes back is let go, and nothing of it stays. */
static void
the_dead_are_let_go(void **state)
{
	struct watched_ask ask = { .topics = WATCHED_ALL };

	(void)state;
	watch_node(2, 0, &ask, 0);
	run(MILLISECONDS(200));
	assert_int_equal(count(0, NODE_COUNT_WATCHERS), 1);
	assert_int_equal(mem_live(MEM_MESSAGES), 1);
	w.nodes[2].frozen = true;
	run(SECONDS(60));
	assert_int_equal(count(0, NODE_COUNT_WATCHERS), 0);
	assert_int_equal(mem_live(MEM_MESSAGES), 0);
}

/* F72: what one node sent to the other, by kind, is what that one received. */
static void
a_pair_counts_alike(void **state)
{
	struct watched_ask ask = { .topics = 1u << WATCHED_MESSAGES };
	struct request_spec echo = { .peer = id_of(1), .tag = FRAME_ECHO,
		.cookie = NOBODY };
	unsigned kinds = 0, both = 0;
	uint64_t number;

	(void)state;
	/* A third keeps the two talking: digests, announcements, views. */
	world_add(&w, "mesh1", "gateway", 0, NULL);
	told[0].only = id_of(1);
	told[1].only = id_of(0);
	watch_node(2, 0, &ask, 0);
	watch_node(2, 1, &ask, 1);
	run(MILLISECONDS(500));
	for (int i = 0; i < 20; i++) {
		assert_int_equal(requests_ask(w.nodes[0].node, &echo, w.now_ns, &number),
			ERR_OK);
		run(SECONDS(3));
	}
	/* Until both have been told of all that was on its way. */
	run(MILLISECONDS(200));
	for (unsigned i = 0; i < KINDS_MAX && told[0].kinds[i].kind[0]; i++)
		for (unsigned k = 0; k < KINDS_MAX && told[1].kinds[k].kind[0]; k++) {
			if (strcmp(told[0].kinds[i].kind, told[1].kinds[k].kind) != 0)
				continue;
			assert_int_equal(told[0].kinds[i].sent,
				told[1].kinds[k].received);
			assert_int_equal(told[1].kinds[k].sent,
				told[0].kinds[i].received);
			kinds++;
			both += told[0].kinds[i].sent > 0 && told[1].kinds[k].sent > 0;
		}
	assert_true(kinds >= 2 && both >= 2);	/* payload and echo at least */
	assert_int_equal(told[0].lost[WATCHED_MESSAGES], 0);
	assert_non_null(strstr(told[0].summary, "digest of "));
}

/*
 * A flood of traced questions at a node whose frames are watched: each buffer has the
 * size that it had, and the records went through it. Control: without a watcher there is
 * no buffer of frames.
 */
static void
buffers_stay_constant(void **state)
{
	struct watched_ask ask = { .topics = WATCHED_ALL };
	struct trace_context root = span_store_root(node_spans(w.nodes[1].node));
	struct request_spec echo = { .peer = id_of(0), .tag = FRAME_ECHO,
		.trace = &root, .cookie = NOBODY };
	uint64_t number, arrays;

	(void)state;
	assert_int_equal(mem_live(MEM_MESSAGES), 0);
	watch_node(2, 0, &ask, 0);
	run(MILLISECONDS(200));
	arrays = mem_live(MEM_WATCHER) + mem_live(MEM_MESSAGES) +
		mem_live(MEM_SPAN_STORE) + mem_live(MEM_SERVING);
	for (int i = 0; i < 200; i++) {
		for (int k = 0; k < 100; k++)
			(void)requests_ask(w.nodes[1].node, &echo, w.now_ns, &number);
		happen(100);
		run(MILLISECONDS(20));
		assert_int_equal(mem_live(MEM_WATCHER) + mem_live(MEM_MESSAGES) +
			mem_live(MEM_SPAN_STORE) + mem_live(MEM_SERVING), arrays);
		assert_true(timeline_count(timeline) <= 100);
		assert_true(count(0, NODE_COUNT_STREAMS) <= 3 * QUIC_STREAMS_MAX);
	}
	run(SECONDS(1));
	assert_true(told[0].items[WATCHED_SPANS] + told[0].lost[WATCHED_SPANS] >= 40000);
	assert_true(told[0].items[WATCHED_MESSAGES] + told[0].lost[WATCHED_MESSAGES] >=
		40000);
	assert_int_equal(told[0].items[WATCHED_EVENTS] + told[0].lost[WATCHED_EVENTS],
		20000);
}

/* Bad questions, and more watchers than there may be, are refused and counted. */
static void
watchers_are_few(void **state)
{
	static const char bad_ones[][TRACE_CONTEXT_LEN + 4] = { "", "\0\0\0" };
	struct watched_ask ask = { .topics = 1u << WATCHED_BOOT };
	static const uint8_t none[TRACE_CONTEXT_LEN];
	struct bad_peer bad;
	int64_t stream;
	struct buf b;

	(void)state;
	bad_peer_init(&bad, &w);
	bad_peer_meet(&bad, 0, "mesh1");
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(endpoint_request(bad.e, bad.conn, FRAME_WATCH,
			bad_ones[i], TRACE_CONTEXT_LEN + 3 * i, &stream), ERR_OK);
	run(MILLISECONDS(100));
	assert_int_equal(bad.stream_ends, 2);
	assert_int_equal(count(0, NODE_COUNT_WATCHERS), 0);
	for (int i = 0; i <= WATCHERS_PEER_MAX; i++)
		watch_node(1, 0, &ask, 0);
	run(MILLISECONDS(100));
	assert_int_equal(told[0].ended, 1);	/* one more than a peer may have */
	assert_int_equal(told[0].end, REQUEST_REFUSED);
	assert_int_equal(count(0, NODE_COUNT_WATCHERS), WATCHERS_PEER_MAX);
	for (int i = WATCHERS_PEER_MAX; i < WATCHERS_MAX; i++)
		watch_node(2, 0, &ask, 1);
	run(MILLISECONDS(100));
	assert_int_equal(told[1].ended, 0);
	assert_int_equal(count(0, NODE_COUNT_WATCHERS), WATCHERS_MAX);
	/* The third one has none yet, and finds none left. */
	buf_init(&b, 128);
	buf_put(&b, none, TRACE_CONTEXT_LEN);
	watched_ask_put(&b, &ask);
	assert_int_equal(endpoint_request(
		bad.e, bad.conn, FRAME_WATCH, b.data, b.len, &stream), ERR_OK);
	buf_fini(&b);
	run(MILLISECONDS(100));
	assert_int_equal(bad.stream_ends, 3);
	assert_int_equal(count(0, NODE_COUNT_WATCHERS), WATCHERS_MAX);
	bad_peer_fini(&bad);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(all_topics_are_told),
		TEST(topics_are_chosen),
		TEST(since_goes_on),
		TEST(slow_readers_lose_the_oldest),
		TEST(the_dead_are_let_go),
		TEST(a_pair_counts_alike),
		TEST(buffers_stay_constant),
		TEST(watchers_are_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
