/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/text.h"

/* What could move a cursor, turn the reading order or is no UTF-8 becomes '?'. */
static void
printable_filters(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"plain text, 100%", "plain text, 100%"},
		{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
			"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\x1b[31mred\x1b[0m", "?[31mred?[0m"},
		{"a\tb\nc\rd\x07\x7f", "a?b?c?d??"},
		{"\xc2\x9b"
		 "2J",
			"?2J"}, /* CSI as one C1 character */
		{"\xc2\x85 \xc2\x80", "? ?"},
		{"a\xe2\x80\xae"
		 "b",
			"a?b"}, /* U+202E */
		{"\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9",
			"???"},				     /* U+202A U+2066 U+2069 */
		{"\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "???"}, /* U+200E U+200F U+061C */
		{"\xef\xbb\xbfx", "?x"},		     /* byte order mark */
		{"\x80\xbf", "??"},			     /* continuation alone */
		{"\xc3", "?"},				     /* ends early */
		{"\xe2\x82", "??"},
		{"\xc3x", "?x"},
		{"\xe2\x82x", "??x"},
		{"\xc0\xaf\xc1\xbf", "????"}, /* overlong */
		{"\xe0\x9f\xbf", "???"},
		{"\xf0\x8f\xbf\xbf", "????"},
		{"\xed\xa0\x80", "???"},      /* surrogate */
		{"\xf4\x90\x80\x80", "????"}, /* above U+10FFFF */
		{"\xf5\x80\xfe\xff", "????"},
		{"\xf4\x8f\xbf\xbd", "\xf4\x8f\xbf\xbd"},
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n =
			text_printable(out, sizeof out, rows[i].in, strlen(rows[i].in));

		assert_string_equal(out, rows[i].out);
		assert_int_equal(n, strlen(out));
	}
	assert_int_equal(text_printable(out, sizeof out, "a\0b", 3), 3);
	assert_string_equal(out, "a?b");
}

/* Cut between characters, never inside one, and always terminated. */
static void
printable_cuts_at_characters(void **state)
{
	char out[8];

	(void)state;
	for (size_t cap = 1; cap <= sizeof out; cap++) {
		size_t n = text_printable(out, cap, "a\xe2\x82\xac\xc3\xa9z", 7);

		assert_int_equal(n, cap <= 1   ? 0
				    : cap <= 4 ? 1
				    : cap <= 6 ? 4
				    : cap == 7 ? 6
					       : 7);
		assert_int_equal(out[n], '\0');
	}
	assert_int_equal(text_printable(out, sizeof out, NULL, 0), 0);
}

/* Durations for people: one or two units, never rounded up. */
static void
durations_are_written(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{0, "0us"},
		{850999, "850us"},
		{999999, "999us"},
		{MILLISECONDS(12), "12ms"},
		{SECONDS(1) - 1, "999ms"},
		{MILLISECONDS(4250), "4.2s"},
		{SECONDS(60) - 1, "59.9s"},
		{SECONDS(187), "3m07s"},
		{SECONDS(3600) - 1, "59m59s"},
		{SECONDS(7500), "2h05m"},
		{SECONDS(86400) - 1, "23h59m"},
		{SECONDS(3 * 86400 + 4 * 3600), "3d04h"},
		{UINT64_MAX, "213503d23h"},
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(
			text_duration(out, sizeof out, rows[i].ns), rows[i].text);
}

/* Binary units with one digit. */
static void
sizes_are_written(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{4096, "4.0 KiB"},
		{1535, "1.4 KiB"},
		{1048575, "1023.9 KiB"},
		{1048576, "1.0 MiB"},
		{1395864371, "1.2 GiB"},
		{UINT64_MAX, "15.9 EiB"},
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(
			text_bytes(out, sizeof out, rows[i].bytes), rows[i].text);
}

