/* SPDX-License-Identifier: MIT */
/* Observers, from the side of the mesh and from their own (gossip.h). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/unit/gossip_rig.h"

static void
as_observer(struct gossip_config *c)
{
	c->observer = true;
}

/* A member with the neighbors 1 to 5 and the observer 9. */
static void
begin(struct rig *r)
{
	rig_init(r, NULL);
	rig_fill(r, 1, 5);
	rig_in(r, GOSSIP_IN_OBSERVER, 9);
	rig_simple(r, 9, GOSSIP_JOIN);
}

/* An observer's Join is answered, takes no slot, evicts nobody, and is not passed on. */
static void
join_takes_no_slot(void **state)
{
	struct peer_id nine = rig_peer(9);
	struct gossip_msg m;
	struct rig r;

	(void)state;
	begin(&r);
	assert_int_equal(rig_sent(&r, 9, GOSSIP_NEIGHBOR, &m), 1);
	assert_int_equal(m.neighbor.priority, GOSSIP_PRIORITY_HIGH);
	assert_int_equal(rig_sent(&r, 9, GOSSIP_SHUFFLE_REPLY, NULL), 1);
	assert_int_equal(rig_sent_any(&r, GOSSIP_FORWARD_JOIN), 0);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_NEIGHBOR), 0);
	assert_int_equal(topic_active(r.topic, NULL, 0), 5);
	assert_int_equal(topic_observers(r.topic, NULL, 0), 1);
	assert_false(rig_is_passive(&r, 9));
	assert_true(topic_is_neighbor(r.topic, &nine));
	assert_true(topic_needs(r.topic, &nine));
	rig_fini(&r);
}

/* Control: the same Join of a member evicts and is passed on. */
static void
join_of_a_member(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	rig_simple(&r, 9, GOSSIP_JOIN);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_NEIGHBOR), 2);
	assert_int_equal(rig_sent_any(&r, GOSSIP_FORWARD_JOIN), 4);
	rig_fini(&r);
}

/* Whoever names an observer to us puts it into no view. */
static void
never_in_a_view(void **state)
{
	const unsigned nodes[] = {9};
	struct rig r;

	(void)state;
	begin(&r);
	rig_nodes(&r, 1, nodes, 1);
	rig_shuffle(&r, 1, 9, nodes, 1, 0);
	rig_forward_join(&r, 1, 9, 0);
	rig_neighbor(&r, 9, GOSSIP_PRIORITY_HIGH);
	rig_in(&r, GOSSIP_IN_JOIN, 9);
	assert_false(rig_is_passive(&r, 9));
	assert_false(rig_is_active(&r, 9));
	assert_false(rig_is_pending(&r, 9));
	rig_fini(&r);
}

/* It gets payloads, and announcements once it pruned; its Graft is answered. */
static void
gets_messages(void **state)
{
	struct gossip_msg m = {.kind = GOSSIP_GRAFT, .graft.has_id = true};
	struct rig r;

	(void)state;
	begin(&r);
	rig_payload(&r, 1, "one", 0);
	assert_int_equal(rig_sent(&r, 9, GOSSIP_PAYLOAD, NULL), 1);
	rig_simple(&r, 9, GOSSIP_PRUNE);
	m.graft.id = rig_payload(&r, 1, "two", 0);
	assert_int_equal(rig_sent(&r, 9, GOSSIP_PAYLOAD, NULL), 0);
	rig_advance(&r, MILLISECONDS(5));
	assert_int_equal(rig_sent(&r, 9, GOSSIP_IHAVE, NULL), 1);
	rig_message(&r, 9, &m);
	assert_int_equal(rig_sent(&r, 9, GOSSIP_PAYLOAD, NULL), 1);
	rig_fini(&r);
}

/* Its going, in order or not, changes nothing but the list of observers. */
static void
goes_without_a_trace(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_disconnect(&r, 9, false);
	assert_true(rig_hung_up(&r, 9));
	assert_int_equal(rig_count(&r, GOSSIP_OUT_NEIGHBOR), 0);
	assert_int_equal(topic_observers(r.topic, NULL, 0), 0);
	assert_false(rig_is_eager(&r, 9));
	rig_simple(&r, 9, GOSSIP_JOIN);
	assert_int_equal(topic_observers(r.topic, NULL, 0), 1);
	rig_in(&r, GOSSIP_IN_LOST, 9);
	assert_int_equal(outbox_count(r.out), 0);
	assert_int_equal(topic_observers(r.topic, NULL, 0), 0);
	assert_int_equal(topic_active(r.topic, NULL, 0), 5);
	rig_fini(&r);
}

/* The list is bounded; one too many is answered with nodes and Disconnect. */
static void
list_is_bounded(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 5);
	for (unsigned i = 0; i <= GOSSIP_OBSERVERS_MAX; i++) {
		rig_in(&r, GOSSIP_IN_OBSERVER, 20 + i);
		rig_simple(&r, 20 + i, GOSSIP_JOIN);
	}
	assert_int_equal(topic_observers(r.topic, NULL, 0), GOSSIP_OBSERVERS_MAX);
	assert_int_equal(
		rig_sent(&r, 20 + GOSSIP_OBSERVERS_MAX, GOSSIP_DISCONNECT, NULL), 1);
	assert_int_equal(
		rig_sent(&r, 20 + GOSSIP_OBSERVERS_MAX, GOSSIP_SHUFFLE_REPLY, NULL), 1);
	assert_int_equal(rig_sent_any(&r, GOSSIP_NEIGHBOR), 0);
	rig_fini(&r);
}

