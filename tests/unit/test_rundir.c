/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "io/rundir.h"

/* Each test has a runtime directory of its own. */
static int
setup(void **state)
{
	static char dir[] = "/tmp/meshtui-test-XXXXXX";

	snprintf(dir, sizeof(dir), "/tmp/meshtui-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	unsetenv("RUNTIME_DIRECTORY");
	setenv("XDG_RUNTIME_DIR", dir, 1);
	*state = dir;
	return 0;
}

static int
teardown(void **state)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/meshtui/runs.lock", (char *)*state);
	unlink(path);
	snprintf(path, sizeof(path), "%s/meshtui", (char *)*state);
	rmdir(path);
	/* Fails when a test left something: then the test is wrong. */
	return rmdir(*state);
}

static void
touch(const char *dir, const char *name)
{
	char path[400];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static bool
exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* It is ours alone, and it goes with all that was put in it. */
static void
it_comes_and_goes(void **state)
{
	char why[RUNDIR_WHY_CAP];
	struct rundir r;
	struct stat st;
	char path[400];

	(void)state;
	assert_int_equal(rundir_open(&r, why), ERR_OK);
	assert_int_equal(stat(r.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	snprintf(path, sizeof(path), "%s/sub", r.path);
	assert_int_equal(mkdir(path, 0700), 0);
	touch(path, "file");
	rundir_close(&r);
	assert_false(exists(r.path));
	rundir_close(&r);
}

/* Two runs at once do not see each other. */
static void
two_live_together(void **state)
{
	char why[RUNDIR_WHY_CAP];
	struct rundir a, b;

	(void)state;
	assert_int_equal(rundir_open(&a, why), ERR_OK);
	assert_int_equal(rundir_open(&b, why), ERR_OK);
	assert_true(exists(a.path));
	assert_string_not_equal(a.path, b.path);
	rundir_close(&b);
	assert_true(exists(a.path));
	rundir_close(&a);
}

/* What a dead run left is removed by the next; what a living one holds is not. */
static void
the_dead_are_swept(void **state)
{
	char why[RUNDIR_WHY_CAP], dead[300];
	struct rundir live, next;

	assert_int_equal(rundir_open(&live, why), ERR_OK);
	snprintf(dead, sizeof(dead), "%s/meshtui/run-abcdef", (char *)*state);
	assert_int_equal(mkdir(dead, 0700), 0);
	touch(dead, "lock");
	touch(dead, "node.log");
	assert_int_equal(rundir_open(&next, why), ERR_OK);
	assert_false(exists(dead));
	assert_true(exists(live.path));
	rundir_close(&next);
	rundir_close(&live);
}

/* Links and foreign names are left alone. */
static void
others_are_left_alone(void **state)
{
	char why[RUNDIR_WHY_CAP], kept[200], inside[300], trap[300];
	struct rundir r;

	assert_int_equal(rundir_open(&r, why), ERR_OK);
	rundir_close(&r);
	snprintf(kept, sizeof(kept), "%s/kept", (char *)*state);
	assert_int_equal(mkdir(kept, 0700), 0);
	touch(kept, "file");
	snprintf(trap, sizeof(trap), "%s/meshtui/run-abcdef", (char *)*state);
	assert_int_equal(symlink(kept, trap), 0);
	assert_int_equal(rundir_open(&r, why), ERR_OK);
	rundir_close(&r);
	snprintf(inside, sizeof(inside), "%s/file", kept);
	assert_true(exists(inside));
	unlink(inside);
	unlink(trap);
	rmdir(kept);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(it_comes_and_goes), T(two_live_together), T(the_dead_are_swept),
		T(others_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
