/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_IO_FIXTURE_H
#define TESTS_UNIT_IO_FIXTURE_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A directory of the test's own, as *state; removed with what is in it. The removal never
 * follows a link and never leaves the directory or its file system: a test that fails
 * leaves behind whatever it had made, links to anywhere among it.
 */
#define IO_FIXTURE_PREFIX "/tmp/meshtui-test-"

static inline int
io_fixture_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)at;
	assert_int_equal(strncmp(path, IO_FIXTURE_PREFIX, strlen(IO_FIXTURE_PREFIX)), 0);
	/* FTW_D would be a directory before its content: FTW_DEPTH never gives it. */
	return kind == FTW_DP ? rmdir(path) : kind == FTW_D ? -1 : unlink(path);
}

static inline int
io_fixture_begin(void **state)
{
	char *path = strdup(IO_FIXTURE_PREFIX "XXXXXX");

	*state = mkdtemp(path);
	return *state != NULL ? 0 : -1;
}

static inline int
io_fixture_end(void **state)
{
	char *path = *state;
	struct stat st;

	assert_int_equal(strncmp(path, IO_FIXTURE_PREFIX, strlen(IO_FIXTURE_PREFIX)), 0);
	assert_int_equal(strlen(path), strlen(IO_FIXTURE_PREFIX "XXXXXX"));
	assert_null(strstr(path, ".."));
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(nftw(path, io_fixture_remove_one, 16,
				 FTW_DEPTH | FTW_PHYS | FTW_MOUNT),
		0);
	free(path);
	return 0;
}

static inline char *
io_fixture_path(void **state, const char *name, char to[static 300])
{
	snprintf(to, 300, "%s/%s", (const char *)*state, name);
	return to;
}

static inline void
io_fixture_write(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

#endif
