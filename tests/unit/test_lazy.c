/* SPDX-License-Identifier: MIT */
/* Announcements that wait, and bulk among them: by itself and in a topic. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "gossip/lazy.h"
#include "gossip_rig.h"

static struct rig rig;

static int
set_up(void **state)
{
	(void)state;
	rig_init(&rig, NULL);
	rig_neighbor(&rig, 1, GOSSIP_PRIORITY_HIGH);
	rig_neighbor(&rig, 2, GOSSIP_PRIORITY_HIGH);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_fini(&rig);
	return 0;
}

static void
broadcast(unsigned number, bool bulk)
{
	uint8_t bytes[4] = { (uint8_t)number, (uint8_t)(number >> 8), bulk, 7 };
	const struct gossip_in in = { .kind = GOSSIP_IN_BROADCAST, .bulk = bulk,
		.bytes = { bytes, sizeof(bytes) } };

	outbox_clear(rig.out);
	topic_handle(rig.topic, &in, rig.now_ns, rig.out);
	/* The rig takes timers over when time passes. */
	for (size_t i = 0; i < outbox_count(rig.out); i++) {
		const struct gossip_out *o = outbox_at(rig.out, i);

		if (o->kind != GOSSIP_OUT_TIMER)
			continue;
		rig.timers[rig.timer_count].timer = o->timer;
		rig.timers[rig.timer_count++].due_ns = o->due_ns;
	}
}

static void
slow(unsigned peer, bool is)
{
	const struct gossip_in in = { .kind = GOSSIP_IN_SLOW, .slow = is,
		.peer = rig_peer(peer) };

	topic_handle(rig.topic, &in, rig.now_ns, rig.out);
	for (size_t i = 0; i < outbox_count(rig.out); i++) {
		const struct gossip_out *o = outbox_at(rig.out, i);

		if (o->kind != GOSSIP_OUT_TIMER)
			continue;
		rig.timers[rig.timer_count].timer = o->timer;
		rig.timers[rig.timer_count++].due_ns = o->due_ns;
	}
}

static size_t
announced(unsigned to)
{
	size_t count = 0;

	for (size_t i = 0; i < outbox_count(rig.out); i++) {
		const struct gossip_out *o = outbox_at(rig.out, i);
		struct peer_id peer = rig_peer(to);
		struct gossip_msg m;

		if (o->kind == GOSSIP_OUT_SEND && id_equal(&o->peer, &peer) &&
			gossip_msg_decode(&m, (struct view){ o->bytes, o->bytes_len }) ==
				0 &&
			m.kind == GOSSIP_IHAVE)
			count += m.ihave.count;
	}
	return count;
}

/* Bulk goes to who can follow; the slow get what is not bulk, and later announcements. */
static void
the_slow_get_no_bulk(void **state)
{
	(void)state;
	broadcast(1, true);
	assert_int_equal(rig_sent(&rig, 1, GOSSIP_PAYLOAD, NULL), 1);
	assert_int_equal(rig_sent(&rig, 2, GOSSIP_PAYLOAD, NULL), 1);
	slow(1, true);
	broadcast(2, true);
	assert_int_equal(rig_sent(&rig, 1, GOSSIP_PAYLOAD, NULL), 0);
	assert_int_equal(rig_sent(&rig, 2, GOSSIP_PAYLOAD, NULL), 1);
	broadcast(3, false);
	assert_int_equal(rig_sent(&rig, 1, GOSSIP_PAYLOAD, NULL), 1);
	rig_advance(&rig, SECONDS(1));
	assert_int_equal(announced(1), 0);
	outbox_clear(rig.out);
	slow(1, false);
	rig_advance(&rig, SECONDS(1));
	assert_int_equal(announced(1), 1);
	broadcast(4, true);
	assert_int_equal(rig_sent(&rig, 1, GOSSIP_PAYLOAD, NULL), 1);
}

/* Of bulk a bounded number waits, and the rest of the queue is not for it. */
static void
bulk_leaves_room(void **state)
{
	struct lazy l = { .slow = true };
	struct lazy_item item = { .bulk = true };

	(void)state;
	for (unsigned i = 0; i < GOSSIP_LAZY_BULK_MAX; i++) {
		item.have.id = rig_peer(i + 1);
		assert_true(lazy_put(&l, &item));
	}
	assert_false(lazy_put(&l, &item));
	item.bulk = false;
	for (unsigned i = GOSSIP_LAZY_BULK_MAX; i < GOSSIP_LAZY_QUEUE_MAX; i++)
		assert_true(lazy_put(&l, &item));
	assert_false(lazy_put(&l, &item));
	item.have.id = rig_peer(1);
	lazy_forget(&l, &item.have.id);
	item.bulk = true;
	assert_true(lazy_put(&l, &item));
	lazy_fini(&l);
}

/* Much bulk is announced one message at a time; what is not bulk goes all at once. */
static void
bulk_is_announced_in_turn(void **state)
{
	(void)state;
	slow(1, true);
	for (unsigned i = 0; i < 300; i++)
		broadcast(i, true);
	outbox_clear(rig.out);
	slow(1, false);
	rig_advance(&rig, rig.config.lazy_ns);
	assert_int_equal(announced(1), GOSSIP_IHAVE_MAX);
	rig_advance(&rig, 3 * rig.config.lazy_ns);
	assert_int_equal(announced(1), 300 - GOSSIP_IHAVE_MAX);
}

/* A slow one that asks for bulk gets none, and that is counted. */
static void
the_slow_ask_in_vain(void **state)
{
	struct gossip_msg m = { .kind = GOSSIP_GRAFT }, sent;
	struct topic_stats s;

	(void)state;
	broadcast(1, true);
	assert_int_equal(rig_sent(&rig, 1, GOSSIP_PAYLOAD, &sent), 1);
	m.graft.has_id = true;
	m.graft.id = sent.payload.id;
	rig_message(&rig, 1, &m);
	assert_int_equal(rig_sent(&rig, 1, GOSSIP_PAYLOAD, NULL), 1);
	slow(1, true);
	rig_message(&rig, 1, &m);
	assert_int_equal(rig_sent(&rig, 1, GOSSIP_PAYLOAD, NULL), 0);
	topic_stats(rig.topic, &s);
	assert_int_equal(s.dropped_slow, 1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_slow_get_no_bulk),
		TEST(bulk_leaves_room),
		TEST(bulk_is_announced_in_turn),
		TEST(the_slow_ask_in_vain),
	};

	return cmocka_run_group_tests_name("lazy", tests, NULL, NULL);
}
