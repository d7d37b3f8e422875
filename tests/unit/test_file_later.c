/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/file_later.h"
#include "io/files.h"
#include "tests/unit/io_fixture.h"

static void
open_data(void **state, struct files_dir *d)
{
	char path[300], why[FILES_WHY_CAP];

	assert_int_equal(files_open(d, io_fixture_path(state, "data", path), why), 0);
}

static void
on_stored(void *ctx, int error)
{
	*(int *)ctx = error;
}

static void
store(struct files_dir *d, uv_loop_t *loop, uint64_t n, int wanted)
{
	struct file_later *f;
	int error = -1;

	f = files_incarnation_later(d, loop, n, on_stored, &error);
	assert_non_null(f);
	file_later_close(f);
	assert_int_equal(error, wanted);
	uv_run(loop, UV_RUN_DEFAULT);
}

/* Each start has a larger number than any before, also when the clock went back. */
static void
incarnation_grows(void **state)
{
	static const uint64_t clocks[] = { 1000, 1000, 5, 2000 };
	static const uint64_t wanted[] = { 1000, 1001, 1002, 2000 };
	char why[FILES_WHY_CAP];
	struct files_dir d;
	uv_loop_t loop;
	uint64_t n;
	bool later;

	open_data(state, &d);
	uv_loop_init(&loop);
	for (size_t k = 0; k < 4; k++) {
		assert_int_equal(
			files_incarnation(&d, clocks[k], &n, &later, why), ERR_OK);
		assert_int_equal(n, wanted[k]);
		assert_int_equal(later, n == clocks[k]);
		if (later)
			store(&d, &loop, n, 0);
	}
	assert_int_equal(uv_loop_close(&loop), 0);
	files_close(&d);
}

/* What is not stored because of a crash is made up for by the clock. */
static void
incarnation_grows_unstored(void **state)
{
	char why[FILES_WHY_CAP];
	uint64_t n, again;
	struct files_dir d;
	bool later;

	open_data(state, &d);
	assert_int_equal(files_incarnation(&d, 1000, &n, &later, why), ERR_OK);
	assert_true(later);
	assert_int_equal(files_incarnation(&d, 1001, &again, &later, why), ERR_OK);
	assert_true(again > n);
	files_close(&d);
}

/* A write that fails later is told, with the reason; nothing is left behind. */
static void
failed_store_is_told(void **state)
{
	struct files_dir d;
	uv_loop_t loop;
	char path[300], mark[320], why[FILES_WHY_CAP];
	uint64_t n;
	bool later;

	open_data(state, &d);
	uv_loop_init(&loop);
	io_fixture_path(state, "data/.incarnation.new", path);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(mark, sizeof mark, "%s/x", path);
	assert_int_equal(mkdir(mark, 0700), 0);
	store(&d, &loop, 7, EISDIR);
	assert_int_equal(rmdir(mark), 0);
	assert_int_equal(rmdir(path), 0);
	store(&d, &loop, 7, 0);	/* the control */
	assert_int_equal(files_incarnation(&d, 5, &n, &later, why), ERR_OK);
	assert_int_equal(n, 8);
	assert_false(later);
	assert_int_equal(uv_loop_close(&loop), 0);
	files_close(&d);
	assert_int_equal(mem_live(MEM_FILE_LATER), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, io_fixture_begin, io_fixture_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(incarnation_grows),
		TEST(incarnation_grows_unstored),
		TEST(failed_store_is_told),
	};

	return cmocka_run_group_tests_name("file_later", tests, NULL, NULL);
}
