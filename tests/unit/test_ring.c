/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/ring.h"

static void
push(struct ring *r, uint32_t value)
{
	uint32_t *item = ring_push(r);

	assert_int_equal(*item, 0);
	*item = value;
}

/* A full ring drops its oldest, and says how many. */
static void
full_drops_the_oldest(void **state)
{
	struct ring r;

	(void)state;
	ring_init(&r, sizeof(uint32_t), 4);
	for (uint32_t i = 1; i <= 4; i++)
		push(&r, i);
	assert_int_equal(r.dropped, 0);
	for (uint32_t i = 5; i <= 11; i++)
		push(&r, i);
	assert_int_equal(r.dropped, 7);
	assert_int_equal(r.pushed, 11);
	assert_int_equal(r.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(*(uint32_t *)ring_at(&r, i), 8 + i);
	ring_fini(&r);
}

/* What is taken out is not counted as lost. */
static void
popping_is_no_loss(void **state)
{
	struct ring r;

	(void)state;
	ring_init(&r, sizeof(uint32_t), 3);
	for (uint32_t i = 1; i <= 100; i++) {
		push(&r, i);
		assert_int_equal(*(uint32_t *)ring_at(&r, 0), i);
		ring_pop(&r);
	}
	assert_int_equal(r.count, 0);
	assert_int_equal(r.dropped, 0);
	assert_int_equal(r.pushed, 100);
	ring_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_drops_the_oldest),
		cmocka_unit_test(popping_is_no_loss),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
