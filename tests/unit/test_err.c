/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/err.h"

/* Every error has a name, a text and a number of its own. */
static void
errors_are_told_apart(void **state)
{
	static const int values[] = {
#define ERR(name, value, text) ERR_##name,
#include "base/err.def"
#undef ERR
	};
	size_t count = sizeof values / sizeof values[0];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(values[i] <= 0);
		assert_true(err_name(values[i])[0] != '\0');
		assert_true(err_text(values[i])[0] != '\0');
		assert_string_not_equal(err_name(values[i]), "UNLISTED");
		for (size_t j = 0; j < i; j++) {
			assert_int_not_equal(values[i], values[j]);
			assert_string_not_equal(err_name(values[i]), err_name(values[j]));
		}
	}
}

/* The values go over sockets: these are fixed. */
static void
values_are_stable(void **state)
{
	(void)state;
	assert_int_equal(ERR_OK, 0);
	assert_int_equal(ERR_MALFORMED, -1);
	assert_int_equal(ERR_BUSY, -17);
	assert_string_equal(err_name(ERR_MALFORMED), "MALFORMED");
	assert_string_equal(err_text(ERR_MALFORMED), "malformed input");
}

/* A number that is no error of ours still has words. */
static void
strange_numbers_have_words(void **state)
{
	(void)state;
	assert_string_equal(err_name(-9999), "UNLISTED");
	assert_non_null(err_text(7));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_told_apart),
		cmocka_unit_test(values_are_stable),
		cmocka_unit_test(strange_numbers_have_words),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
