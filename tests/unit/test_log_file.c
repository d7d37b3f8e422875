/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/err.h"
#include "io/log_file.h"
#include "io_fixture.h"

#define LEN_MAX 1000

struct log {
	int dir, saved;
};

/* Standard error becomes `name` in the directory, as the parent of a node does it. */
static struct log
begin(void **state, const char *name)
{
	struct log l = { .saved = dup(STDERR_FILENO) };
	char path[300];
	int fd = open(io_fixture_path(state, name, path),
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_true(fd >= 0 && l.saved >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	l.dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return l;
}

static void
say(size_t len)
{
	char bytes[2 * LEN_MAX];

	memset(bytes, 'x', sizeof bytes);
	(void)!write(STDERR_FILENO, bytes, len);
}

static void
end(struct log l)
{
	dup2(l.saved, STDERR_FILENO);
	close(l.saved);
	close(l.dir);
}

/* -1: there is none. */
static long
len_of(void **state, const char *name)
{
	char path[300];
	struct stat st;

	return stat(io_fixture_path(state, name, path), &st) == 0 ? (long)st.st_size : -1;
}

/* However much is said, there are two files, and none is longer than the bound. */
static void
a_long_log_turns(void **state)
{
	struct log l = begin(state, "node.log");
	long longest = 0;

	for (int i = 0; i < 50; i++) {
		say(LEN_MAX / 2 + 1);
		if (len_of(state, "node.log") > longest)
			longest = len_of(state, "node.log");
		if (log_file_turn(l.dir, LEN_MAX) != ERR_OK)
			longest = -1;
	}
	say(7);
	end(l);
	assert_int_equal(longest, 2 * (LEN_MAX / 2 + 1));
	assert_int_equal(len_of(state, "node.log.1"), 2 * (LEN_MAX / 2 + 1));
	assert_int_equal(len_of(state, "node.log"), 7);
}

/* The control: up to the bound nothing happens. */
static void
a_short_log_stays(void **state)
{
	struct log l = begin(state, "node.log");
	int err;

	say(LEN_MAX);
	err = log_file_turn(l.dir, LEN_MAX);
	end(l);
	assert_int_equal(err, ERR_OK);
	assert_int_equal(len_of(state, "node.log"), LEN_MAX);
	assert_int_equal(len_of(state, "node.log.1"), -1);
}

/* A file of the same name that we do not write to is somebody else's. */
static void
another_file_stays(void **state)
{
	struct log l = begin(state, "elsewhere");
	char path[300], text[2 * LEN_MAX] = "";
	int err;

	memset(text, 'y', sizeof text - 1);
	io_fixture_write(io_fixture_path(state, "node.log", path), text, 0600);
	say(2 * LEN_MAX);
	err = log_file_turn(l.dir, LEN_MAX);
	end(l);
	assert_int_equal(err, ERR_OK);
	assert_int_equal(len_of(state, "node.log"), sizeof text - 1);
	assert_int_equal(len_of(state, "elsewhere"), 2 * LEN_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_long_log_turns, io_fixture_begin, io_fixture_end),
		cmocka_unit_test_setup_teardown(
			a_short_log_stays, io_fixture_begin, io_fixture_end),
		cmocka_unit_test_setup_teardown(
			another_file_stays, io_fixture_begin, io_fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
