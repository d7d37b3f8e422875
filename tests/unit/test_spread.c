/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "base/spread.h"

/* A percentile is what it is of the sorted times, or up to a fifth more. */
static void
percentiles_are_near(void **state)
{
	static uint64_t times[10000];
	struct spread s = { 0 };
	struct rng rng;

	(void)state;
	rng_init_u64(&rng, 5);
	for (size_t i = 0; i < 10000; i++)
		times[i] = i * i / 7 + 1;	/* sorted */
	for (size_t i = 0; i < 10000; i++)
		spread_add(&s, times[(i * 7919 + rng_below(&rng, 1)) % 10000]);
	assert_int_equal(s.count, 10000);
	assert_int_equal(s.max_us, times[9999]);
	for (unsigned p = 1; p <= 100; p++) {
		uint64_t exact = times[p * 100 - 1];

		assert_in_range(spread_percentile(&s, p), exact, exact + exact / 4 + 1);
	}
	assert_int_equal(spread_percentile(&s, 100), times[9999]);
}

/* The ends: nothing, zero, and more than there are classes for. */
static void
ends_are_kept(void **state)
{
	struct spread s = { 0 };

	(void)state;
	assert_int_equal(spread_percentile(&s, 50), 0);
	spread_add(&s, 0);
	assert_int_equal(spread_percentile(&s, 50), 0);
	for (uint64_t us = 1; us != 0; us <<= 1) {
		struct spread one = { 0 };

		spread_add(&one, us);
		assert_int_equal(spread_percentile(&one, 50), us);
		spread_add(&s, us);
	}
	spread_add(&s, UINT64_MAX);
	assert_int_equal(spread_percentile(&s, 100), UINT64_MAX);
	assert_int_equal(s.count, 66);
}

/* Two together are as one that saw all. */
static void
merging_adds(void **state)
{
	struct spread a = { 0 }, b = { 0 }, all = { 0 };

	(void)state;
	for (uint64_t i = 1; i < 5000; i++) {
		spread_add(i % 3 ? &a : &b, i * i);
		spread_add(&all, i * i);
	}
	spread_merge(&a, &b);
	assert_memory_equal(&a, &all, sizeof(a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_near),
		cmocka_unit_test(ends_are_kept),
		cmocka_unit_test(merging_adds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
