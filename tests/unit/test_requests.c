/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/requests.h"
#include "node/shown.h"
#include "node/state.h"
#include "trace/span_store.h"
#include "unit/bad_peer.h"
#include "unit/node_world.h"

static struct world w;

static int
set_up(void **state)
{
	(void)state;
	world_init(&w, 7);
	world_add(&w, "mesh1", "broker", -1, NULL);
	world_add(&w, "mesh1", "compute", 0, NULL);
	assert_true(world_run(&w, SECONDS(10), world_converged));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	world_fini(&w);
	for (int c = 0; c < MEM_CLASSES; c++)
		assert_int_equal(mem_live((enum mem_class)c), 0);
	return 0;
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

static uint64_t
ask(size_t i, const struct request_spec *spec)
{
	uint64_t number = 0;

	assert_int_equal(requests_ask(w.nodes[i].node, spec, w.now_ns, &number), ERR_OK);
	return number;
}

/* How it ended, after how many frames, and the bytes of the last. */
static enum request_end
await(size_t i, uint64_t number, unsigned *frames, struct buf *to)
{
	uint64_t limit = w.now_ns + SECONDS(60);
	struct request_answer a;

	*frames = 0;
	while (w.now_ns < limit) {
		world_run(&w, MILLISECONDS(10), NULL);
		while (requests_next(w.nodes[i].node, &a)) {
			assert_int_equal(a.number, number);
			if (a.end != REQUEST_GOES_ON)
				return a.end;
			++*frames;
			if (to != NULL) {
				buf_clear(to);
				buf_put(to, a.bytes.data, a.bytes.len);
			}
		}
	}
	fail();
	return REQUEST_ENDS;
}

/* F74: what comes back is what was sent, from nothing to 64 KiB; more is refused. */
static void
echo_is_byte_equal(void **state)
{
	static const size_t lens[] = { 0, 1, 255, 4096, 40000, 65535, 65536 };
	uint8_t *bytes = malloc(65537);
	struct request_spec spec = { .peer = id_of(1), .tag = FRAME_ECHO };
	uint64_t number;
	unsigned frames;
	struct buf b;

	(void)state;
	buf_init(&b, FRAME_LEN_MAX);
	for (size_t i = 0; i < 65537; i++)
		bytes[i] = (uint8_t)(i * 7 >> 3);
	spec.payload = bytes;
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		spec.len = lens[i];
		assert_int_equal(await(0, ask(0, &spec), &frames, &b), REQUEST_ANSWERED);
		assert_int_equal(frames, 1);
		assert_int_equal(b.len, TRACE_CONTEXT_LEN + lens[i]);
		assert_memory_equal(b.data + TRACE_CONTEXT_LEN, bytes, lens[i]);
	}
	spec.len = 65537;
	assert_int_equal(await(0, ask(0, &spec), &frames, &b), REQUEST_REFUSED);
	spec.len = 70000;
	assert_int_equal(requests_ask(w.nodes[0].node, &spec, w.now_ns, &number),
		ERR_ARGUMENT);
	buf_fini(&b);
	free(bytes);
}

/* F78: a thousand questions at once, each gets its own answer, over 100 streams. */
static void
a_thousand_are_matched(void **state)
{
	static bool answered[1000], ended[1000];
	struct request_spec spec = { .peer = id_of(1), .tag = FRAME_ECHO };
	struct request_answer a;
	unsigned left = 1000;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t text[3] = { i, i * i, ~i };

		spec.payload = text;
		spec.len = sizeof text;
		spec.cookie = i;
		(void)ask(0, &spec);
	}
	assert_int_equal(count(0, NODE_COUNT_ASKED), 1000);
	for (int turn = 0; left > 0 && turn < 500; turn++) {
		world_run(&w, MILLISECONDS(10), NULL);
		while (requests_next(w.nodes[0].node, &a)) {
			uint64_t text[3] = { a.cookie, a.cookie * a.cookie, ~a.cookie };

			if (a.end == REQUEST_GOES_ON) {
				assert_memory_equal(a.bytes.data + TRACE_CONTEXT_LEN,
					text, sizeof text);
				assert_false(answered[a.cookie]);
				answered[a.cookie] = true;
				continue;
			}
			assert_int_equal(a.end, REQUEST_ANSWERED);
			assert_true(answered[a.cookie] && !ended[a.cookie]);
			ended[a.cookie] = true;
			left--;
		}
	}
	assert_int_equal(left, 0);
	assert_int_equal(count(0, NODE_COUNT_ASKED), 0);
}

struct seen {
	struct span_record r[8];
	size_t count;
};