/* A neighbor that turns out to observe gives its slot back. */
static void
late_word(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, NULL);
	rig_fill(&r, 1, 2);
	rig_in(&r, GOSSIP_IN_OBSERVER, 2);
	assert_false(rig_is_active(&r, 2));
	assert_true(rig_changed(&r, 2, NEIGHBOR_LEFT));
	rig_fini(&r);
}

/* Its last word goes to observers too. */
static void
member_quits(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_in(&r, GOSSIP_IN_QUIT, 0);
	assert_int_equal(rig_sent(&r, 9, GOSSIP_DISCONNECT, NULL), 1);
	rig_fini(&r);
}

/* An observer attaches to three peers and asks by Join. */
static void
attaches_to_three(void **state)
{
	const unsigned nodes[] = {2, 3, 4, 5};
	struct rig r;

	(void)state;
	rig_init(&r, as_observer);
	rig_in(&r, GOSSIP_IN_JOIN, 1);
	assert_int_equal(rig_sent(&r, 1, GOSSIP_JOIN, NULL), 1);
	rig_neighbor(&r, 1, GOSSIP_PRIORITY_HIGH);
	assert_true(rig_is_active(&r, 1));
	rig_nodes(&r, 1, nodes, 4);
	assert_int_equal(rig_sent_any(&r, GOSSIP_JOIN), 2);
	assert_int_equal(rig_sent_any(&r, GOSSIP_NEIGHBOR), 0);
	for (unsigned i = 2; i <= 5; i++) {
		if (rig_is_pending(&r, i))
			rig_neighbor(&r, i, GOSSIP_PRIORITY_HIGH);
	}
	assert_int_equal(topic_active(r.topic, NULL, 0), GOSSIP_OBSERVED_MAX);
	assert_int_equal(rig_sent_any(&r, GOSSIP_NEIGHBOR), 0);
	rig_fini(&r);
}

/* An observer with three neighbors, 1 to 3, and an earlier contact, 4. */
static void
begin_observing(struct rig *r)
{
	rig_init(r, as_observer);
	for (unsigned i = 1; i <= 3; i++) {
		rig_in(r, GOSSIP_IN_JOIN, i);
		rig_neighbor(r, i, GOSSIP_PRIORITY_HIGH);
	}
	rig_in(r, GOSSIP_IN_JOIN, 4);
	assert_int_equal(rig_sent(r, 4, GOSSIP_JOIN, NULL), 0);
}

/* It passes nothing on, announces nothing, shuffles with nobody, lets nobody in. */
static void
only_listens(void **state)
{
	const unsigned nodes[] = {7, 8};
	struct rig r;

	(void)state;
	begin_observing(&r);
	rig_simple(&r, 2, GOSSIP_PRUNE);
	rig_payload(&r, 1, "hello", 0);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_DELIVER), 1);
	rig_advance(&r, SECONDS(300));
	assert_int_equal(rig_count(&r, GOSSIP_OUT_SEND), 0);
	rig_shuffle(&r, 1, 7, nodes, 2, 0);
	assert_int_equal(outbox_count(r.out), 0);
	rig_forward_join(&r, 1, 7, 0);
	assert_int_equal(outbox_count(r.out), 0);
	rig_simple(&r, 7, GOSSIP_JOIN);
	assert_int_equal(rig_sent(&r, 7, GOSSIP_DISCONNECT, NULL), 1);
	rig_neighbor(&r, 8, GOSSIP_PRIORITY_HIGH);
	assert_int_equal(rig_sent(&r, 8, GOSSIP_DISCONNECT, NULL), 1);
	assert_int_equal(topic_active(r.topic, NULL, 0), 3);
	rig_fini(&r);
}

/* It prunes duplicates and grafts what was only announced. */
static void
gets_each_once(void **state)
{
	struct peer_id id = {{7}};
	struct rig r;

	(void)state;
	begin_observing(&r);
	rig_payload(&r, 1, "hello", 0);
	rig_payload(&r, 2, "hello", 0);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_DELIVER), 0);
	assert_int_equal(rig_sent(&r, 2, GOSSIP_PRUNE, NULL), 1);
	rig_ihave(&r, 2, &id, 3);
	rig_advance(&r, MILLISECONDS(150));
	assert_int_equal(rig_sent(&r, 2, GOSSIP_GRAFT, NULL), 1);
	rig_fini(&r);
}

/* A lost one is replaced by an earlier contact. */
static void
tops_up(void **state)
{
	struct rig r;

	(void)state;
	begin_observing(&r);
	rig_in(&r, GOSSIP_IN_LOST, 1);
	assert_true(rig_changed(&r, 1, NEIGHBOR_LOST));
	assert_int_equal(rig_sent(&r, 4, GOSSIP_JOIN, NULL), 1);
	rig_neighbor(&r, 4, GOSSIP_PRIORITY_HIGH);
	assert_true(rig_is_active(&r, 4));
	rig_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(join_takes_no_slot),
		cmocka_unit_test(join_of_a_member),
		cmocka_unit_test(never_in_a_view),
		cmocka_unit_test(gets_messages),
		cmocka_unit_test(goes_without_a_trace),
		cmocka_unit_test(list_is_bounded),
		cmocka_unit_test(late_word),
		cmocka_unit_test(member_quits),
		cmocka_unit_test(attaches_to_three),
		cmocka_unit_test(only_listens),
		cmocka_unit_test(gets_each_once),
		cmocka_unit_test(tops_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
