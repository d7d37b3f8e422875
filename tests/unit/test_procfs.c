/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <sys/resource.h>

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

/* CPU time of this process by another clock than that of the sampler. */
static uint64_t
used_ns(void)
{
	struct rusage r;

	assert_int_equal(getrusage(RUSAGE_SELF, &r), 0);
	return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * NS_PER_S +
	       (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000;
}

/* Works until so much CPU time has been used. */
static void
burn(uint64_t ns)
{
	uint64_t begin_ns = used_ns();
	volatile unsigned spin = 0;

	while (used_ns() - begin_ns < ns)
		for (unsigned i = 0; i < 10000; i++)
			spin = spin + i;
}

/*
 * A busy loop of one core reads 0.95 to 1.05 cores, already in the first sample. A shared
 * machine does not give a whole core for so long, so the time that passes is told as if
 * it had: what is measured is the CPU.
 */
static void
a_busy_core_reads_one(void **state)
{
	struct procfs p;
	struct procfs_usage u;
	uint64_t now_ns = loop_now_ns(), begin_ns;

	(void)state;
	procfs_init(&p, now_ns);
	assert_int_equal(procfs_sample(&p, now_ns + MILLISECONDS(1), &u), ERR_OK);
	assert_false(u.cpu_known);
	for (int i = 0; i < 3; i++) {
		begin_ns = used_ns();
		burn(MILLISECONDS(300));
		now_ns += used_ns() - begin_ns;
		assert_int_equal(procfs_sample(&p, now_ns, &u), ERR_OK);
		assert_true(u.cpu_known);
		assert_in_range(u.cpu_used_mc, 950, 1050);
		assert_true(u.memory_used_kib > 100);
	}
	/* The control: time without work. */
	assert_int_equal(procfs_sample(&p, now_ns + SECONDS(2), &u), ERR_OK);
	assert_in_range(u.cpu_used_mc, 0, 50);
}

/* The real clock: never more than a core for one thread, and never none for work. */
static void
work_is_seen_by_the_real_clock(void **state)
{
	struct procfs p;
	struct procfs_usage u;

	(void)state;
	procfs_init(&p, loop_now_ns());
	burn(MILLISECONDS(300));
	assert_int_equal(procfs_sample(&p, loop_now_ns(), &u), ERR_OK);
	assert_in_range(u.cpu_used_mc, 1, 1050);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kib_are_parsed),
		cmocka_unit_test(a_busy_core_reads_one),
		cmocka_unit_test(work_is_seen_by_the_real_clock),
	};

	return cmocka_run_group_tests_name("procfs", tests, NULL, NULL);
}
