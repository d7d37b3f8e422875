/* SPDX-License-Identifier: MIT */
/* The event table of Plumtree, PROTOCOL.md 4, over a topic's public face. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/blake3.h"
#include "tests/unit/gossip_rig.h"

static struct peer_id
id_of(const char *text)
{
	struct peer_id id;

	blake3(id.bytes, text, strlen(text));
	return id;
}

/* A topic with the neighbors 1 to 4. */
static void
begin(struct rig *r)
{
	rig_init(r, NULL);
	rig_fill(r, 1, 4);
}

static struct topic_stats
stats(const struct rig *r)
{
	struct topic_stats s;

	topic_stats(r->topic, &s);
	return s;
}

/* A new neighbor is eager; one that is gone is in no set. */
static void
neighbors_come_and_go(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	for (unsigned i = 1; i <= 4; i++)
		assert_true(rig_is_eager(&r, i));
	rig_in(&r, GOSSIP_IN_LOST, 2);
	assert_false(rig_is_eager(&r, 2));
	assert_int_equal(topic_eager(r.topic, NULL, 0), 3);
	rig_fini(&r);
}

/* A broadcast goes to the eager at once with round 0, to the lazy as IHave after 5 ms. */
static void
broadcast(void **state)
{
	struct peer_id id = id_of("hello");
	struct gossip_msg m;
	struct rig r;

	(void)state;
	begin(&r);
	rig_simple(&r, 4, GOSSIP_PRUNE);
	assert_false(rig_is_eager(&r, 4));
	rig_bytes(&r, GOSSIP_IN_BROADCAST, 0, "hello", 5);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(rig_sent(&r, i, GOSSIP_PAYLOAD, &m), 1);
		assert_int_equal(m.payload.round, 0);
		assert_memory_equal(&m.payload.id, &id, 32);
	}
	assert_int_equal(rig_sent(&r, 4, GOSSIP_PAYLOAD, NULL), 0);
	rig_advance(&r, MILLISECONDS(5) - 1);
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, NULL), 0);
	rig_advance(&r, 1);
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, &m), 1);
	assert_int_equal(m.ihave.count, 1);
	assert_int_equal(m.ihave.items[0].round, 0);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_DELIVER), 0);
	rig_fini(&r);
}

/* What was sent in 5 ms is announced together. */
static void
announcements_are_batched(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	begin(&r);
	rig_simple(&r, 4, GOSSIP_PRUNE);
	for (int i = 0; i < 150; i++)
		rig_bytes(&r, GOSSIP_IN_BROADCAST, 0, &i, sizeof(i));
	assert_int_equal(stats(&r).lazy_queued, 150);
	rig_advance(&r, MILLISECONDS(5));
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, &m), 2);
	assert_int_equal(m.ihave.count, GOSSIP_IHAVE_MAX);
	assert_int_equal(stats(&r).lazy_queued, 0);
	rig_fini(&r);
}

/* Who shows that it has a message is not told of it; the others are. */
static void
known_is_not_announced(void **state)
{
	struct gossip_msg m;
	struct peer_id id;
	struct rig r;

	(void)state;
	begin(&r);
	rig_simple(&r, 3, GOSSIP_PRUNE);
	rig_simple(&r, 4, GOSSIP_PRUNE);
	id = rig_payload(&r, 1, "news", 0);
	assert_int_equal(stats(&r).lazy_queued, 2);
	rig_ihave(&r, 4, &id, 1);
	assert_int_equal(stats(&r).lazy_queued, 1);
	rig_advance(&r, MILLISECONDS(5));
	assert_int_equal(rig_sent(&r, 3, GOSSIP_IHAVE, &m), 1);
	assert_true(id_equal(&m.ihave.items[0].id, &id));
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, NULL), 0);
	rig_fini(&r);
}

