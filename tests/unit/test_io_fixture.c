/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/io_fixture.h"

/* Cleaning up removes links, never what they point to: file, directory, parent. */
static void
links_are_not_followed(void **state)
{
	void *inner, *outer;
	char path[300], target[300], kept[300];
	struct stat st;

	(void)state;
	assert_int_equal(io_fixture_begin(&outer), 0);
	assert_int_equal(io_fixture_begin(&inner), 0);
	assert_int_equal(mkdir(io_fixture_path(&outer, "dir", target), 0700), 0);
	io_fixture_write(io_fixture_path(&outer, "dir/kept", kept), "x", 0600);
	assert_int_equal(symlink(target, io_fixture_path(&inner, "to-dir", path)), 0);
	assert_int_equal(symlink(kept, io_fixture_path(&inner, "to-file", path)), 0);
	assert_int_equal(symlink(outer, io_fixture_path(&inner, "up", path)), 0);
	assert_int_equal(symlink("..", io_fixture_path(&inner, "dots", path)), 0);
	assert_int_equal(mkdir(io_fixture_path(&inner, "a", path), 0700), 0);
	io_fixture_write(io_fixture_path(&inner, "a/b", path), "x", 0400);
	assert_int_equal(symlink(target, io_fixture_path(&inner, "a/c", path)), 0);
	snprintf(path, sizeof path, "%s", (char *)inner);
	assert_int_equal(io_fixture_end(&inner), 0);
	assert_int_equal(lstat(path, &st), -1);
	assert_int_equal(stat(kept, &st), 0);
	assert_int_equal(io_fixture_end(&outer), 0);
	assert_int_equal(lstat(kept, &st), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_are_not_followed),
	};

	return cmocka_run_group_tests_name("io_fixture", tests, NULL, NULL);
}
