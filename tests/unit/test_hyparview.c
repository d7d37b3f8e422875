/* SPDX-License-Identifier: MIT */
/* Joins and Neighbors: the event table of PROTOCOL.md 4, over a topic's public face. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "gossip/views.h"
#include "tests/unit/gossip_rig.h"

/* Taken out by a test below, and put back. */
static bool crossing_unseen;

bool __wrap_views_just_evicted(
	const struct views *v, const struct gossip_ctx *x, const struct peer_id *peer);
bool __real_views_just_evicted(
	const struct views *v, const struct gossip_ctx *x, const struct peer_id *peer);

bool
__wrap_views_just_evicted(
	const struct views *v, const struct gossip_ctx *x, const struct peer_id *peer)
{
	return !crossing_unseen && __real_views_just_evicted(v, x, peer);
}

static size_t
active_count(const struct rig *r)
{
	return topic_active(r->topic, NULL, 0);
}

/* A Join goes out with our data, and again after Disconnect, 1, 2, 4, 8, 16 s apart. */
static void
join_is_retried(void **state)
{
	const uint64_t waits[] = {1, 2, 4, 8, 16};
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_bytes(&r, GOSSIP_IN_DATA, 0, "addr", 4);
	rig_in(&r, GOSSIP_IN_JOIN, 1);
	assert_int_equal(rig_sent(&r, 1, GOSSIP_JOIN, &m), 1);
	assert_true(m.join.data.present);
	assert_memory_equal(m.join.data.bytes.data, "addr", 4);
	for (size_t i = 0; i < 5; i++) {
		rig_advance(&r, SECONDS(waits[i]) - 1);
		assert_int_equal(rig_sent(&r, 1, GOSSIP_JOIN, NULL), 0);
		rig_advance(&r, 1);
		assert_int_equal(rig_sent(&r, 1, GOSSIP_DISCONNECT, &m), 1);
		assert_true(m.disconnect.alive);
		assert_int_equal(rig_sent(&r, 1, GOSSIP_JOIN, NULL), 1);
	}
	rig_advance(&r, SECONDS(30));
	assert_true(rig_changed(&r, 1, NEIGHBOR_TIMEOUT));
	assert_true(rig_hung_up(&r, 1));
	rig_advance(&r, SECONDS(600));
	assert_int_equal(rig_sent(&r, 1, GOSSIP_JOIN, NULL), 0);
	rig_fini(&r);
}

/* An answered Join is not repeated, and its answer is not answered. */
static void
join_answered(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_in(&r, GOSSIP_IN_JOIN, 1);
	rig_neighbor(&r, 1, GOSSIP_PRIORITY_HIGH);
	assert_true(rig_changed(&r, 1, NEIGHBOR_UP));
	assert_int_equal(rig_sent(&r, 1, GOSSIP_NEIGHBOR, NULL), 0);
	rig_advance(&r, SECONDS(10));
	assert_int_equal(rig_sent(&r, 1, GOSSIP_JOIN, NULL), 0);
	rig_fini(&r);
}

/* Joining ourselves does nothing. */
static void
join_of_ourselves(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_in(&r, GOSSIP_IN_JOIN, 0);
	assert_int_equal(outbox_count(r.out), 0);
	rig_simple(&r, 0, GOSSIP_JOIN);
	assert_int_equal(active_count(&r), 0);
	rig_fini(&r);
}

/* Join: into the active view, answered with High, passed on with ttl 6 to all others. */
static void
join_received(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 3);
	rig_simple(&r, 4, GOSSIP_JOIN);
	assert_true(rig_is_active(&r, 4));
	assert_int_equal(rig_sent(&r, 4, GOSSIP_NEIGHBOR, &m), 1);
	assert_int_equal(m.neighbor.priority, GOSSIP_PRIORITY_HIGH);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(rig_sent(&r, i, GOSSIP_FORWARD_JOIN, &m), 1);
		assert_int_equal(m.forward_join.ttl, 6);
	}
	assert_int_equal(rig_sent(&r, 4, GOSSIP_FORWARD_JOIN, NULL), 0);
	rig_fini(&r);
}