/* A new payload is delivered once and passed on with round + 1, not back. */
static void
payload_is_new(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	begin(&r);
	rig_simple(&r, 4, GOSSIP_PRUNE);
	rig_payload(&r, 1, "hello", 7);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_DELIVER), 1);
	assert_int_equal(rig_sent(&r, 1, GOSSIP_PAYLOAD, NULL), 0);
	assert_int_equal(rig_sent(&r, 2, GOSSIP_PAYLOAD, &m), 1);
	assert_int_equal(m.payload.round, 8);
	assert_int_equal(rig_sent(&r, 3, GOSSIP_PAYLOAD, NULL), 1);
	rig_advance(&r, MILLISECONDS(5));
	assert_int_equal(rig_sent(&r, 4, GOSSIP_IHAVE, &m), 1);
	assert_int_equal(m.ihave.items[0].round, 8);
	rig_fini(&r);
}

/* Rounds saturate. */
static void
rounds_saturate(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	begin(&r);
	rig_payload(&r, 1, "hello", UINT16_MAX);
	assert_int_equal(rig_sent(&r, 2, GOSSIP_PAYLOAD, &m), 1);
	assert_int_equal(m.payload.round, UINT16_MAX);
	rig_fini(&r);
}

/* A duplicate is not delivered; its sender is pruned and lazy from then on. */
static void
payload_is_known(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_payload(&r, 1, "hello", 0);
	rig_payload(&r, 2, "hello", 0);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_DELIVER), 0);
	assert_int_equal(rig_sent(&r, 2, GOSSIP_PRUNE, NULL), 1);
	assert_false(rig_is_eager(&r, 2));
	assert_true(rig_is_eager(&r, 1));
	assert_int_equal(stats(&r).duplicates, 1);
	rig_fini(&r);
}

/* Of two messages at the same time the duplicates of one prune: the smaller id's. */
static void
one_message_guides(void **state)
{
	struct peer_id a = id_of("hello"), b = id_of("hello2");
	const char *small = id_compare(&a, &b) < 0 ? "hello" : "hello2";
	const char *large = id_compare(&a, &b) < 0 ? "hello2" : "hello";
	struct rig r;

	(void)state;
	begin(&r);
	rig_payload(&r, 1, small, 0);
	rig_payload(&r, 1, large, 0);
	rig_payload(&r, 2, large, 0);
	assert_int_equal(rig_sent_any(&r, GOSSIP_PRUNE), 0);
	assert_true(rig_is_eager(&r, 2));
	rig_payload(&r, 2, small, 0);
	assert_int_equal(rig_sent(&r, 2, GOSSIP_PRUNE, NULL), 1);
	assert_false(rig_is_eager(&r, 2));
	/* Later the other one does as well. */
	rig_advance(&r, SECONDS(1));
	rig_payload(&r, 3, large, 0);
	assert_int_equal(rig_sent(&r, 3, GOSSIP_PRUNE, NULL), 1);
	rig_fini(&r);
}

/*
 * A content that is not what its id says is ignored and counted, and can still come
 * right.
 */
static void
payload_is_forged(void **state)
{
	struct gossip_msg m = {.kind = GOSSIP_PAYLOAD};
	struct rig r;

	(void)state;
	begin(&r);
	m.payload.id = id_of("hello");
	m.payload.content = (struct view){(const uint8_t *)"hullo", 5};
	rig_message(&r, 1, &m);
	assert_int_equal(outbox_count(r.out), 0);
	assert_int_equal(stats(&r).bad_hash, 1);
	rig_payload(&r, 1, "hello", 0);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_DELIVER), 1);
	rig_fini(&r);
}

/* Scope Neighbors: delivered once, forwarded to nobody. */
static void
payload_for_neighbors(void **state)
{
	struct gossip_msg m = {.kind = GOSSIP_PAYLOAD, .payload.neighbors_only = true};
	struct rig r;

	(void)state;
	begin(&r);
	m.payload.id = id_of("hello");
	m.payload.content = (struct view){(const uint8_t *)"hello", 5};
	rig_message(&r, 1, &m);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_DELIVER), 1);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_SEND), 0);
	rig_message(&r, 2, &m);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_DELIVER), 0);
	rig_advance(&r, MILLISECONDS(10));
	assert_int_equal(rig_sent_any(&r, GOSSIP_IHAVE), 0);
	rig_fini(&r);
}

/*
 * An announced message that does not come is grafted after 80 ms, then every 40 ms
 * elsewhere.
 */
