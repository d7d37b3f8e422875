/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "io/loop.h"
#include "io/procfs.h"

static int
kib_of(const char *text, const char *key, uint64_t *kib)
{
	return procfs_parse_kib(text, strlen(text), key, kib);
}

/* A field is found at the beginning of a line only, with its unit. */
static void
kib_are_parsed(void **state)
{
	static const char text[] =
		"Rss:   5000 kB\nPss:\t1234 kB\nPss_Anon: 99 kB\nLast: 7 kB";
	uint64_t kib = 0;

	(void)state;
	assert_int_equal(kib_of(text, "Pss:", &kib), ERR_OK);
	assert_int_equal(kib, 1234);
	assert_int_equal(kib_of(text, "Last:", &kib), ERR_OK);
	assert_int_equal(kib, 7);
	assert_int_equal(kib_of(text, "VmRSS:", &kib), ERR_UNKNOWN);
	assert_int_equal(kib_of(text, "ss:", &kib), ERR_UNKNOWN);
	assert_int_equal(kib_of("Pss: 1", "Pss:", &kib), ERR_MALFORMED);
	assert_int_equal(kib_of("Pss: x kB", "Pss:", &kib), ERR_MALFORMED);
	assert_int_equal(kib_of("Pss:", "Pss:", &kib), ERR_UNKNOWN);
	assert_int_equal(kib_of("", "Pss:", &kib), ERR_UNKNOWN);
}

/* This process has memory; work is seen as CPU, and the first sample claims none. */
static void
own_process_is_measured(void **state)
{
	struct procfs p;
	struct procfs_usage u;
	uint64_t start_ns = loop_now_ns();
	volatile unsigned spin = 0;

	(void)state;
	procfs_init(&p);
	assert_int_equal(procfs_sample(&p, start_ns, &u), ERR_OK);
	assert_int_equal(u.cpu_used_mc, 0);
	assert_true(u.memory_used_kib > 100);
	/* It is CPU time: a busy machine only takes longer. */
	do {
		spin++;
		if (spin % 1000000 == 0)
			assert_int_equal(procfs_sample(&p, loop_now_ns(), &u), ERR_OK);
	} while (u.cpu_used_mc == 0 && loop_now_ns() - start_ns < SECONDS(30));
	assert_true(u.cpu_used_mc > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kib_are_parsed),
		cmocka_unit_test(own_process_is_measured),
	};

	return cmocka_run_group_tests_name("procfs", tests, NULL, NULL);
}
