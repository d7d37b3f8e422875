/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/limits.h"
#include "io/paths.h"
#include "tests/unit/io_fixture.h"

static int
begin(void **state)
{
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("STATE_DIRECTORY");
	unsetenv("XDG_STATE_HOME");
	return io_fixture_begin(state);
}

/* $RUNTIME_DIRECTORY (its first entry) before $XDG_RUNTIME_DIR; both only if absolute. */
static void
runtime_dir_is_chosen(void **state)
{
	char to[200], path[300], list[700], why[PATHS_WHY_CAP];
	struct stat st;

	setenv("XDG_RUNTIME_DIR", *state, 1);
	assert_int_equal(paths_runtime_dir(to, sizeof to, why), ERR_OK);
	assert_string_equal(to, io_fixture_path(state, "meshtui", path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	io_fixture_path(state, "given", path);
	snprintf(list, sizeof list, "%s:/somewhere/else", path);
	setenv("RUNTIME_DIRECTORY", list, 1);
	assert_int_equal(paths_runtime_dir(to, sizeof to, why), ERR_OK);
	assert_string_equal(to, path);
	setenv("RUNTIME_DIRECTORY", "relative", 1);
	assert_int_equal(paths_runtime_dir(to, sizeof to, why), ERR_OK);
	assert_string_equal(to, io_fixture_path(state, "meshtui", path));
}

/* A directory that others can write to, a link, no room, no parent: refused in words. */
static void
bad_runtime_dir_is_refused(void **state)
{
	char to[200], path[300], other[300], small[8], why[PATHS_WHY_CAP];

	setenv("XDG_RUNTIME_DIR", *state, 1);
	io_fixture_path(state, "meshtui", path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0770), 0);
	assert_int_equal(paths_runtime_dir(to, sizeof to, why), ERR_PERMISSION);
	assert_non_null(strstr(why, "chmod 700 "));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkdir(io_fixture_path(state, "other", other), 0700), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(paths_runtime_dir(to, sizeof to, why), ERR_PERMISSION);
	assert_non_null(strstr(why, "not a directory of yours"));
	assert_int_equal(paths_runtime_dir(small, sizeof small, why), ERR_LIMIT);
	setenv("XDG_RUNTIME_DIR", "/nonexistent/place", 1);
	assert_int_equal(paths_runtime_dir(to, sizeof to, why), ERR_SYSTEM);
	assert_non_null(strstr(why, "RUNTIME_DIRECTORY"));
}

/* --data-dir, $STATE_DIRECTORY, $XDG_STATE_HOME, home: in this order. */
static void
data_dir_is_chosen(void **state)
{
	char to[256], small[10], why[PATHS_WHY_CAP];

	(void)state;
	setenv("HOME", "/home/someone", 1);
	assert_int_equal(paths_data_dir(to, sizeof to, NULL, "m1", "broker", why), 0);
	assert_string_equal(to, "/home/someone/.local/state/meshtui/m1.broker");
	setenv("XDG_STATE_HOME", "/state", 1);
	assert_int_equal(paths_data_dir(to, sizeof to, NULL, "m1", "broker", why), 0);
	assert_string_equal(to, "/state/meshtui/m1.broker");
	setenv("STATE_DIRECTORY", "/var/lib/meshtui:/other", 1);
	assert_int_equal(paths_data_dir(to, sizeof to, NULL, "m1", "broker", why), 0);
	assert_string_equal(to, "/var/lib/meshtui");
	assert_int_equal(paths_data_dir(to, sizeof to, "here", "m1", "broker", why), 0);
	assert_string_equal(to, "here");
	assert_int_equal(
		paths_data_dir(small, sizeof small, NULL, "m1", "broker", why),
		ERR_LIMIT);
	assert_non_null(strstr(why, "--data-dir"));
}

static struct address
address(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(&a, text), ERR_OK);
	return a;
}

/* A given address is advertised as it is; a wildcard as those of the machine. */
static void
addresses_are_advertised(void **state)
{
	struct address bound = address("127.0.0.1:4000"), to[ADDRESSES_MAX];
	size_t count;

	(void)state;
	assert_int_equal(paths_advertised(&bound, to, ADDRESSES_MAX), 1);
	assert_true(address_equal(&to[0], &bound));
	assert_int_equal(paths_advertised(&bound, to, 0), 0);
	bound = address("0.0.0.0:4000");
	count = paths_advertised(&bound, to, ADDRESSES_MAX);
	assert_in_range(count, 1, ADDRESSES_MAX);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(to[i].family, 4);
		assert_int_equal(to[i].port, 4000);
		assert_false(address_is_any(&to[i]));
		/* Loopback is the last, and only there. */
		assert_int_equal(address_is_loopback(&to[i]), i + 1 == count);
	}
	assert_int_equal(paths_advertised(&bound, to, 1), 1);
	assert_true(address_is_loopback(&to[0]));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, io_fixture_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runtime_dir_is_chosen),
		TEST(bad_runtime_dir_is_refused),
		TEST(data_dir_is_chosen),
		TEST(addresses_are_advertised),
	};

	return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
