/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "gossip/peerset.h"

static struct peer_id
id(unsigned number)
{
	return (struct peer_id){{(uint8_t)number}};
}

static void
fill(struct peerset *s, unsigned count)
{
	peerset_init(s, count);
	for (unsigned i = 0; i < count; i++) {
		struct peer_id p = id(i);

		assert_true(peerset_add(s, &p));
	}
}

/* A member is there once; a full set takes no more; order is that of insertion. */
static void
add_and_remove(void **state)
{
	struct peer_id one = id(1), two = id(2), nine = id(9), all[4];
	struct peerset s;

	(void)state;
	fill(&s, 4);
	assert_true(peerset_full(&s));
	assert_false(peerset_add(&s, &nine));
	assert_true(peerset_remove(&s, &one));
	assert_false(peerset_remove(&s, &one));
	assert_false(peerset_add(&s, &two));
	assert_true(peerset_add(&s, &nine));
	assert_int_equal(peerset_copy(&s, all, 4), 4);
	assert_memory_equal(&all[1], &two, sizeof(two));
	assert_memory_equal(&all[3], &nine, sizeof(nine));
	assert_int_equal(peerset_copy(&s, NULL, 0), 4);
	peerset_clear(&s);
	assert_false(peerset_has(&s, &nine));
	peerset_fini(&s);
}

/* A sample has no doubles, nobody excepted, and as many as there are. */
static void
sample(void **state)
{
	struct peer_id except[2] = {id(3), id(4)}, to[8];
	struct peerset s, taken;
	struct rng rng;

	(void)state;
	fill(&s, 8);
	rng_init_u64(&rng, 1);
	for (int round = 0; round < 200; round++) {
		size_t count = peerset_sample(&s, &rng, except, 2, to, 4);

		assert_int_equal(count, 4);
		peerset_init(&taken, 8);
		for (size_t i = 0; i < count; i++) {
			assert_true(peerset_add(&taken, &to[i]));
			assert_false(id_equal(&to[i], &except[0]));
			assert_false(id_equal(&to[i], &except[1]));
		}
		peerset_fini(&taken);
	}
	assert_int_equal(peerset_sample(&s, &rng, except, 2, to, 8), 6);
	assert_int_equal(peerset_sample(&s, &rng, NULL, 0, to, 0), 0);
	peerset_fini(&s);
}

/* Each is drawn about as often as the others. */
static void
sample_is_uniform(void **state)
{
	unsigned drawn[8] = {0};
	struct peerset s;
	struct rng rng;

	(void)state;
	fill(&s, 8);
	rng_init_u64(&rng, 2);
	for (int round = 0; round < 8000; round++) {
		struct peer_id to;

		assert_int_equal(peerset_sample(&s, &rng, NULL, 0, &to, 1), 1);
		drawn[to.bytes[0]]++;
	}
	/* Expected 1000 with a standard deviation of 30: five of them either way. */
	for (unsigned i = 0; i < 8; i++)
		assert_in_range(drawn[i], 850, 1150);
	peerset_fini(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_and_remove),
		cmocka_unit_test(sample),
		cmocka_unit_test(sample_is_uniform),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
