/* SPDX-License-Identifier: MIT */
/* Shuffles, refills, partings: the event table of PROTOCOL.md 4, over a topic's face. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/unit/gossip_rig.h"

static size_t
active_count(const struct rig *r)
{
	return topic_active(r->topic, NULL, 0);
}

/* Shuffle under way: to one other neighbor, never to its origin or back. */
static void
shuffle_travels(void **state)
{
	const unsigned nodes[] = {1, 20, 21};
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 3);
	rig_shuffle(&r, 2, 1, nodes, 3, 6);
	assert_int_equal(rig_sent_any(&r, GOSSIP_SHUFFLE), 1);
	assert_int_equal(rig_sent(&r, 3, GOSSIP_SHUFFLE, &m), 1);
	assert_int_equal(m.shuffle.ttl, 5);
	assert_int_equal(m.shuffle.count, 3);
	assert_false(rig_is_passive(&r, 20));
	rig_fini(&r);
}

/* Shuffle at its end: nodes to the passive view, as many others to the origin. */
static void
shuffle_ends(void **state)
{
	const unsigned nodes[] = {9, 20, 0};
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	rig_shuffle(&r, 2, 9, nodes, 3, 0);
	assert_true(rig_is_passive(&r, 9));
	assert_true(rig_is_passive(&r, 20));
	assert_false(rig_is_passive(&r, 0));
	assert_int_equal(rig_sent(&r, 9, GOSSIP_SHUFFLE_REPLY, &m), 1);
	assert_int_equal(m.shuffle_reply.count, 3);
	assert_true(rig_hung_up(&r, 9));
	rig_fini(&r);
}

/* A full list without news from a stranger is not worth a connection. */
static void
shuffle_without_news(void **state)
{
	const unsigned all[] = {20, 21, 22, 23, 24, 25, 26, 27};
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	rig_nodes(&r, 1, all, 8);
	rig_shuffle(&r, 2, 20, all, 8, 0);
	assert_int_equal(rig_sent(&r, 20, GOSSIP_SHUFFLE_REPLY, NULL), 0);
	rig_fini(&r);
}

/* ShuffleReply: nodes to the passive view, and free slots are filled with Low. */
static void
shuffle_reply_refills(void **state)
{
	const unsigned nodes[] = {20, 21};
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 3);
	rig_nodes(&r, 1, nodes, 2);
	assert_int_equal(rig_sent(&r, 20, GOSSIP_NEIGHBOR, &m), 1);
	assert_int_equal(m.neighbor.priority, GOSSIP_PRIORITY_LOW);
	assert_true(rig_is_pending(&r, 20));
	assert_true(rig_is_pending(&r, 21));
	rig_fini(&r);
}

/* Without any neighbor three are asked at once, with High. */
static void
refill_when_empty(void **state)
{
	const unsigned nodes[] = {20, 21, 22, 23, 24};
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_nodes(&r, 1, nodes, 5);
	assert_int_equal(rig_sent_any(&r, GOSSIP_NEIGHBOR), 3);
	for (unsigned i = 20; i < 25; i++) {
		if (rig_sent(&r, i, GOSSIP_NEIGHBOR, &m))
			assert_int_equal(m.neighbor.priority, GOSSIP_PRIORITY_HIGH);
	}
	rig_fini(&r);
}

/* Disconnect(alive) ends a neighborhood: passive, told as left, hang-up, and a refill. */
static void
disconnect_received(void **state)
{
	const unsigned nodes[] = {20};
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	rig_nodes(&r, 1, nodes, 1);
	rig_disconnect(&r, 1, true);
	assert_true(rig_changed(&r, 1, NEIGHBOR_LEFT));
	assert_true(rig_hung_up(&r, 1));
	assert_true(rig_is_passive(&r, 1));
	assert_true(rig_is_pending(&r, 20));
	/* The link ends after it: that forgets nobody who said that it lives. */
	rig_in(&r, GOSSIP_IN_LOST, 1);
	assert_true(rig_is_passive(&r, 1));
	rig_in(&r, GOSSIP_IN_LOST, 1);
	assert_false(rig_is_passive(&r, 1));
	rig_disconnect(&r, 2, false);
	assert_false(rig_is_passive(&r, 2));
	rig_fini(&r);
}

/* A refusal clears the pending request and is not repeated in this round. */
static void
request_refused(void **state)
{
	const unsigned nodes[] = {20};
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 4);
	rig_nodes(&r, 1, nodes, 1);
	assert_true(rig_is_pending(&r, 20));
	rig_disconnect(&r, 20, true);
	assert_true(rig_changed(&r, 20, NEIGHBOR_REFUSED));
	assert_true(rig_hung_up(&r, 20));
	assert_false(rig_is_pending(&r, 20));
	assert_true(rig_is_passive(&r, 20));
	rig_fini(&r);
}

