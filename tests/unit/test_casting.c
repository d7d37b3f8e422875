/* SPDX-License-Identifier: MIT */
/* Messages of applications to a whole mesh, over real QUIC in virtual time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "node/casting.h"
#include "node/shown.h"
#include "node/state.h"
#include "node/without.h"
#include "unit/node_world.h"

#define NODES 5
#define BURST 2500

static struct world w;

static int
set_up(void **state)
{
	(void)state;
	world_init(&w, 21);
	for (size_t i = 0; i < NODES; i++)
		world_add(&w, "mesh1", "broker", i == 0 ? -1 : 0, NULL);
	assert_true(world_run(&w, SECONDS(30), world_converged));
	(void)world_run(&w, SECONDS(5), NULL);
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

static uint64_t
count(size_t i, enum node_count c)
{
	return world_status(&w, i).counts[c];
}

static void
begin(size_t i, uint64_t run, uint64_t messages, uint64_t every_ns)
{
	static const uint8_t body[200];
	struct casting_spec spec = { .kind = "load", .body = { body, sizeof(body) },
		.run = run, .count = messages, .every_ns = every_ns };
	char why[DELIVERY_WHY_CAP];
	uint64_t number;

	assert_int_equal(
		casting_begin(w.nodes[i].node, &spec, w.now_ns, &number, why), ERR_OK);
}

/* What came of a run at a node; zeros when nothing did. */
static struct cast_count
came(size_t i, uint64_t run)
{
	struct cast_count all[CAST_RUNS_MAX];
	size_t runs = node_casts(w.nodes[i].node, all, CAST_RUNS_MAX);

	for (size_t k = 0; k < runs; k++)
		if (all[k].run == run)
			return all[k];
	return (struct cast_count){ .run = run };
}

static bool
all_ended(struct world *world)
{
	for (size_t i = 0; i < world->count; i++)
		if (world->nodes[i].node && world->nodes[i].node->castings.count > 0) {
			struct casting_report r;

			while (casting_next(world->nodes[i].node, &r))
				assert_int_equal(r.sent, r.count);
			if (world->nodes[i].node->castings.count > 0)
				return false;
		}
	return true;
}

static uint64_t
liveness_changes(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < NODES; i++)
		sum += world_status(&w, i).liveness_changes;
	return sum;
}

/* All cast at once: each message comes once to each, and nobody is suspected. */
static void
each_comes_once(void **state)
{
	uint64_t changes = liveness_changes();

	(void)state;
	for (size_t i = 0; i < NODES; i++)
		begin(i, 7, 500, MILLISECONDS(4));
	assert_true(world_run(&w, SECONDS(60), all_ended));
	(void)world_run(&w, SECONDS(10), NULL);
	for (size_t i = 0; i < NODES; i++) {
		struct cast_count c = came(i, 7);

		assert_int_equal(c.delivered, 500 * (NODES - 1));
		assert_int_equal(c.duplicates + c.late + c.untimed, 0);
		assert_int_equal(c.took.count, c.delivered);
		assert_true(spread_percentile(&c.took, 50) >= 1000);
		assert_int_equal(w.nodes[i].messages_told, c.delivered);
	}
	assert_int_equal(liveness_changes(), changes);
}

/* The control of the tests that count: where some are lost, they are missed. */
static void
what_is_lost_is_missed(void **state)
{
	(void)state;
	w.nodes[1].node->config.without = WITHOUT_GOSSIP;
	begin(0, 7, 500, MILLISECONDS(2));
	assert_true(world_run(&w, SECONDS(60), all_ended));
	(void)world_run(&w, SECONDS(10), NULL);
	assert_int_equal(came(1, 7).delivered, 490);
	assert_int_equal(came(2, 7).delivered, 500);
}

/* A burst comes whole, and what it took is given back when it is over. */
static void
a_burst_leaves_nothing(void **state)
{
	uint64_t before[NODES], changes = liveness_changes();

	(void)state;
	for (size_t i = 0; i < NODES; i++)
		before[i] = count(i, NODE_COUNT_SEEN);
	begin(0, 9, BURST, 0);
	assert_true(world_run(&w, SECONDS(120), all_ended));
	(void)world_run(&w, SECONDS(10), NULL);
	for (size_t i = 1; i < NODES; i++) {
		assert_int_equal(came(i, 9).delivered, BURST);
		assert_int_equal(came(i, 9).duplicates, 0);
		assert_true(count(i, NODE_COUNT_SEEN) >= BURST);
	}
	(void)world_run(&w, SECONDS(120), NULL);
	for (size_t i = 0; i < NODES; i++) {
		assert_in_range(count(i, NODE_COUNT_SEEN), 0, before[i] + 500);
		assert_in_range(count(i, NODE_COUNT_CACHED), 0, 500);
		assert_int_equal(count(i, NODE_COUNT_CAST_SPEAKERS), 0);
		assert_int_equal(count(i, NODE_COUNT_SLOW), 0);
		assert_int_equal(count(i, NODE_COUNT_CASTINGS), 0);
		assert_in_range(count(i, NODE_COUNT_LAZY), 0, 60);	/* of digests */
	}
	assert_int_equal(liveness_changes(), changes);
}

static uint64_t
queued(size_t i, size_t to)
{
	const struct node *n = w.nodes[i].node;
	const struct link *k = links_find(&n->links, &w.nodes[to].config.identity.id);
	uint64_t end = 0, acked = 0;

	if (k != NULL)
		(void)endpoint_gossip_offsets(n->endpoint, k->conn,
			&n->meshes[0]->topic_id, &end, &acked);
	return end - acked;
}

