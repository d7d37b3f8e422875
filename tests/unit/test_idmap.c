/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "base/idmap.h"
#include "base/rng.h"

#define COUNT 2000

static struct peer_id
id_of(uint32_t n)
{
	struct peer_id id = {{0}};

	memcpy(id.bytes + 28, &n, sizeof n);
	return id;
}

/* Put, find, replace, remove. */
static void
holds_values(void **state)
{
	struct idmap *m = idmap_new();
	struct peer_id a = id_of(1), b = id_of(2);
	int one, two;

	(void)state;
	assert_null(idmap_find(m, &a));
	assert_null(idmap_first(m));
	assert_null(idmap_put(m, &a, &one));
	assert_null(idmap_find(m, &b));
	assert_ptr_equal(idmap_put(m, &a, &two), &one);
	assert_int_equal(idmap_count(m), 1);
	assert_ptr_equal(idmap_find(m, &a), &two);
	assert_null(idmap_remove(m, &b));
	assert_ptr_equal(idmap_remove(m, &a), &two);
	assert_int_equal(idmap_count(m), 0);
	assert_null(idmap_find(m, &a));
	idmap_put(m, &b, &one);
	idmap_free(m);
	idmap_free(NULL);
}

/* Iteration is in order of insertion: after growth, replacement and removal too. */
static void
order_is_that_of_insertion(void **state)
{
	struct idmap *m = idmap_new();
	static uint32_t order[COUNT];
	struct rng r;
	struct idmap_item *it, *next;
	uint32_t i = 0;

	(void)state;
	rng_init_u64(&r, 6);
	for (i = 0; i < COUNT; i++)
		order[i] = i;
	rng_shuffle(&r, order, COUNT, sizeof order[0]);
	for (i = 0; i < COUNT; i++) {
		struct peer_id id = id_of(order[i]);

		idmap_put(m, &id, &order[i]);
	}
	for (i = 0; i < COUNT; i += 7) {
		struct peer_id id = id_of(order[i]);

		idmap_put(m, &id, &order[i]);
	}
	i = 0;
	for (it = idmap_first(m); it; it = next, i++) {
		struct peer_id id = id_of(order[i]);

		next = idmap_next(it);
		assert_ptr_equal(idmap_value(it), &order[i]);
		assert_true(id_equal(idmap_id(it), &id));
		if (i % 2 == 0)
			assert_non_null(idmap_remove(m, &id));
	}
	assert_int_equal(i, COUNT);
	assert_int_equal(idmap_count(m), COUNT / 2);
	for (i = 1, it = idmap_first(m); it; it = idmap_next(it), i += 2)
		assert_ptr_equal(idmap_value(it), &order[i]);
	idmap_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_values),
		cmocka_unit_test(order_is_that_of_insertion),
	};

	return cmocka_run_group_tests_name("idmap", tests, NULL, NULL);
}
