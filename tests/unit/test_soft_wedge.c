/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "identity/identity.h"
#include "node/state.h"
#include "unit/node_world.h"

/*
 * The incident "soft-wedge", its first part: a node whose network task was dead after a
 * storm of dials to peers that were not there, in a process that lived.
 */
#define LIVE 6
#define UNREACHABLE 20
#define STORMS 10
#define WINDOW SECONDS(10)
#define WINDOWS 6

static struct world w;

static int
setup(void **state)
{
	(void)state;
	world_init(&w, 23);
	for (int i = 0; i < LIVE; i++)
		world_add(&w, "mesh1", "broker", i == 0 ? -1 : 0, NULL);
	assert_true(world_run(&w, SECONDS(20), world_converged));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	world_fini(&w);
	assert_int_equal(mem_live(MEM_CONNECTION), 0);
	assert_int_equal(mem_live(MEM_SEED), 0);
	return 0;
}

/*
 * Twenty peers that do not answer, half of them in silence and at half of whose ports is
 * nobody: each is dialed for two seconds, as often as it is given up.
 */
static void
storm(unsigned number)
{
	struct node *n = w.nodes[0].node;

	for (unsigned turn = 0; turn < 10; turn++) {
		for (unsigned i = 0; i < UNREACHABLE; i++) {
			uint16_t base = i % 2 == 0 ? WORLD_NOWHERE_PORT_BASE :
				WORLD_GUEST_PORT_BASE + WORLD_GUESTS_MAX;
			struct address at = world_address(
				(uint16_t)(base + number * UNREACHABLE + i));
			uint8_t seed[32] = { 'w', (uint8_t)i };
			struct identity who;

			identity_from_seed(&who, seed);
			book_learn(&n->book, &who.id, &at, 1);
			node_probe(n, &who.id, w.now_ns);
		}
		node_tick(n, w.now_ns, w.now_ns / NS_PER_MS);
		world_run(&w, MILLISECONDS(200), NULL);
	}
}

/* Windows of ten seconds in which something came in at node 0. */
static unsigned
alive(unsigned windows)
{
	unsigned count = 0;

	for (unsigned i = 0; i < windows; i++) {
		uint64_t before = w.nodes[0].node->links.frames_received;

		world_run(&w, WINDOW, NULL);
		count += w.nodes[0].node->links.frames_received > before;
	}
	return count;
}

/* What a storm may leave more of, and must not. */
static uint64_t
objects(void)
{
	return mem_live(MEM_LINK) + mem_live(MEM_CONNECTION) + mem_live(MEM_STREAM) +
		mem_live(MEM_TIMER) + mem_live(MEM_HANDSHAKE) + mem_live(MEM_SEED) +
		mem_live(MEM_BOOK_ENTRY);
}

/*
 * Ten storms, and in no window of ten seconds the gossip of the five live peers stays
 * out; nobody is taken for anything but live, and no storm leaves more than the first.
 */
static void
storms_pass(void **state)
{
	uint64_t after_first = 0;

	(void)state;
	for (unsigned k = 0; k < STORMS; k++) {
		uint64_t dialed = w.nowhere_packets;

		storm(k);
		assert_int_equal(alive(WINDOWS), WINDOWS);
		assert_true(world_converged(&w));
		/* It was a storm: each of those that are silent was dialed. */
		assert_true(w.nowhere_packets >= dialed + UNREACHABLE / 2);
		if (k == 0)
			after_first = objects();
		assert_true(objects() <= after_first + UNREACHABLE);
	}
	assert_int_equal(world_status(&w, 0).liveness_changes, 0);
	for (size_t i = 1; i < LIVE; i++)
		assert_int_equal(world_sees(&w, i, 0), LIVENESS_LIVE);
}

/* The control: a node that stands still takes nothing in, and others notice. */
static void
who_stands_still_is_seen(void **state)
{
	(void)state;
	w.nodes[0].frozen = true;
	assert_int_equal(alive(2), 0);
	assert_int_not_equal(world_sees(&w, 1, 0), LIVENESS_LIVE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(storms_pass, setup, teardown),
		cmocka_unit_test_setup_teardown(
			who_stands_still_is_seen, setup, teardown),
	};

	return cmocka_run_group_tests_name("soft_wedge", tests, NULL, NULL);
}