static void
missing_is_grafted(void **state)
{
	struct peer_id id = id_of("hello");
	struct gossip_msg m;
	struct rig r;

	(void)state;
	begin(&r);
	for (unsigned i = 1; i <= 3; i++) {
		rig_simple(&r, i, GOSSIP_PRUNE);
		rig_ihave(&r, i, &id, (uint16_t)(i + 1));
	}
	rig_advance(&r, MILLISECONDS(150) - 1);
	assert_int_equal(rig_sent_any(&r, GOSSIP_GRAFT), 0);
	rig_advance(&r, 1);
	assert_int_equal(rig_sent(&r, 1, GOSSIP_GRAFT, &m), 1);
	assert_true(m.graft.has_id);
	assert_int_equal(m.graft.round, 2);
	assert_true(rig_is_eager(&r, 1));
	assert_false(rig_is_eager(&r, 2));
	rig_advance(&r, MILLISECONDS(40));
	assert_int_equal(rig_sent(&r, 2, GOSSIP_GRAFT, NULL), 1);
	rig_payload(&r, 2, "hello", 0);
	rig_advance(&r, MILLISECONDS(200));
	assert_int_equal(rig_sent_any(&r, GOSSIP_GRAFT), 0);
	assert_int_equal(stats(&r).missing, 0);
	rig_fini(&r);
}

/* Where nobody is left to ask, the message is forgotten. */
static void
missing_is_forgotten(void **state)
{
	struct peer_id id = id_of("hello"), other = id_of("other");
	struct rig r;

	(void)state;
	begin(&r);
	rig_ihave(&r, 1, &id, 1);
	rig_advance(&r, MILLISECONDS(150 + 40));
	assert_int_equal(stats(&r).missing, 0);
	rig_ihave(&r, 1, &other, 1);
	assert_int_equal(stats(&r).missing, 1);
	rig_in(&r, GOSSIP_IN_LOST, 1);
	assert_int_equal(stats(&r).missing, 0);
	rig_ihave(&r, 9, &id, 1);
	assert_int_equal(stats(&r).missing, 0);
	rig_fini(&r);
}

/*
 * A path that is 5 hops longer than an announced one is given up for it; 4 hops are kept.
 */
static void
long_path_is_replaced(void **state)
{
	struct peer_id id = id_of("hello"), id2 = id_of("hello2");
	struct gossip_msg m;
	struct rig r;

	(void)state;
	begin(&r);
	rig_simple(&r, 2, GOSSIP_PRUNE);
	rig_ihave(&r, 2, &id, 1);
	rig_payload(&r, 1, "hello", 4);
	assert_int_equal(rig_sent_any(&r, GOSSIP_GRAFT), 0);
	rig_advance(&r, SECONDS(1));
	rig_ihave(&r, 2, &id2, 1);
	rig_payload(&r, 1, "hello2", 5);
	assert_int_equal(rig_sent(&r, 2, GOSSIP_GRAFT, &m), 1);
	assert_false(m.graft.has_id);
	assert_int_equal(m.graft.round, 1);
	assert_int_equal(rig_sent(&r, 1, GOSSIP_PRUNE, NULL), 1);
	assert_true(rig_is_eager(&r, 2));
	assert_false(rig_is_eager(&r, 1));
	rig_fini(&r);
}

/* A Graft makes eager and is answered while the payload is kept, which is 30 s. */
static void
graft_is_answered(void **state)
{
	struct gossip_msg m = {.kind = GOSSIP_GRAFT, .graft.has_id = true};
	struct rig r;

	(void)state;
	begin(&r);
	rig_simple(&r, 2, GOSSIP_PRUNE);
	m.graft.id = rig_payload(&r, 1, "hello", 0);
	rig_message(&r, 2, &m);
	assert_true(rig_is_eager(&r, 2));
	assert_int_equal(rig_sent(&r, 2, GOSSIP_PAYLOAD, NULL), 1);
	rig_advance(&r, SECONDS(36));
	assert_int_equal(stats(&r).cached, 0);
	rig_message(&r, 2, &m);
	assert_int_equal(rig_sent(&r, 2, GOSSIP_PAYLOAD, NULL), 0);
	rig_fini(&r);
}

