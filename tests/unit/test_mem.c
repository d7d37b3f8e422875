/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

/*
 * The sanitizer must let an impossible allocation fail instead of ending the program
 * itself.
 */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* live = made - destroyed, for each class alone. */
static void
counts_are_kept_by_class(void **state)
{
	uint64_t timers = mem_live(MEM_TIMER), peers = mem_live(MEM_PEER);
	char *p = mem_new(MEM_TIMER, 16);

	(void)state;
	for (int i = 0; i < 16; i++)
		assert_int_equal(p[i], 0);
	mem_made(MEM_TIMER);
	assert_int_equal(mem_live(MEM_TIMER), timers + 2);
	assert_int_equal(mem_live(MEM_PEER), peers);
	mem_free(MEM_TIMER, p);
	mem_destroyed(MEM_TIMER);
	assert_int_equal(mem_live(MEM_TIMER), timers);
	assert_int_equal(
		mem_count(MEM_TIMER).made - mem_count(MEM_TIMER).destroyed, timers);
	assert_true(mem_count(MEM_TIMER).made >= 2);
}

/* Freeing nothing counts nothing. */
static void
null_is_not_counted(void **state)
{
	struct mem_count before = mem_count(MEM_PEER);

	(void)state;
	mem_free(MEM_PEER, NULL);
	assert_int_equal(mem_count(MEM_PEER).destroyed, before.destroyed);
}

/* Classes are shown to people by a name of their own. */
static void
classes_have_names(void **state)
{
	(void)state;
	assert_string_equal(mem_class_name(MEM_BUFFER), "buffer");
	for (int i = 0; i < MEM_CLASSES; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(mem_class_name(i), mem_class_name(j));
}

/* Arrays are zeroed, grow, and a copy of nothing is still a pointer. */
static void
plain_memory(void **state)
{
	uint32_t *a = mem_array(3, sizeof *a);
	char *text = mem_text("lifeline"), *nothing = mem_copy(NULL, 0);

	(void)state;
	assert_int_equal(a[0] | a[1] | a[2], 0);
	a = mem_resize(a, 100, sizeof *a);
	a[99] = 1;
	assert_string_equal(text, "lifeline");
	assert_non_null(nothing);
	free(a);
	free(text);
	free(nothing);
}

static int
ask_too_much(void *(*ask)(size_t, size_t), char *said, size_t cap)
{
	int fds[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		ask(SIZE_MAX / 2, 16);
		_exit(0);
	}
	close(fds[1]);
	while (len < cap - 1 && (n = read(fds[0], said + len, cap - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void *
resize_nothing(size_t count, size_t size)
{
	return mem_resize(NULL, count, size);
}

/* No memory, or a product that overflows: one line and exit status 70. */
static void
out_of_memory_ends_the_program(void **state)
{
	char said[8192];

	(void)state;
	assert_int_equal(ask_too_much(mem_array, said, sizeof said), 70);
	assert_non_null(strstr(said, "meshtui: out of memory"));
	assert_int_equal(ask_too_much(resize_nothing, said, sizeof said), 70);
	assert_non_null(strstr(said, "meshtui: out of memory"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_kept_by_class),
		cmocka_unit_test(null_is_not_counted),
		cmocka_unit_test(classes_have_names),
		cmocka_unit_test(plain_memory),
		cmocka_unit_test(out_of_memory_ends_the_program),
	};

	return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
