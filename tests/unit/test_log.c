/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"

static uint64_t now_ns;
static int fds[2];

static uint64_t
clock_of_test(void)
{
	return now_ns;
}

static int
open_pipe(void **state)
{
	(void)state;
	now_ns = SECONDS(100);
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0)
		return -1;
	log_open(fds[1], LOG_INFO, LOG_TEXT, clock_of_test);
	log_name(NULL);
	return 0;
}

static int
close_pipe(void **state)
{
	(void)state;
	log_open(-1, LOG_ERROR, LOG_TEXT, NULL);
	close(fds[0]);
	close(fds[1]);
	return 0;
}

/* All that was logged since the last call. */
static const char *
logged(void)
{
	static char text[65536];
	ssize_t n = read(fds[0], text, sizeof text - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static size_t
lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* "2026-11-20T11:00:00.123Z": digits where digits are due. */
static bool
is_time(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";

	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)text[i])
				   : text[i] != form[i])
			return false;
	return true;
}

/* A text line: time, level, name, message. */
static void
text_lines(void **state)
{
	const char *text;

	(void)state;
	log_info("no name yet: %d", 1);
	text = logged();
	assert_true(is_time(text));
	assert_string_equal(text + 24, " info no name yet: 1\n");
	log_name("mesh1.broker.239dc9");
	log_warn("message %s", "two");
	text = logged();
	assert_string_equal(text + 24, " warn mesh1.broker.239dc9: message two\n");
}

/*
 * A reader that stands still does not hold us, and learns how much it missed; one that
 * reads misses nothing.
 */
static void
a_reader_that_stands_still_loses_lines(void **state)
{
	char fill[4096] = { 0 };
	const char *text;

	(void)state;
	log_info("before");
	assert_non_null(strstr(logged(), "before\n"));
	while (write(fds[1], fill, sizeof fill) > 0)
		;
	/* From here on a write would wait for ever. */
	fcntl(fds[1], F_SETFL, 0);
	alarm(20);
	log_info("one");
	log_info("two");
	alarm(0);
	while (read(fds[0], fill, sizeof fill) > 0)
		;
	log_info("three");
	text = logged();
	assert_string_equal(text + 24, " info three (lost 2)\n");
	log_info("four");
	assert_string_equal(logged() + 24, " info four\n");
}

/* A JSON line is one object, with what needs it escaped. */
static void
json_lines(void **state)
{
	const char *text;

	(void)state;
	log_open(fds[1], LOG_INFO, LOG_JSON, clock_of_test);
	log_name("mesh1.broker.239dc9");
	log_error("say \"%s\" \\ and\nmore", "hello");
	text = logged();
	assert_memory_equal(text, "{\"time\":\"", 9);
	assert_true(is_time(text + 9));
	assert_string_equal(text + 33,
		"\",\"level\":\"error\",\"name\":\"mesh1.broker.239dc9\","
		"\"message\":\"say \\\"hello\\\" \\\\ and?more\"}\n");
}

/* Lines above the level are not written, those at it are. */
static void
levels(void **state)
{
	enum log_level level = LOG_INFO;

	(void)state;
	log_debug("hidden");
	assert_int_equal(lines(logged()), 0);
	assert_int_equal(log_level_parse("debug", &level), 0);
	assert_int_equal(level, LOG_DEBUG);
	log_open(fds[1], level, LOG_TEXT, clock_of_test);
	log_debug("shown");
	assert_int_equal(lines(logged()), 1);
	assert_int_equal(log_level_parse("loud", &level), ERR_UNKNOWN);
	assert_int_equal(log_level_parse("", &level), ERR_UNKNOWN);
	assert_int_equal(level, LOG_DEBUG);
}

static void
one_site(int i)
{
	log_info("line %d", i);
}

/* One site says LOG_BURST lines in a window, and then how many it held back. */
static void
a_site_is_limited(void **state)
{
	const char *text;

	(void)state;
	for (int i = 0; i < LOG_BURST + 41; i++)
		one_site(i);
	text = logged();
	assert_int_equal(lines(text), LOG_BURST);
	assert_null(strstr(text, "suppressed"));
	now_ns += LOG_WINDOW - 1;
	one_site(1000);
	assert_int_equal(lines(logged()), 0);
	now_ns += 1;
	one_site(1001);
	text = logged();
	assert_int_equal(lines(text), 1);
	assert_non_null(strstr(text, " line 1001 (suppressed 42)\n"));
	one_site(1002);
	assert_null(strstr(logged(), "suppressed"));
	now_ns += 3 * LOG_WINDOW;
	for (int i = 0; i < LOG_BURST; i++)
		one_site(i);
	assert_int_equal(lines(logged()), LOG_BURST);
}

/* The control: another site is not held back, and without a clock nothing is. */
static void
other_sites_are_not(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * LOG_BURST; i++)
		log_info("noisy");
	logged();
	log_info("quiet");
	assert_non_null(strstr(logged(), " quiet\n"));
	log_open(fds[1], LOG_INFO, LOG_TEXT, NULL);
	for (int i = 0; i < 3 * LOG_BURST; i++)
		log_info("unlimited");
	assert_int_equal(lines(logged()), 3 * LOG_BURST);
}

/* Nothing that a peer sends reaches the terminal as an escape or as a second line. */
static void
messages_are_filtered(void **state)
{
	const char *text;

	(void)state;
	log_name("evil\x1b[2J\n");
	log_info("peer says %s", "a\nb\x1b[31m\xe2\x80\xae");
	text = logged();
	assert_string_equal(text + 24, " info evil?[2J?: peer says a?b?[31m?\n");
}

/* A message of any length is one line, cut. */
static void
long_messages_are_cut(void **state)
{
	char wide[5000];
	const char *text;

	(void)state;
	memset(wide, '"', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	log_info("%s", wide);
	text = logged();
	assert_int_equal(lines(text), 1);
	assert_in_range(strlen(text), 1000, 1100);
	log_open(fds[1], LOG_INFO, LOG_JSON, clock_of_test);
	log_info("%s", wide);
	text = logged();
	assert_int_equal(lines(text), 1);
	assert_string_equal(text + strlen(text) - 3, "\"}\n");
}

/* A reader who does not read does not stop the program. */
static void
a_full_pipe_is_no_matter(void **state)
{
	(void)state;
	log_open(fds[1], LOG_INFO, LOG_TEXT, NULL);
	for (int i = 0; i < 5000; i++)
		log_info("line %d of many", i);
	assert_true(lines(logged()) > 0);
}

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, open_pipe, close_pipe)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(text_lines),
		LOG_TEST(a_reader_that_stands_still_loses_lines),
		LOG_TEST(json_lines),
		LOG_TEST(levels),
		LOG_TEST(a_site_is_limited),
		LOG_TEST(other_sites_are_not),
		LOG_TEST(messages_are_filtered),
		LOG_TEST(long_messages_are_cut),
		LOG_TEST(a_full_pipe_is_no_matter),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