/* A Join is answered also when the peer is active or pending. */
static void
join_always_answered(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	for (int i = 0; i < 3; i++) {
		rig_simple(&r, 1, GOSSIP_JOIN);
		assert_int_equal(rig_sent(&r, 1, GOSSIP_NEIGHBOR, NULL), 1);
	}
	rig_forward_join(&r, 1, 2, 6);
	assert_true(rig_is_pending(&r, 2));
	rig_simple(&r, 2, GOSSIP_JOIN);
	assert_int_equal(rig_sent(&r, 2, GOSSIP_NEIGHBOR, NULL), 1);
	assert_false(rig_is_pending(&r, 2));
	assert_true(rig_is_active(&r, 2));
	rig_fini(&r);
}

/* A sixth Join evicts: Disconnect(alive), reason, hang-up, into the passive view. */
static void
join_evicts(void **state)
{
	struct gossip_msg m;
	unsigned gone = 0;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	rig_simple(&r, 6, GOSSIP_JOIN);
	assert_int_equal(active_count(&r), 5);
	for (unsigned i = 1; i <= 5; i++) {
		if (!rig_is_active(&r, i))
			gone = i;
	}
	assert_int_not_equal(gone, 0);
	assert_int_equal(rig_sent(&r, gone, GOSSIP_DISCONNECT, &m), 1);
	assert_true(m.disconnect.alive);
	assert_true(rig_changed(&r, gone, NEIGHBOR_EVICTED));
	assert_true(rig_hung_up(&r, gone));
	assert_true(rig_is_passive(&r, gone));
	rig_fini(&r);
}

/* ForwardJoin of an active peer: Neighbor(High) to it. */
static void
forward_join_of_active(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 3);
	rig_forward_join(&r, 1, 2, 4);
	assert_int_equal(rig_sent(&r, 2, GOSSIP_NEIGHBOR, &m), 1);
	assert_int_equal(m.neighbor.priority, GOSSIP_PRIORITY_HIGH);
	assert_int_equal(rig_sent_any(&r, GOSSIP_FORWARD_JOIN), 0);
	rig_fini(&r);
}

/* ForwardJoin at its end: asked with High, a neighbor only when it answers. */
static void
forward_join_ends(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 3);
	rig_forward_join(&r, 1, 9, 0);
	assert_int_equal(rig_sent(&r, 9, GOSSIP_NEIGHBOR, &m), 1);
	assert_int_equal(m.neighbor.priority, GOSSIP_PRIORITY_HIGH);
	assert_true(rig_is_pending(&r, 9));
	assert_false(rig_is_active(&r, 9));
	rig_neighbor(&r, 9, GOSSIP_PRIORITY_HIGH);
	assert_true(rig_is_active(&r, 9));
	assert_false(rig_is_pending(&r, 9));
	assert_int_equal(rig_sent(&r, 9, GOSSIP_NEIGHBOR, NULL), 0);
	rig_fini(&r);
}

/*
 * ForwardJoin under way: passive at ttl 3, passed on with ttl - 1, not back, not to the
 * peer.
 */
static void
forward_join_travels(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	rig_forward_join(&r, 1, 9, 4);
	assert_false(rig_is_passive(&r, 9));
	assert_int_equal(rig_sent_any(&r, GOSSIP_FORWARD_JOIN), 1);
	assert_int_equal(rig_sent(&r, 1, GOSSIP_FORWARD_JOIN, NULL), 0);
	rig_forward_join(&r, 1, 9, 3);
	assert_true(rig_is_passive(&r, 9));
	assert_int_equal(rig_sent_any(&r, GOSSIP_FORWARD_JOIN), 1);
	for (unsigned i = 2; i <= 5; i++) {
		if (rig_sent(&r, i, GOSSIP_FORWARD_JOIN, &m))
			assert_int_equal(m.forward_join.ttl, 2);
	}
	rig_forward_join(&r, 1, 0, 3);
	assert_int_equal(rig_sent_any(&r, GOSSIP_FORWARD_JOIN), 0);
	rig_fini(&r);
}