/* No answer within 500 ms: told, forgotten, and the next one is asked. */
static void
request_times_out(void **state)
{
	const unsigned nodes[] = {20, 21};
	unsigned asked, other;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 4);
	rig_nodes(&r, 1, nodes, 2);
	asked = rig_is_pending(&r, 20) ? 20 : 21;
	other = 41 - asked;
	assert_false(rig_is_pending(&r, other));
	rig_advance(&r, MILLISECONDS(499));
	assert_true(rig_is_pending(&r, asked));
	rig_advance(&r, MILLISECONDS(1));
	assert_true(rig_changed(&r, asked, NEIGHBOR_TIMEOUT));
	assert_false(rig_is_pending(&r, asked));
	assert_false(rig_is_passive(&r, asked));
	assert_true(rig_is_pending(&r, other));
	rig_fini(&r);
}

/* A lost neighbor is told as lost, is not kept, and is replaced. */
static void
neighbor_lost(void **state)
{
	const unsigned nodes[] = {20};
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	rig_nodes(&r, 1, nodes, 1);
	rig_in(&r, GOSSIP_IN_LOST, 3);
	assert_true(rig_changed(&r, 3, NEIGHBOR_LOST));
	assert_false(rig_is_passive(&r, 3));
	assert_true(rig_is_pending(&r, 20));
	rig_in(&r, GOSSIP_IN_LOST, 20);
	assert_false(rig_is_pending(&r, 20));
	assert_false(rig_is_passive(&r, 20));
	rig_fini(&r);
}

/* What is known of peers lives as long as they are in a view, and no longer. */
static void
peer_data_is_bounded(void **state)
{
	struct topic_stats s;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	for (unsigned i = 1; i < 200; i++) {
		struct gossip_msg m = {.kind = GOSSIP_JOIN};

		m.join.data.present = true;
		m.join.data.bytes = (struct view){(const uint8_t *)&i, sizeof(i)};
		rig_message(&r, i, &m);
		assert_int_equal(rig_count(&r, GOSSIP_OUT_PEER_DATA), 1);
	}
	topic_stats(r.topic, &s);
	assert_int_equal(s.peer_data, 35);
	for (unsigned i = 1; i < 200; i++) {
		rig_disconnect(&r, i, false);
		rig_in(&r, GOSSIP_IN_LOST, i);
	}
	rig_advance(&r, SECONDS(5));
	topic_stats(r.topic, &s);
	assert_int_equal(s.peer_data, 0);
	rig_fini(&r);
}

/* Quit: nodes and Disconnect(not alive) for everyone, and silence after it. */
static void
quit(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 3);
	rig_in(&r, GOSSIP_IN_QUIT, 0);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(rig_sent(&r, i, GOSSIP_DISCONNECT, &m), 1);
		assert_false(m.disconnect.alive);
		assert_true(rig_changed(&r, i, NEIGHBOR_QUIT));
	}
	assert_int_equal(rig_sent(&r, 1, GOSSIP_SHUFFLE_REPLY, NULL), 1);
	assert_int_equal(active_count(&r), 0);
	rig_simple(&r, 4, GOSSIP_JOIN);
	rig_advance(&r, SECONDS(200));
	assert_int_equal(outbox_count(r.out), 0);
	rig_fini(&r);
}

/*
 * Shuffles go on with 60 s +-20 %, after a start that doubles; 3 + 4 peers and ourselves.
 */
static void
shuffles_are_sent(void **state)
{
	const unsigned nodes[] = {20, 21, 22, 23, 24, 25, 26, 27};
	struct gossip_msg m;
	struct rig r;
	size_t count;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	rig_nodes(&r, 1, nodes, 8);
	rig_advance(&r, SECONDS(2));
	assert_in_range(rig_sent_any(&r, GOSSIP_SHUFFLE), 1, 2);
	for (unsigned i = 1; i <= 5; i++) {
		if (!rig_sent(&r, i, GOSSIP_SHUFFLE, &m))
			continue;
		assert_int_equal(m.shuffle.count, 8);
		assert_int_equal(m.shuffle.ttl, 6);
		assert_memory_equal(&m.shuffle.origin, &r.config.self, 32);
		assert_memory_equal(&m.shuffle.nodes[0].id, &r.config.self, 32);
	}
	rig_advance(&r, SECONDS(200));
	rig_advance(&r, SECONDS(600));
	count = rig_sent_any(&r, GOSSIP_SHUFFLE);
	assert_in_range(count, 8, 13);
	rig_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shuffle_travels),
		cmocka_unit_test(shuffle_ends),
		cmocka_unit_test(shuffle_without_news),
		cmocka_unit_test(shuffle_reply_refills),
		cmocka_unit_test(refill_when_empty),
		cmocka_unit_test(disconnect_received),
		cmocka_unit_test(request_refused),
		cmocka_unit_test(request_times_out),
		cmocka_unit_test(neighbor_lost),
		cmocka_unit_test(peer_data_is_bounded),
		cmocka_unit_test(quit),
		cmocka_unit_test(shuffles_are_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
