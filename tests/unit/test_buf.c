/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/err.h"

/* What is put in comes out in order, over several growths. */
static void
grows(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	assert_null(b.data);
	for (int i = 0; i < 5000; i++)
		buf_put_u8(&b, (uint8_t)i);
	buf_put(&b, "end", 3);
	assert_int_equal(b.len, 5003);
	assert_int_equal(b.failed, 0);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(b.data[i], (uint8_t)i);
	assert_memory_equal(b.data + 5000, "end", 3);
	buf_fini(&b);
	assert_null(b.data);
}

/* Exactly max fits; one byte more fails, changes nothing and stays failed. */
static void
has_a_bound(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	buf_put(&b, "0123456789", 10);
	assert_int_equal(b.failed, 0);
	buf_put_u8(&b, 'x');
	assert_int_equal(b.failed, ERR_LIMIT);
	assert_int_equal(b.len, 10);
	buf_put(&b, "", 0);
	assert_int_equal(b.failed, ERR_LIMIT);
	buf_clear(&b);
	assert_int_equal(b.failed, 0);
	assert_int_equal(b.len, 0);
	buf_put(&b, "01234567890", 11);
	assert_int_equal(b.failed, ERR_LIMIT);
	assert_int_equal(b.len, 0);
	buf_put_u8(&b, 'x');
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

/* The front goes, the rest moves up. */
static void
drops_from_the_front(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_drop(&b, 0);
	buf_put(&b, "abcdef", 6);
	buf_drop(&b, 2);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "cdef", 4);
	buf_drop(&b, 4);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

/* Formats short and long texts, and none in part. */
static void
formats(void **state)
{
	struct buf b;
	char wide[600];

	(void)state;
	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	buf_init(&b, 700);
	buf_format(&b, "%d-%s", 42, "x");
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "42-x", 4);
	buf_format(&b, "%s", wide);
	assert_int_equal(b.len, 603);
	assert_int_equal(b.data[602], 'w');
	buf_format(&b, "%s", wide);
	assert_int_equal(b.failed, ERR_LIMIT);
	assert_int_equal(b.len, 603);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(has_a_bound),
		cmocka_unit_test(drops_from_the_front),
		cmocka_unit_test(formats),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
