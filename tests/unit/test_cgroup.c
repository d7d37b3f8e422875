/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/stat.h>

#include "io/cgroup.h"
#include "tests/unit/io_fixture.h"

/* A made-up hierarchy below the test's own directory. */
static void
put(void **state, const char *name, const char *text)
{
	char path[300];
	FILE *f;

	io_fixture_path(state, name, path);
	for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct cgroup_limits
limits(void **state)
{
	struct cgroup_limits l;
	char root[300], self[300];

	io_fixture_path(state, "cg", root);
	io_fixture_path(state, "self", self);
	cgroup_read(&l, root, self);
	return l;
}

/* Version 2: 64 MiB read 64 MiB; the tightest group on the way up counts. */
static void
version_two_is_read(void **state)
{
	put(state, "self", "0::/app/node\n");
	put(state, "cg/app/node/memory.max", "67108864\n");
	put(state, "cg/app/node/cpu.max", "max 100000\n");
	put(state, "cg/app/memory.max", "max\n");
	put(state, "cg/app/cpu.max", "50000 100000\n");
	assert_int_equal(limits(state).memory_kib, 64 * 1024);
	assert_int_equal(limits(state).cpu_mc, 500);
	put(state, "cg/app/memory.max", "33554432\n");
	assert_int_equal(limits(state).memory_kib, 32 * 1024);
}

/* Version 1, each controller at its own mount; in a container only the mount is there. */
static void
version_one_is_read(void **state)
{
	put(state, "self", "4:memory:/docker/abc\n3:cpuset:/x\n1:cpu,cpuacct:/\n");
	put(state, "cg/memory/memory.limit_in_bytes", "134217728\n");
	put(state, "cg/cpu/cpu.cfs_quota_us", "150000\n");
	put(state, "cg/cpu/cpu.cfs_period_us", "100000\n");
	assert_int_equal(limits(state).memory_kib, 128 * 1024);
	assert_int_equal(limits(state).cpu_mc, 1500);
	put(state, "cg/memory/memory.limit_in_bytes", "9223372036854771712\n");
	put(state, "cg/cpu/cpu.cfs_quota_us", "-1\n");
	assert_int_equal(limits(state).memory_kib, 0);
	assert_int_equal(limits(state).cpu_mc, 0);
}

/* What is not there or not to be read is no limit. */
static void
nonsense_is_no_limit(void **state)
{
	assert_int_equal(limits(state).memory_kib, 0);
	put(state, "self", "\n::\n0:\nnonsense\n0::relative\n9:memory\n4:mem:/\n");
	put(state, "cg/memory.max", "1024");
	put(state, "cg/relative/memory.max", "2048");
	assert_int_equal(limits(state).memory_kib, 0);
	put(state, "self", "0::/");
	put(state, "cg/memory.max", "abc");
	put(state, "cg/cpu.max", "5000");
	assert_int_equal(limits(state).memory_kib, 0);
	assert_int_equal(limits(state).cpu_mc, 0);
	put(state, "cg/cpu.max", "5000 0");
	assert_int_equal(limits(state).cpu_mc, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, io_fixture_begin, io_fixture_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(version_two_is_read),
		TEST(version_one_is_read),
		TEST(nonsense_is_no_limit),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