/* Only a whole number is one; what is too large says so. */
static void
numbers_are_read(void **state)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-1", "0x1", "1.0", "one", "1\n"};
	uint64_t value = 77;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(text_u64(bad[i], UINT64_MAX, &value), ERR_MALFORMED);
	assert_int_equal(text_u64("101", 100, &value), ERR_LIMIT);
	assert_int_equal(text_u64("18446744073709551616", UINT64_MAX, &value), ERR_LIMIT);
	assert_int_equal(
		text_u64("99999999999999999999999", UINT64_MAX, &value), ERR_LIMIT);
	assert_int_equal(value, 77);
	assert_int_equal(text_u64("18446744073709551615", UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(text_u64("000100", 100, &value), 0);
	assert_int_equal(value, 100);
}

/* A duration is a number and a unit. */
static void
durations_are_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{"20s", SECONDS(20)},
		{"1.5s", MILLISECONDS(1500)},
		{"300ms", MILLISECONDS(300)},
		{"2m", SECONDS(120)},
		{"1h", SECONDS(3600)},
		{"0s", 0},
		{"0.25h", SECONDS(900)},
		{"7us", 7000},
		{"0.0000000019s", 1},
		{"18446744073s", SECONDS(18446744073)},
	};
	static const char *const bad[] = {"", "s", "20", "20 s", " 20s", "20s ", "-1s",
		"+1s", ".5s", "1.s", "1..5s", "1.5.5s", "1e3s", "20S", "20sec", "1s5ms",
		"1,5s", "20d"};
	static const char *const large[] = {"18446744074s", "99999999999999999999999s",
		"5124096h", "18446744073.709551616s"};
	uint64_t ns = 77;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (text_parse_duration(bad[i], &ns) != ERR_MALFORMED)
			fail_msg("'%s' was read", bad[i]);
	for (size_t i = 0; i < sizeof large / sizeof large[0]; i++)
		assert_int_equal(text_parse_duration(large[i], &ns), ERR_LIMIT);
	assert_int_equal(ns, 77);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(text_parse_duration(good[i].text, &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
}

/* A misspelt word finds its neighbor, and a strange one finds none. */
static void
closest_word(void **state)
{
	static const char *const words[] = {
		"primitive", "expect", "within", "until", "wait", "stop"};
	static const struct {
		const char *word, *closest;
	} rows[] = {
		{"primitve", "primitive"},
		{"pirmitive", "primitive"},
		{"primtiv", "primitive"},
		{"expects", "expect"},
		{"wiat", "wait"},
		{"wait", "wait"},
		{"sotp", "stop"},
		{"withni", "within"},
		{"x", NULL},
		{"", NULL},
		{"observe", NULL},
		{"pmve", NULL},
	};
	char endless[200];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *found = text_closest(rows[i].word, words, 6);

		if (rows[i].closest)
			assert_string_equal(found, rows[i].closest);
		else
			assert_null(found);
	}
	assert_null(text_closest("wait", words, 0));
	memset(endless, 'w', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	assert_null(text_closest(endless, words, 6));
}

/* Labels: lower case letters, digits and inner or trailing hyphens, 1 to 63 of them. */
static void
labels(void **state)
{
	static const char *const bad[] = {
		"", "-a", "A", "a.b", "a_b", "a b", "\xc3\xa9", "a/b", "a\n"};
	char longest[LABEL_LEN_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof longest);
	longest[LABEL_LEN_MAX + 1] = '\0';
	assert_false(text_is_label(longest));
	longest[LABEL_LEN_MAX] = '\0';
	assert_true(text_is_label(longest));
	assert_true(text_is_label("mesh-1"));
	assert_true(text_is_label("0"));
	assert_true(text_is_label("a-"));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(text_is_label(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printable_filters),
		cmocka_unit_test(printable_cuts_at_characters),
		cmocka_unit_test(durations_are_written),
		cmocka_unit_test(sizes_are_written),
		cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(closest_word),
		cmocka_unit_test(labels),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
