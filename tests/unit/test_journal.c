/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/journal.h"
#include "base/rng.h"

#define CAP 300

/* What was put comes back in order, empty records too. */
static void
records_come_back(void **state)
{
	struct journal j;
	struct journal_cursor c = { 0 };
	struct view v;
	uint64_t seq, lost = 0;

	(void)state;
	journal_init(&j, CAP);
	assert_false(journal_next(&j, &c, &v, &seq, &lost));
	assert_int_equal(journal_put(&j, "one", 3), 1);
	assert_int_equal(journal_put(&j, "", 0), 2);
	assert_true(journal_next(&j, &c, &v, &seq, &lost));
	assert_int_equal(seq, 1);
	assert_memory_equal(v.data, "one", 3);
	assert_true(journal_next(&j, &c, &v, &seq, &lost));
	assert_int_equal(v.len, 0);
	assert_false(journal_next(&j, &c, &v, &seq, &lost));
	assert_int_equal(lost, 0);
	assert_int_equal(journal_put(&j, "123", CAP), 0);
	journal_fini(&j);
}

/* A reader that is too slow loses the oldest, and how many is exact. */
static void
the_oldest_are_lost_and_counted(void **state)
{
	struct journal j;
	struct journal_cursor c = { 0 }, late;
	struct view v;
	uint64_t seq, lost = 0;
	char bytes[20] = "";

	(void)state;
	journal_init(&j, CAP);
	assert_int_equal(journal_put(&j, bytes, sizeof bytes), 1);
	assert_true(journal_next(&j, &c, &v, &seq, &lost));
	for (int i = 0; i < 99; i++)
		journal_put(&j, bytes, sizeof bytes);
	assert_true(journal_next(&j, &c, &v, &seq, &lost));
	assert_int_equal(lost, seq - 2);
	assert_int_equal(seq + journal_count(&j), 101);
	late = journal_seek(&j, 50);
	lost = 0;
	assert_true(journal_next(&j, &late, &v, &seq, &lost));
	assert_int_equal(lost, seq - 50);
	late = journal_seek(&j, 99);
	assert_true(journal_next(&j, &late, &v, &seq, &lost));
	assert_int_equal(seq, 99);
	late = journal_end(&j);
	assert_false(journal_next(&j, &late, &v, &seq, &lost));
	journal_fini(&j);
}

/*
 * Records of all lengths and readers at all distances: each record is whole, in order,
 * and read or counted as lost, never both; the memory is what it was.
 */
static void
nothing_is_torn(void **state)
{
	uint8_t seed[32] = "journal", bytes[CAP];
	struct journal j;
	struct journal_cursor c[4] = { { 0 } };
	uint64_t next[4] = { 1, 1, 1, 1 }, lost[4] = { 0 }, seq, mark;
	const uint8_t *memory = NULL;
	struct rng r;
	struct view v;

	(void)state;
	rng_init(&r, seed);
	journal_init(&j, CAP);
	for (int i = 1; i < 20000; i++) {
		size_t len = rng_below(&r, i % 7 == 0 ? CAP - 3 : 40);

		memset(bytes, i & 255, sizeof bytes);
		assert_int_equal(journal_put(&j, bytes, len), i);
		assert_true(memory == NULL || memory == j.bytes);
		memory = j.bytes;
		for (int k = 0; k < 4; k++) {
			if (rng_below(&r, 1u << k) != 0)
				continue;
			mark = lost[k];
			while (journal_next(&j, &c[k], &v, &seq, &lost[k])) {
				assert_int_equal(seq, next[k] + lost[k] - mark);
				mark = lost[k];
				next[k] = seq + 1;
				for (size_t b = 0; b < v.len; b++)
					assert_int_equal(v.data[b], seq & 255);
			}
			assert_int_equal(next[k], i + 1);
		}
	}
	journal_fini(&j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_back),
		cmocka_unit_test(the_oldest_are_lost_and_counted),
		cmocka_unit_test(nothing_is_torn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