static void
spans_of(size_t i, struct seen *to)
{
	struct journal_cursor c = { 0 };
	uint64_t lost = 0;

	to->count = 0;
	/* Links that came up are no questions. */
	while (to->count < 8 &&
		span_store_next(node_spans(w.nodes[i].node), &c,
			&to->r[to->count], &lost))
		to->count += strncmp(to->r[to->count].span.name, "mesh.peer", 9) != 0;
}

/* F73: one ECHO is one trace of four spans, each the next one's parent. */
static void
an_echo_is_one_trace(void **state)
{
	struct trace_context root = span_store_root(node_spans(w.nodes[0].node));
	struct request_spec spec = { .peer = id_of(1), .tag = FRAME_ECHO,
		.payload = "hi", .len = 2, .trace = &root };
	struct seen asker, server;
	const struct span *chain[4];
	unsigned frames;

	(void)state;
	assert_int_equal(await(0, ask(0, &spec), &frames, NULL), REQUEST_ANSWERED);
	spans_of(0, &asker);
	spans_of(1, &server);
	assert_int_equal(asker.count, 2);
	assert_int_equal(server.count, 2);
	chain[0] = &asker.r[1].span;
	chain[1] = &asker.r[0].span;
	chain[2] = &server.r[1].span;
	chain[3] = &server.r[0].span;
	assert_string_equal(chain[0]->name, "mesh.request");
	assert_string_equal(chain[1]->name, "mesh.request.exchange");
	assert_string_equal(chain[2]->name, "mesh.serve");
	assert_string_equal(chain[3]->name, "mesh.serve.handle");
	assert_false(span_has_parent(chain[0]));
	for (int i = 1; i < 4; i++)
		assert_memory_equal(chain[i]->parent, chain[i - 1]->id, 8);
	for (int i = 0; i < 2; i++) {
		assert_memory_equal(asker.r[i].trace, root.trace_id, 16);
		assert_memory_equal(server.r[i].trace, root.trace_id, 16);
	}
	assert_true(chain[0]->duration_us >= 2000);	/* a packet takes 1 ms */
	/* Control: without a trace nothing is recorded. */
	spec.trace = NULL;
	assert_int_equal(await(0, ask(0, &spec), &frames, NULL), REQUEST_ANSWERED);
	spans_of(0, &asker);
	spans_of(1, &server);
	assert_int_equal(asker.count + server.count, 4);
}

/* A link is made for a question, and closed when it was idle for 10 s. */
static void
links_come_on_demand(void **state)
{
	struct request_spec spec = { .tag = FRAME_ECHO };
	struct peer_id stranger = { { 1 } };
	struct link_row rows[8];
	uint64_t number;
	unsigned frames;
	size_t obs;

	(void)state;
	obs = world_add(&w, "", "console", 0, NULL);
	for (int i = 0; i < 6; i++)
		world_add(&w, "mesh1", "compute", 0, NULL);
	assert_true(world_run(&w, SECONDS(20), world_converged));
	world_run(&w, SECONDS(30), NULL);
	for (size_t i = 0; i < w.count; i++) {
		if (i == obs)
			continue;
		spec.peer = id_of(i);
		assert_int_equal(await(obs, ask(obs, &spec), &frames, NULL),
			REQUEST_ANSWERED);
	}
	assert_int_equal(node_links(w.nodes[obs].node, rows, 8), 8);
	world_run(&w, SECONDS(30), NULL);
	assert_true(node_links(w.nodes[obs].node, rows, 8) < 5);
	spec.peer = stranger;
	assert_int_equal(requests_ask(w.nodes[0].node, &spec, w.now_ns, &number),
		ERR_UNKNOWN);
	spec.peer = id_of(0);
	assert_int_equal(requests_ask(w.nodes[0].node, &spec, w.now_ns, &number),
		ERR_ARGUMENT);
}

/* Who is frozen gives no answer in time; who is killed loses the question. */
static void
questions_end(void **state)
{
	struct request_spec spec = { .peer = id_of(1), .tag = FRAME_ECHO,
		.patience_ns = SECONDS(1) };
	uint64_t since, number;
	unsigned frames;

	(void)state;
	w.nodes[1].frozen = true;
	since = w.now_ns;
	number = ask(0, &spec);
	assert_int_equal(await(0, number, &frames, NULL), REQUEST_TIMEOUT);
	assert_true(w.now_ns - since <= MILLISECONDS(1020));
	assert_int_equal(count(0, NODE_COUNT_ASKED_TIMEOUT), 1);
	w.nodes[1].frozen = false;
	world_run(&w, SECONDS(1), NULL);
	spec.patience_ns = SECONDS(30);
	world_kill(&w, 1);
	number = ask(0, &spec);
	assert_int_equal(await(0, number, &frames, NULL), REQUEST_LOST);
	number = ask(0, &spec);
	assert_int_equal(await(0, number, &frames, NULL), REQUEST_UNREACHABLE);
	number = ask(0, &spec);
	requests_cancel(w.nodes[0].node, number, w.now_ns);
	requests_cancel(w.nodes[0].node, 12345, w.now_ns);
	assert_int_equal(count(0, NODE_COUNT_ASKED), 0);
}

