/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/heap.h"
#include "base/limits.h"
#include "base/rng.h"

/* Timers come out by time, whatever the order of arming, and none before its time. */
static void
in_order_of_time(void **state)
{
	struct heap h;
	struct heap_entry entries[500] = {0}, *e;
	struct rng r;
	uint64_t last = 0;
	size_t count = 0;

	(void)state;
	rng_init_u64(&r, 1);
	heap_init(&h);
	assert_int_equal(heap_deadline(&h), NEVER);
	for (size_t i = 0; i < 500; i++)
		heap_arm(&h, &entries[i], 10 + rng_below(&r, 200));
	assert_null(heap_next_due(&h, 9));
	for (uint64_t now = 10; now < 210; now++) {
		while ((e = heap_next_due(&h, now))) {
			assert_int_equal(e->due_ns, now);
			assert_false(heap_armed(e));
			assert_true(e->due_ns >= last);
			last = e->due_ns;
			count++;
		}
		assert_true(heap_deadline(&h) > now);
	}
	assert_int_equal(count, 500);
	assert_int_equal(heap_deadline(&h), NEVER);
	heap_fini(&h);
}

/* Equal times come out in the order of arming; arming again goes to the back. */
static void
equal_times_keep_their_order(void **state)
{
	struct heap h;
	struct heap_entry entries[64] = {0};

	(void)state;
	heap_init(&h);
	for (size_t i = 0; i < 64; i++)
		heap_arm(&h, &entries[i], 5);
	heap_arm(&h, &entries[0], 5);
	for (size_t i = 1; i < 64; i++)
		assert_ptr_equal(heap_next_due(&h, 5), &entries[i]);
	assert_ptr_equal(heap_next_due(&h, 5), &entries[0]);
	assert_null(heap_next_due(&h, 5));
	heap_fini(&h);
}

/* A canceled timer never comes out, the others do; canceling twice is nothing. */
static void
cancel_takes_one_out(void **state)
{
	struct heap h;
	struct heap_entry entries[300] = {0}, *e;
	struct rng r;
	uint64_t last = 0;
	size_t count = 0;

	(void)state;
	rng_init_u64(&r, 2);
	heap_init(&h);
	for (size_t i = 0; i < 300; i++)
		heap_arm(&h, &entries[i], rng_below(&r, 1000));
	for (size_t i = 0; i < 300; i += 3) {
		heap_cancel(&h, &entries[i]);
		heap_cancel(&h, &entries[i]);
		assert_false(heap_armed(&entries[i]));
	}
	while ((e = heap_next_due(&h, 1000))) {
		assert_true((e - entries) % 3 != 0);
		assert_true(e->due_ns >= last);
		last = e->due_ns;
		count++;
	}
	assert_int_equal(count, 200);
	heap_fini(&h);
}

/* Arming again moves a timer both ways and does not make a second one. */
static void
rearming_moves(void **state)
{
	struct heap h;
	struct heap_entry a = {0}, b = {0};

	(void)state;
	heap_init(&h);
	heap_arm(&h, &a, 10);
	heap_arm(&h, &b, 20);
	heap_arm(&h, &a, 30);
	assert_int_equal(heap_deadline(&h), 20);
	heap_arm(&h, &a, 5);
	assert_int_equal(heap_deadline(&h), 5);
	assert_ptr_equal(heap_next_due(&h, 100), &a);
	assert_ptr_equal(heap_next_due(&h, 100), &b);
	assert_null(heap_next_due(&h, 100));
	heap_fini(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_of_time),
		cmocka_unit_test(equal_times_keep_their_order),
		cmocka_unit_test(cancel_takes_one_out),
		cmocka_unit_test(rearming_moves),
	};

	return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
