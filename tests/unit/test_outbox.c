/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gossip/outbox.h"

static const struct peer_id peer = {{1}};

/* Effects come out in order, with what belongs to them. */
static void
order(void **state)
{
	struct outbox *o = outbox_new();

	(void)state;
	outbox_send_disconnect(o, &peer, true);
	outbox_hang_up(o, &peer);
	outbox_timer(o, 7, 99);
	outbox_neighbor(o, &peer, NEIGHBOR_LOST);
	outbox_deliver(o, &peer, (struct view){(const uint8_t *)"abc", 3}, 2);
	outbox_peer_data(o, &peer, (struct view){(const uint8_t *)"de", 2});
	assert_int_equal(outbox_count(o), 6);
	assert_int_equal(outbox_at(o, 0)->kind, GOSSIP_OUT_SEND);
	assert_memory_equal(outbox_at(o, 0)->bytes, "\x00\x05\x01\x00", 4);
	assert_int_equal(outbox_at(o, 1)->kind, GOSSIP_OUT_HANG_UP);
	assert_int_equal(outbox_at(o, 2)->timer, 7);
	assert_int_equal(outbox_at(o, 2)->due_ns, 99);
	assert_int_equal(outbox_at(o, 3)->change, NEIGHBOR_LOST);
	assert_memory_equal(outbox_at(o, 4)->bytes, "abc", 3);
	assert_int_equal(outbox_at(o, 4)->round, 2);
	assert_memory_equal(outbox_at(o, 5)->bytes, "de", 2);
	assert_null(outbox_at(o, 6));
	outbox_clear(o);
	assert_int_equal(outbox_count(o), 0);
	outbox_free(o);
	assert_int_equal(mem_live(MEM_OUTBOX_ENTRY), 0);
}

/* Past the bound messages are dropped and counted; timers are not. */
static void
bound(void **state)
{
	struct outbox *o = outbox_new();

	(void)state;
	for (int i = 0; i < GOSSIP_OUTBOX_MAX + 3; i++)
		outbox_send_disconnect(o, &peer, true);
	assert_int_equal(outbox_count(o), GOSSIP_OUTBOX_MAX);
	assert_int_equal(outbox_dropped(o), 3);
	outbox_timer(o, 1, 1);
	assert_int_equal(outbox_count(o), GOSSIP_OUTBOX_MAX + 1);
	outbox_free(o);
	outbox_free(NULL);
}

/* Every change has a word. */
static void
changes_have_words(void **state)
{
	(void)state;
	for (int i = 0; i < NEIGHBOR_CHANGES; i++)
		assert_non_null(neighbor_change_text((enum neighbor_change)i));
	assert_string_equal(neighbor_change_text(NEIGHBOR_EVICTED), "evicted");
	assert_string_equal(neighbor_change_text((enum neighbor_change)99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(bound),
		cmocka_unit_test(changes_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
