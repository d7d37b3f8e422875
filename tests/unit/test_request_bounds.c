/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/requests.h"
#include "node/state.h"
#include "unit/bad_peer.h"
#include "unit/node_world.h"
#include "wire/frame.h"

#define PIECES 300000

static struct world w;
static struct bad_peer bad;

static int
set_up(void **state)
{
	(void)state;
	world_init(&w, 9);
	world_add(&w, "mesh1", "gateway", -1, NULL);
	bad_peer_init(&bad, &w);
	bad_peer_meet(&bad, 0, "mesh1");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	bad_peer_fini(&bad);
	world_fini(&w);
	for (int c = 0; c < MEM_CLASSES; c++)
		assert_int_equal(mem_live((enum mem_class)c), 0);
	return 0;
}

/* How many of so many pieces of an answer are kept while nobody fetches them. */
static unsigned
kept_of(unsigned pieces, size_t len)
{
	static const uint8_t bytes[1] = { 7 };
	struct node *n = w.nodes[0].node;
	struct request_spec spec = { .peer = bad.identity.id, .tag = FRAME_WATCH,
		.streaming = true, .patience_ns = SECONDS(60) };
	struct quic_event ev = { .kind = QUIC_RESPONSE, .tag = FRAME_WATCH,
		.bytes = { bytes, len } };
	struct request_answer a;
	unsigned kept = 0;
	uint64_t number;

	assert_int_equal(requests_ask(n, &spec, w.now_ns, &number), ERR_OK);
	world_run(&w, MILLISECONDS(20), NULL);
	assert_int_equal(bad.requests, 1);
	ev.conn = links_find(&n->links, &bad.identity.id)->conn;
	ev.stream = bad.request.stream;
	for (unsigned i = 0; i < pieces; i++)
		requests_quic(n, &ev, w.now_ns);
	while (requests_next(n, &a))
		kept += a.end == REQUEST_GOES_ON;
	return kept;
}

/* Pieces of nothing take memory as well: also they are kept up to the bound alone. */
static void
empty_pieces_have_a_bound(void **state)
{
	unsigned kept;

	(void)state;
	kept = kept_of(PIECES, 0);
	assert_true(kept > 0);
	assert_true(kept <= REQUEST_ANSWERS_LEN_MAX / sizeof(struct request_answer));
	assert_int_equal(
		world_status(&w, 0).counts[NODE_COUNT_ANSWERS], PIECES - kept);
}

/* What is below it is all kept, and what was fetched counts no more. */
static void
fewer_are_all_kept(void **state)
{
	(void)state;
	assert_int_equal(kept_of(1000, 1), 1000);
	assert_int_equal(w.nodes[0].node->requests.answers_len, 0);
	assert_int_equal(world_status(&w, 0).counts[NODE_COUNT_ANSWERS], 0);
}

/* Somebody speaks for mesh2 and names a gateway that is nowhere. */
static void
mesh2_is_silent(void)
{
	struct node *n = w.nodes[0].node;
	struct summary s = { .mesh = "mesh2", .speaker = bad.identity.id,
		.incarnation = 1, .seq = 1, .gateway_count = 1 };
	uint8_t seed[32] = { 99 };
	struct identity one;
	struct peer_id topic;
	struct buf b;

	identity_from_seed(&one, seed);
	s.gateways[0].id = one.id;
	s.gateways[0].addresses[0] = world_address(WORLD_NOWHERE_PORT_BASE);
	s.gateways[0].address_count = 1;
	topic_of_backbone(&topic, &n->config.key);
	buf_init(&b, SUMMARY_LEN_MAX);
	summary_sign(&b, &s, &topic, bad.identity.secret_key);
	assert_int_equal(backbone_apply(n->fabric->backbone,
				 (struct view){ b.data, b.len }, w.now_ns),
		ERR_OK);
	buf_fini(&b);
}

/* So many questions of one peer, none of which can be answered at once. */
static void
ask_for_mesh2(unsigned count)
{
	struct trace_context none = { 0 };
	struct resolve_ask ask = { .most = 1, .fresh = true };
	int64_t stream;
	struct buf b;

	for (unsigned i = 0; i < count; i++) {
		snprintf(ask.pattern, sizeof ask.pattern, "mesh2.broker%u", i);
		buf_init(&b, 256);
		trace_context_encode(&b, &none);
		delivery_put_resolve(&b, &ask);
		assert_int_equal(endpoint_request(bad.e, bad.conn, FRAME_RESOLVE, b.data,
					 b.len, &stream),
			ERR_OK);
		buf_fini(&b);
	}
	world_run(&w, MILLISECONDS(100), NULL);
}

/* One peer has so many questions under way and no more; those are answered at last. */
static void
one_peer_takes_no_more_than_its_part(void **state)
{
	struct serve *v = &w.nodes[0].node->serve;

	(void)state;
	mesh2_is_silent();
	ask_for_mesh2(SERVING_PEER_MAX + 9);
	assert_int_equal(v->count, SERVING_PEER_MAX);
	assert_int_equal(v->full, 9);
	world_run(&w, SECONDS(5), NULL);
	assert_int_equal(v->count, 0);
	assert_int_equal(bad.responses, SERVING_PEER_MAX);
	ask_for_mesh2(1);
	assert_int_equal(v->full, 9);
}

/* As many as that is nothing to be refused. */
static void
its_part_is_served(void **state)
{
	struct serve *v = &w.nodes[0].node->serve;

	(void)state;
	mesh2_is_silent();
	ask_for_mesh2(SERVING_PEER_MAX);
	assert_int_equal(v->count, SERVING_PEER_MAX);
	assert_int_equal(v->full, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(empty_pieces_have_a_bound),
		TEST(fewer_are_all_kept),
		TEST(one_peer_takes_no_more_than_its_part),
		TEST(its_part_is_served),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
