/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/hex.h"

/* Bytes to lower case digits and back. */
static void
there_and_back(void **state)
{
	uint8_t bytes[256], back[256];
	char text[513];

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	assert_ptr_equal(hex_encode(text, bytes, sizeof bytes), text);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102030405060708090a0b", 24);
	assert_string_equal(text + 506, "fdfeff");
	assert_int_equal(hex_decode(back, sizeof back, text), 0);
	assert_memory_equal(back, bytes, sizeof bytes);
	assert_string_equal(hex_encode(text, NULL, 0), "");
}

/* Upper case is read; all else, too short and too long is not. */
static void
reads_exactly(void **state)
{
	static const char *const bad[] = {"", "0", "00", "000", "00000", "000000", "0x00",
		"00g0", "00 0", " 000", "000 ", "-000", "\xc3\xa9\xc3\xa9"};
	uint8_t out[2];

	(void)state;
	assert_int_equal(hex_decode(out, 2, "AbCd"), 0);
	assert_memory_equal(out, "\xab\xcd", 2);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(hex_decode(out, 2, bad[i]), ERR_MALFORMED);
	assert_int_equal(hex_decode(out, 0, ""), 0);
	assert_int_equal(hex_decode(out, 0, "0"), ERR_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(reads_exactly),
	};

	return cmocka_run_group_tests_name("hex", tests, NULL, NULL);
}
