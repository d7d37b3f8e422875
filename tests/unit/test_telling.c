/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "node/requests.h"
#include "node/telling.h"
#include "unit/node_world.h"

/* Node 0 is asked; node 1 is its operator, node 2 is not; node 3 knows node 0 alone. */
#define NODES 4
static struct world w;
static struct buf pieces;
static enum request_end ended;

static int
setup(void **state)
{
	struct world_node *n;
	int err;

	(void)state;
	world_init(&w, NODES);
	for (int i = 0; i < NODES; i++)
		world_add(&w, "mesh1", "broker", i == 0 ? -1 : 0, NULL);
	n = &w.nodes[0];
	n->config.operators[n->config.operator_count++] = w.nodes[1].config.identity.id;
	node_free(n->node);
	n->node = node_new(&n->config, w.now_ns, w.now_ns / NS_PER_MS, &err);
	assert_int_equal(err, ERR_OK);
	assert_true(world_run(&w, SECONDS(30), world_converged));
	buf_init(&pieces, 2 * LIFELINE_RECORD_LEN_MAX);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	buf_fini(&pieces);
	world_fini(&w);
	return 0;
}

static size_t asker;

static bool
answered(struct world *x)
{
	struct request_answer a;

	while (requests_next(x->nodes[asker].node, &a)) {
		if (a.end != REQUEST_GOES_ON) {
			ended = a.end;
			return true;
		}
		assert_in_range(a.bytes.len, 1, VIEW_FRAME_LEN_MAX);
		buf_put(&pieces, a.bytes.data, a.bytes.len);
	}
	return false;
}

/* What node 0 says to node i. */
static void
ask(size_t i, uint64_t number, const struct peer_id *probe, struct lifeline_record *r)
{
	struct telling_ask q = { .peer = w.nodes[0].config.identity.id, .ask = number,
		.probes = probe, .probe_count = probe != NULL };
	uint64_t under_way;

	asker = i;
	buf_clear(&pieces);
	assert_int_equal(telling_ask(w.nodes[i].node, &q, w.now_ns, &under_way), ERR_OK);
	assert_true(world_run(&w, SECONDS(10), answered));
	assert_int_equal(ended, REQUEST_ANSWERED);
	assert_int_equal(
		telling_read((struct view){ pieces.data, pieces.len }, r), ERR_OK);
}

static bool
clocked(size_t node, size_t peer)
{
	struct link_row rows[LINKS_MAX];
	size_t count = node_links(w.nodes[node].node, rows, LINKS_MAX);

	for (size_t i = 0; i < count; i++)
		if (id_equal(&rows[i].peer, &w.nodes[peer].config.identity.id))
			return rows[i].clocked;
	return false;
}

static bool
clocked_0_3(struct world *x)
{
	(void)x;
	return clocked(0, 3);
}

/* Whoever was admitted hears what a parent would: itself first, then all of its mesh. */
static void
anybody_hears_what_it_sees(void **state)
{
	struct lifeline_record *r = malloc(sizeof(*r));

	(void)state;
	ask(2, 7, NULL, r);
	assert_int_equal(r->view.ask, 7);
	assert_int_equal(r->view.node_count, NODES);
	assert_true(id_equal(&r->view.nodes[0].id, &w.nodes[0].config.identity.id));
	assert_true(r->view.link_count > 0);
	lifeline_fini(r);
	free(r);
}

/* Whom to look after is obeyed when an operator says it, and ignored of others. */
static void
probes_are_for_operators(void **state)
{
	struct lifeline_record *r = malloc(sizeof(*r));
	const struct peer_id *other = &w.nodes[3].config.identity.id;

	(void)state;
	ask(2, 1, other, r);
	lifeline_fini(r);
	assert_false(world_run(&w, SECONDS(2), clocked_0_3));
	ask(1, 1, other, r);
	lifeline_fini(r);
	assert_true(world_run(&w, SECONDS(5), clocked_0_3));
	free(r);
}

/* What is no ASK, or too long, is refused; what is no VIEW is not read. */
static void
broken_questions_are_refused(void **state)
{
	static const uint8_t bad[][4] = { { 0x41, 0x01, 0x05 }, { 0x42, 0x00 }, { 0 } };
	struct lifeline_record *r = malloc(sizeof(*r));
	struct buf quit;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct request_spec spec = { .peer = w.nodes[0].config.identity.id,
			.tag = FRAME_VIEW, .payload = bad[i], .len = 2 };
		uint64_t number;

		asker = 2;
		assert_int_equal(requests_ask(w.nodes[2].node, &spec, w.now_ns, &number),
			ERR_OK);
		assert_true(world_run(&w, SECONDS(10), answered));
		assert_int_equal(ended, REQUEST_REFUSED);
	}
	buf_init(&quit, 100);
	memset(r, 0, sizeof(*r));
	r->tag = LIFELINE_QUIT;
	lifeline_encode(&quit, r);
	assert_int_equal(telling_read((struct view){ quit.data, quit.len }, r),
		ERR_MALFORMED);
	assert_int_not_equal(telling_read((struct view){ quit.data, 1 }, r), ERR_OK);
	buf_fini(&quit);
	free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			anybody_hears_what_it_sees, setup, teardown),
		cmocka_unit_test_setup_teardown(
			probes_are_for_operators, setup, teardown),
		cmocka_unit_test_setup_teardown(
			broken_questions_are_refused, setup, teardown),
	};

	return cmocka_run_group_tests_name("telling", tests, NULL, NULL);
}