/*
 * What a bad peer does to our questions: no answer at all, another tag, a frame that
 * breaks, an answer after its end. Each ends, and nothing is left behind.
 */
static void
bad_answers_end_too(void **state)
{
	struct request_spec spec = { .tag = FRAME_ECHO, .patience_ns = SECONDS(2) };
	struct bad_peer bad;
	unsigned frames;
	uint64_t number;

	(void)state;
	bad_peer_init(&bad, &w);
	bad_peer_meet(&bad, 0, "mesh1");
	spec.peer = bad.identity.id;
	number = ask(0, &spec);
	assert_int_equal(await(0, number, &frames, NULL), REQUEST_TIMEOUT);
	number = ask(0, &spec);
	world_run(&w, MILLISECONDS(10), NULL);
	assert_int_equal(bad.requests, 2);
	assert_int_equal(endpoint_respond(bad.e, bad.request.conn, bad.request.stream,
		FRAME_SYNC, "x", 1, false), ERR_OK);
	assert_int_equal(await(0, number, &frames, NULL), REQUEST_TIMEOUT);
	assert_int_equal(frames, 0);
	number = ask(0, &spec);
	world_run(&w, MILLISECONDS(10), NULL);
	assert_int_equal(endpoint_reset_stream(bad.e, bad.request.conn,
		bad.request.stream), ERR_OK);
	assert_int_equal(await(0, number, &frames, NULL), REQUEST_REFUSED);
	number = ask(0, &spec);
	world_run(&w, MILLISECONDS(10), NULL);
	assert_int_equal(endpoint_respond(bad.e, bad.request.conn, bad.request.stream,
		FRAME_ECHO, "x", 1, true), ERR_OK);
	assert_int_equal(await(0, number, &frames, NULL), REQUEST_ANSWERED);
	assert_int_equal(frames, 1);
	/* Gone before the question comes: the closed port is noticed. */
	number = ask(0, &spec);
	bad_peer_fini(&bad);
	assert_int_equal(await(0, number, &frames, NULL), REQUEST_LOST);
	assert_int_equal(count(0, NODE_COUNT_ASKED), 0);
}

/* Questions without a trace context, unknown or too long are refused and counted. */
static void
bad_questions_are_refused(void **state)
{
	static const uint8_t zeros[ECHO_LEN_MAX + TRACE_CONTEXT_LEN + 1];
	static const struct {
		uint8_t tag;
		size_t len;
	} bad_ones[] = {
		{ FRAME_ECHO, 0 },
		{ FRAME_ECHO, TRACE_CONTEXT_LEN - 1 },
		{ FRAME_ECHO, sizeof zeros },
		{ 0x7e, TRACE_CONTEXT_LEN },
		{ FRAME_HELLO, TRACE_CONTEXT_LEN },
		{ FRAME_SYNC, TRACE_CONTEXT_LEN },
		{ FRAME_SYNC, TRACE_CONTEXT_LEN + 200 },
	};
	struct bad_peer bad;
	int64_t stream;
	uint64_t before = count(0, NODE_COUNT_REQUESTS);

	(void)state;
	bad_peer_init(&bad, &w);
	bad_peer_meet(&bad, 0, "mesh1");
	for (unsigned i = 0; i < sizeof bad_ones / sizeof *bad_ones; i++) {
		assert_int_equal(endpoint_request(bad.e, bad.conn, bad_ones[i].tag, zeros,
			bad_ones[i].len, &stream), ERR_OK);
		world_run(&w, MILLISECONDS(20), NULL);
		assert_int_equal(bad.stream_ends, i + 1);
		assert_int_equal(count(0, NODE_COUNT_REQUESTS), before + i + 1);
	}
	assert_int_equal(bad.responses, 0);
	/* Control: a good one is answered. */
	assert_int_equal(endpoint_request(bad.e, bad.conn, FRAME_ECHO, zeros,
		TRACE_CONTEXT_LEN, &stream), ERR_OK);
	world_run(&w, MILLISECONDS(20), NULL);
	assert_int_equal(bad.responses, 1);
	assert_int_equal(count(0, NODE_COUNT_SERVING), 0);
	bad_peer_fini(&bad);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(echo_is_byte_equal),
		TEST(a_thousand_are_matched),
		TEST(an_echo_is_one_trace),
		TEST(links_come_on_demand),
		TEST(questions_end),
		TEST(bad_answers_end_too),
		TEST(bad_questions_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