/* An unasked Neighbor is answered and leaves nothing pending. */
static void
neighbor_accepted(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_neighbor(&r, 1, GOSSIP_PRIORITY_LOW);
	assert_true(rig_is_active(&r, 1));
	assert_int_equal(rig_sent(&r, 1, GOSSIP_NEIGHBOR, NULL), 1);
	assert_false(rig_is_pending(&r, 1));
	rig_advance(&r, SECONDS(2));
	assert_true(rig_is_active(&r, 1));
	rig_fini(&r);
}

/* From an active peer one more is answered, further ones are not: no ping-pong. */
static void
neighbor_repeated(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_neighbor(&r, 1, GOSSIP_PRIORITY_LOW);
	rig_neighbor(&r, 1, GOSSIP_PRIORITY_LOW);
	assert_int_equal(rig_sent(&r, 1, GOSSIP_NEIGHBOR, NULL), 1);
	rig_neighbor(&r, 1, GOSSIP_PRIORITY_LOW);
	assert_int_equal(rig_sent(&r, 1, GOSSIP_NEIGHBOR, NULL), 0);
	rig_fini(&r);
}

/* Full: High evicts, Low is refused with nodes, Disconnect(alive) and a hang-up. */
static void
neighbor_when_full(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	rig_neighbor(&r, 8, GOSSIP_PRIORITY_LOW);
	assert_false(rig_is_active(&r, 8));
	assert_int_equal(rig_sent(&r, 8, GOSSIP_SHUFFLE_REPLY, &m), 1);
	assert_in_range(m.shuffle_reply.count, 1, 7);
	assert_int_equal(rig_sent(&r, 8, GOSSIP_DISCONNECT, &m), 1);
	assert_true(m.disconnect.alive);
	assert_true(rig_hung_up(&r, 8));
	rig_neighbor(&r, 9, GOSSIP_PRIORITY_HIGH);
	assert_true(rig_is_active(&r, 9));
	assert_int_equal(active_count(&r), 5);
	rig_fini(&r);
}

/* Whether a Neighbor from whom we evicted so long ago evicts somebody in turn. */
static bool
answer_evicts(uint64_t after_ns)
{
	unsigned evicted = 0;
	bool evicts;
	struct rig r;

	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	rig_simple(&r, 9, GOSSIP_JOIN);
	for (unsigned i = 1; i <= 5; i++) {
		if (rig_changed(&r, i, NEIGHBOR_EVICTED))
			evicted = i;
	}
	assert_true(evicted > 0);
	rig_advance(&r, after_ns);
	rig_neighbor(&r, evicted, GOSSIP_PRIORITY_HIGH);
	evicts = rig_is_active(&r, evicted);
	assert_int_equal(rig_sent(&r, evicted, GOSSIP_DISCONNECT, NULL), evicts ? 0 : 1);
	assert_int_equal(active_count(&r), 5);
	rig_fini(&r);
	return evicts;
}

/*
 * An answer that crossed with our Disconnect is no request, and evicts nobody: else some
 * meshes of 100 that start at once never stop evicting. Later it is one.
 */
static void
neighbor_that_crossed(void **state)
{
	(void)state;
	assert_false(answer_evicts(MILLISECONDS(60)));
	assert_true(answer_evicts(SECONDS(1)));
	crossing_unseen = true;
	assert_true(answer_evicts(MILLISECONDS(60)));
	crossing_unseen = false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(join_is_retried),
		cmocka_unit_test(join_answered),
		cmocka_unit_test(join_of_ourselves),
		cmocka_unit_test(join_received),
		cmocka_unit_test(join_always_answered),
		cmocka_unit_test(join_evicts),
		cmocka_unit_test(forward_join_of_active),
		cmocka_unit_test(forward_join_ends),
		cmocka_unit_test(forward_join_travels),
		cmocka_unit_test(neighbor_accepted),
		cmocka_unit_test(neighbor_repeated),
		cmocka_unit_test(neighbor_when_full),
		cmocka_unit_test(neighbor_that_crossed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