/*
 * One stands still for two seconds: the others get all in time, what waits for it has a
 * bound, and afterwards it hears the newest again.
 */
static void
one_is_slow_alone(void **state)
{
	struct cast_count c;
	uint64_t most = 0;

	(void)state;
	begin(0, 11, 1000, MILLISECONDS(3));
	(void)world_run(&w, MILLISECONDS(500), NULL);
	w.nodes[4].frozen = true;
	for (int i = 0; i < 200; i++) {
		(void)world_run(&w, MILLISECONDS(10), NULL);
		for (size_t k = 0; k < 4; k++)
			if (queued(k, 4) > most)
				most = queued(k, 4);
	}
	assert_true(most > 0 && most <= CAST_QUEUE_LEN_MAX);
	w.nodes[4].frozen = false;
	assert_true(world_run(&w, SECONDS(60), all_ended));
	(void)world_run(&w, SECONDS(10), NULL);
	for (size_t i = 1; i < 4; i++) {
		c = came(i, 11);
		assert_int_equal(c.delivered, 1000);
		/* Behind a hop that stood still it is announced and asked for. */
		assert_true(spread_percentile(&c.took, 90) < 1000000);
	}
	assert_true(came(4, 11).delivered >= 300);
	assert_int_equal(came(4, 11).duplicates, 0);
}

/* Whatever is wrong with a casting is said, and so is one too many. */
static void
castings_have_bounds(void **state)
{
	struct casting_spec spec = { .kind = "load", .count = 1,
		.every_ns = SECONDS(3600) };
	char why[DELIVERY_WHY_CAP];
	struct casting_report r;
	struct node *n = w.nodes[0].node;
	uint64_t number;
	size_t observer;

	(void)state;
	spec.count = 0;
	assert_int_equal(casting_begin(n, &spec, w.now_ns, &number, why), ERR_ARGUMENT);
	spec.count = CAST_COUNT_MAX + 1;
	assert_int_equal(casting_begin(n, &spec, w.now_ns, &number, why), ERR_ARGUMENT);
	spec.count = 2;
	spec.body.len = CAST_BODY_LEN_MAX + 1;
	assert_int_equal(casting_begin(n, &spec, w.now_ns, &number, why), ERR_ARGUMENT);
	spec.body.len = 0;
	spec.kind[0] = '!';
	assert_int_equal(casting_begin(n, &spec, w.now_ns, &number, why), ERR_ARGUMENT);
	spec.kind[0] = 'l';
	for (int i = 0; i < CASTINGS_MAX; i++)
		assert_int_equal(
			casting_begin(n, &spec, w.now_ns, &number, why), ERR_OK);
	assert_int_equal(casting_begin(n, &spec, w.now_ns, &number, why), ERR_LIMIT);
	assert_non_null(strstr(why, "under way"));
	(void)world_run(&w, SECONDS(1), NULL);
	casting_stop(n, number, w.now_ns);
	assert_true(casting_next(n, &r));
	assert_true(r.number == number && r.sent == 1 && r.count == 2);
	assert_int_equal(casting_begin(n, &spec, w.now_ns, &number, why), ERR_OK);
	observer = world_add(&w, "", "console", 0, NULL);
	assert_int_equal(casting_begin(w.nodes[observer].node, &spec, w.now_ns, &number,
		why), ERR_STATE);
}

static void
cast(size_t by, size_t to, uint64_t number, bool forged)
{
	struct node *n = w.nodes[to].node;
	struct cast c = { .speaker = w.nodes[by].config.identity.id, .run = 1,
		.number = number, .sent_us = w.now_ns / 1000, .kind = "load" };
	struct buf b;

	buf_init(&b, CAST_LEN_MAX);
	cast_sign(&b, &c, &n->meshes[0]->topic_id,
		w.nodes[forged ? to : by].config.identity.secret_key);
	casts_take(n, n->meshes[0], (struct view){ b.data, b.len }, w.now_ns);
	buf_fini(&b);
}

/* What gossip had forgotten is known by its number; what is not the speaker's is none. */
static void
numbers_tell_repetitions(void **state)
{
	struct cast_count c;

	(void)state;
	cast(0, 1, 5, true);
	assert_int_equal(count(1, NODE_COUNT_CASTS_FORGED), 1);
	for (uint64_t i = 100; i > 0; i--)	/* in whatever order */
		cast(0, 1, i, false);
	for (uint64_t i = 1; i <= 100; i++)
		cast(0, 1, i, false);
	c = came(1, 1);
	assert_true(c.delivered == 100 && c.duplicates == 100 && c.late == 0);
	cast(0, 1, CAST_WINDOW + 50, false);
	cast(0, 1, 50, false);		/* its place is that of the newest */
	cast(0, 1, 51, false);		/* and this is still known */
	cast(0, 1, CAST_WINDOW + 49, false);	/* new, though 49 had its place */
	cast(2, 1, 50, false);		/* another speaker */
	c = came(1, 1);
	assert_true(c.delivered == 103 && c.duplicates == 101 && c.late == 1);
	casts_take(w.nodes[1].node, w.nodes[1].node->meshes[0],
		(struct view){ (const uint8_t *)"\4\0", 2 }, w.now_ns);
	assert_int_equal(count(1, NODE_COUNT_CASTS_MALFORMED), 1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_comes_once),
		TEST(what_is_lost_is_missed),
		TEST(a_burst_leaves_nothing),
		TEST(one_is_slow_alone),
		TEST(castings_have_bounds),
		TEST(numbers_tell_repetitions),
	};

	return cmocka_run_group_tests_name("casting", tests, NULL, NULL);
}
