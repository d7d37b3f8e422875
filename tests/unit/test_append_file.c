/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>

#include "base/limits.h"
#include "base/mem.h"
#include "io/append_file.h"
#include "io/loop.h"
#include "tests/unit/io_fixture.h"

struct failures {
	unsigned count;
	char why[APPEND_FILE_WHY_CAP];
};

static void
on_failed(void *ctx, const char *why)
{
	struct failures *f = ctx;

	f->count++;
	snprintf(f->why, sizeof f->why, "%s", why);
}

static size_t
content(const char *path, char *to, size_t cap)
{
	FILE *f = fopen(path, "r");
	size_t len;

	assert_non_null(f);
	len = fread(to, 1, cap - 1, f);
	to[len] = '\0';
	fclose(f);
	return len;
}

/* Lines come after what was there, in order, and all are there after the close. */
static void
lines_are_appended(void **state)
{
	struct failures failures = { 0 };
	const struct append_file_hooks hooks = { on_failed, &failures };
	char path[300], why[APPEND_FILE_WHY_CAP], text[200];
	struct append_file *f;
	uv_loop_t loop;

	io_fixture_path(state, "events", path);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(uv_loop_init(&loop), 0);
		f = append_file_open(&loop, path, &hooks, why);
		assert_non_null(f);
		assert_true(append_file_line(f, "one", 3));
		assert_true(append_file_line(f, "two", 3));
		append_file_close(f);
		assert_int_equal(loop_drain(&loop), 0);
	}
	content(path, text, sizeof text);
	assert_string_equal(text, "one\ntwo\none\ntwo\n");
	assert_int_equal(failures.count, 0);
	assert_int_equal(mem_live(MEM_APPEND_FILE), 0);
	assert_int_equal(mem_live(MEM_DESCRIPTOR), 0);
}

/* What cannot be opened is refused with its name. */
static void
a_bad_path_is_refused(void **state)
{
	const struct append_file_hooks hooks = { on_failed, NULL };
	char why[APPEND_FILE_WHY_CAP];
	uv_loop_t loop;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_null(append_file_open(&loop, "/nowhere/at/all", &hooks, why));
	assert_non_null(strstr(why, "/nowhere/at/all cannot be opened"));
	assert_int_equal(loop_drain(&loop), 0);
}

/* A full disk is said once, costs the lines, and holds nobody up. */
static void
a_full_disk_is_said_once(void **state)
{
	struct failures failures = { 0 };
	const struct append_file_hooks hooks = { on_failed, &failures };
	struct append_file_stats stats;
	char why[APPEND_FILE_WHY_CAP];
	struct append_file *f;
	uv_loop_t loop;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	f = append_file_open(&loop, "/dev/full", &hooks, why);
	assert_non_null(f);
	for (int i = 0; i < 3; i++) {
		append_file_line(f, "line", 4);
		uv_run(&loop, UV_RUN_DEFAULT);
	}
	append_file_stats(f, &stats);
	assert_int_equal(stats.errors, 3);
	assert_int_equal(stats.lost, 3);
	assert_int_equal(append_file_take_lost(f), 3);
	assert_int_equal(append_file_take_lost(f), 0);
	assert_int_equal(stats.written, 0);
	assert_int_equal(stats.waiting, 0);
	assert_int_equal(failures.count, 1);
	assert_non_null(strstr(failures.why, "/dev/full cannot be written: no space"));
	append_file_close(f);
	assert_int_equal(loop_drain(&loop), 0);
}

/* Nobody reads: what waits is bounded, the rest is dropped and counted. */
static void
waiting_is_bounded(void **state)
{
	struct failures failures = { 0 };
	const struct append_file_hooks hooks = { on_failed, &failures };
	struct append_file_stats stats;
	char path[300], why[APPEND_FILE_WHY_CAP], line[1000];
	struct append_file *f;
	uint64_t dropped = 0;
	uv_loop_t loop;

	memset(line, 'x', sizeof line);
	io_fixture_path(state, "events", path);
	assert_int_equal(uv_loop_init(&loop), 0);
	f = append_file_open(&loop, path, &hooks, why);
	assert_non_null(f);
	/* The loop does not turn, so nothing can be told to have been written. */
	for (int i = 0; i < 3000; i++)
		dropped += !append_file_line(f, line, sizeof line);
	append_file_stats(f, &stats);
	assert_true(dropped > 900);
	assert_int_equal(stats.dropped, dropped);
	assert_true(stats.waiting <= 2 * APPEND_LEN_MAX);
	append_file_close(f);
	assert_int_equal(loop_drain(&loop), 0);
	assert_int_equal(failures.count, 0);
}

/* A line that was torn by an error does not swallow the next one. */
static void
torn_lines_end(void **state)
{
	struct failures failures = { 0 };
	const struct append_file_hooks hooks = { on_failed, &failures };
	char path[300], why[APPEND_FILE_WHY_CAP], *big = mem_array(200000, 1), text[20];
	struct append_file *f;
	uv_loop_t loop;
	ssize_t got;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	io_fixture_path(state, "pipe", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(uv_loop_init(&loop), 0);
	f = append_file_open(&loop, path, &hooks, why);
	assert_non_null(f);
	/* More than a pipe holds: a part goes, then there is no room. */
	memset(big, 'x', 200000);
	append_file_line(f, big, 200000);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(failures.count, 1);
	assert_int_equal(append_file_take_lost(f), 1);
	while (read(fd, big, 200000) > 0)
		;
	append_file_line(f, "next", 4);
	uv_run(&loop, UV_RUN_DEFAULT);
	got = read(fd, text, sizeof text);
	assert_int_equal(got, 6);
	assert_memory_equal(text, "\nnext\n", 6);
	assert_int_equal(append_file_take_lost(f), 0);
	close(fd);
	append_file_close(f);
	assert_int_equal(loop_drain(&loop), 0);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			lines_are_appended, io_fixture_begin, io_fixture_end),
		cmocka_unit_test(a_bad_path_is_refused),
		cmocka_unit_test(a_full_disk_is_said_once),
		cmocka_unit_test_setup_teardown(
			waiting_is_bounded, io_fixture_begin, io_fixture_end),
		cmocka_unit_test_setup_teardown(
			torn_lines_end, io_fixture_begin, io_fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
