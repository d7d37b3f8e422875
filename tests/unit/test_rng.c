/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "base/rng.h"

/* One seed, one history: whatever the sizes in which it is asked for. */
static void
same_seed_same_run(void **state)
{
	struct rng a, b, c;
	uint8_t one[1000], other[1000];

	(void)state;
	rng_init_u64(&a, 7);
	rng_init_u64(&b, 7);
	rng_init_u64(&c, 8);
	rng_bytes(&a, one, sizeof one);
	for (size_t i = 0, n = 1; i < sizeof other; i += n, n = n % 97 + 1) {
		if (n > sizeof other - i)
			n = sizeof other - i;
		rng_bytes(&b, other + i, n);
	}
	assert_memory_equal(one, other, sizeof one);
	assert_int_equal(rng_u64(&a), rng_u64(&b));
	rng_bytes(&c, other, sizeof other);
	assert_memory_not_equal(one, other, 32);
}

/* The stream is fixed for ever: recorded runs depend on it. */
static void
stream_is_pinned(void **state)
{
	struct rng r;

	(void)state;
	rng_init_u64(&r, 0);
	assert_int_equal(rng_u64(&r), UINT64_C(0x33cfc516182460fe));
	for (int i = 0; i < 98; i++)
		rng_u64(&r);
	assert_int_equal(rng_u64(&r), UINT64_C(0xedf22842ad555760));
}

/* Below a bound, and every value about as often as the others. */
static void
below_is_uniform(void **state)
{
	struct rng r;
	unsigned seen[6] = {0};

	(void)state;
	rng_init_u64(&r, 3);
	for (int i = 0; i < 60000; i++)
		seen[rng_below(&r, 6)]++;
	for (int i = 0; i < 6; i++)
		assert_in_range(seen[i], 9500, 10500);
	for (int i = 0; i < 100; i++)
		assert_int_equal(rng_below(&r, 1), 0);
	for (int i = 0; i < 100; i++)
		assert_true(rng_below(&r, UINT64_MAX) < UINT64_MAX);
}

/* Jitter stays within its percentage and reaches both halves. */
static void
jitter_stays_near(void **state)
{
	struct rng r;
	unsigned above = 0;

	(void)state;
	rng_init_u64(&r, 4);
	for (int i = 0; i < 1000; i++) {
		uint64_t value = rng_jitter(&r, 1000, 20);

		assert_in_range(value, 800, 1200);
		above += value > 1000;
	}
	assert_in_range(above, 400, 600);
	assert_int_equal(rng_jitter(&r, 1000, 0), 1000);
	assert_int_equal(rng_jitter(&r, 0, 100), 0);
	for (int i = 0; i < 100; i++) {
		uint64_t high = UINT64_MAX - UINT64_MAX / 10 - 1;

		assert_true(rng_jitter(&r, UINT64_MAX, 10) >= high);
	}
	rng_jitter(&r, UINT64_MAX, 100);
}

/* A shuffle keeps every item, and the same seed gives the same order. */
static void
shuffle_keeps_all(void **state)
{
	struct rng r, again;
	uint16_t items[100], twice[100];
	unsigned seen[100] = {0}, moved = 0;

	(void)state;
	rng_init_u64(&r, 5);
	rng_init_u64(&again, 5);
	for (uint16_t i = 0; i < 100; i++)
		items[i] = twice[i] = i;
	rng_shuffle(&r, items, 100, sizeof items[0]);
	rng_shuffle(&again, twice, 100, sizeof twice[0]);
	assert_memory_equal(items, twice, sizeof items);
	for (unsigned i = 0; i < 100; i++) {
		seen[items[i]]++;
		moved += items[i] != i;
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(seen[i], 1);
	assert_true(moved > 80);
	rng_shuffle(&r, items, 0, sizeof items[0]);
	rng_shuffle(&r, items, 1, sizeof items[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_run),
		cmocka_unit_test(stream_is_pinned),
		cmocka_unit_test(below_is_uniform),
		cmocka_unit_test(jitter_stays_near),
		cmocka_unit_test(shuffle_keeps_all),
	};

	return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