/* An id is known for 90 s; then everything about it is gone. */
static void
seen_is_forgotten(void **state)
{
	struct rig r;

	(void)state;
	begin(&r);
	rig_payload(&r, 1, "hello", 0);
	rig_advance(&r, SECONDS(85));
	rig_payload(&r, 2, "hello", 0);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_DELIVER), 0);
	rig_advance(&r, SECONDS(10));
	assert_int_equal(stats(&r).seen, 0);
	rig_fini(&r);
}

/* Whoever broadcasts to us without being a neighbor is read, and told that it is none. */
static void
half_link_is_ended(void **state)
{
	struct gossip_msg m;
	struct rig r;

	(void)state;
	begin(&r);
	rig_payload(&r, 9, "hello", 0);
	assert_int_equal(rig_count(&r, GOSSIP_OUT_DELIVER), 1);
	assert_int_equal(rig_sent(&r, 9, GOSSIP_DISCONNECT, &m), 1);
	assert_true(m.disconnect.alive);
	assert_true(rig_hung_up(&r, 9));
	assert_false(rig_is_eager(&r, 9));
	rig_payload(&r, 1, "other", 0);
	assert_int_equal(rig_sent(&r, 1, GOSSIP_DISCONNECT, NULL), 0);
	rig_fini(&r);
}

/* Missing ids and queued announcements stop at their bounds and are counted. */
static void
tables_are_bounded(void **state)
{
	struct topic_stats s;
	struct rig r;

	(void)state;
	begin(&r);
	for (unsigned i = 0; i < GOSSIP_MISSING_MAX + 50; i++) {
		struct peer_id id = {{0}};

		memcpy(id.bytes, &i, sizeof(i));
		rig_ihave(&r, 1, &id, 0);
	}
	rig_simple(&r, 2, GOSSIP_PRUNE);
	for (unsigned i = 0; i < GOSSIP_LAZY_QUEUE_MAX + 20; i++)
		rig_bytes(&r, GOSSIP_IN_BROADCAST, 0, &i, sizeof(i));
	s = stats(&r);
	assert_int_equal(s.missing, GOSSIP_MISSING_MAX);
	assert_int_equal(s.dropped_missing, 50);
	assert_int_equal(s.lazy_queued, GOSSIP_LAZY_QUEUE_MAX);
	assert_int_equal(s.dropped_lazy, 20);
	rig_fini(&r);
}

/* Broken and oversized bodies are counted and change nothing. */
static void
malformed_is_counted(void **state)
{
	static uint8_t big[GOSSIP_MESSAGE_LEN + 1];
	struct rig r;

	(void)state;
	begin(&r);
	rig_bytes(&r, GOSSIP_IN_MESSAGE, 1, "\x00\x09", 2);
	rig_bytes(&r, GOSSIP_IN_MESSAGE, 1, "", 0);
	rig_bytes(&r, GOSSIP_IN_MESSAGE, 1, big, sizeof(big));
	assert_int_equal(outbox_count(r.out), 0);
	assert_int_equal(stats(&r).malformed, 3);
	assert_true(topic_can_broadcast(r.topic, GOSSIP_MESSAGE_LEN - 44));
	assert_false(topic_can_broadcast(r.topic, GOSSIP_MESSAGE_LEN - 43));
	rig_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbors_come_and_go),
		cmocka_unit_test(broadcast),
		cmocka_unit_test(announcements_are_batched),
		cmocka_unit_test(known_is_not_announced),
		cmocka_unit_test(payload_is_new),
		cmocka_unit_test(rounds_saturate),
		cmocka_unit_test(payload_is_known),
		cmocka_unit_test(one_message_guides),
		cmocka_unit_test(payload_is_forged),
		cmocka_unit_test(payload_for_neighbors),
		cmocka_unit_test(missing_is_grafted),
		cmocka_unit_test(missing_is_forgotten),
		cmocka_unit_test(long_path_is_replaced),
		cmocka_unit_test(graft_is_answered),
		cmocka_unit_test(seen_is_forgotten),
		cmocka_unit_test(half_link_is_ended),
		cmocka_unit_test(tables_are_bounded),
		cmocka_unit_test(malformed_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
