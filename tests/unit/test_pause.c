/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <poll.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "io/pause.h"

#define WENT_ON 42
#define LONG_MS 600000	/* longer than any deadline in here */
#define DEADLINE_MS 60000

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)(t.tv_nsec / 1000000);
}

/* A process that pauses, and ends with WENT_ON when it goes on. */
static pid_t
sleeper(uint32_t ms)
{
	pid_t p = fork();
	uint64_t began;

	assert_true(p >= 0);
	if (p == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		began = now_ms();
		if (pause_process(ms) != ERR_OK)
			_exit(1);
		_exit(ms < LONG_MS && now_ms() - began < ms ? 2 : WENT_ON);
	}
	return p;
}

/* The same, stopped by now for longer than the test lasts. */
static pid_t
stopped(void)
{
	pid_t p = sleeper(LONG_MS);
	int status;

	assert_int_equal(waitpid(p, &status, WUNTRACED), p);
	assert_true(WIFSTOPPED(status));
	return p;
}

/* The letter of a process's state in /proc; 'X': there is none. */
static char
state_of(pid_t p)
{
	char path[40], line[256] = "", *at;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", p);
	f = fopen(path, "r");
	if (f == NULL)
		return 'X';
	at = fgets(line, sizeof line, f) != NULL ? strrchr(line, ')') : NULL;
	fclose(f);
	return at != NULL ? at[2] : 'X';
}

static pid_t
parent_of(const char *name)
{
	char path[300], line[256] = "", *at;
	int parent = -1;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%s/stat", name);
	f = fopen(path, "r");
	if (f == NULL)
		return -1;
	at = fgets(line, sizeof line, f) != NULL ? strrchr(line, ')') : NULL;
	fclose(f);
	if (at == NULL || sscanf(at, ") %*c %d", &parent) != 1)
		return -1;
	return parent;
}

static void
wakers_of(pid_t p, pid_t to[static 2])
{
	DIR *all = opendir("/proc");
	const struct dirent *e;
	size_t count = 0;

	assert_non_null(all);
	while ((e = readdir(all)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
			parent_of(e->d_name) == p) {
			assert_true(count < 2);
			to[count++] = (pid_t)strtol(e->d_name, NULL, 10);
		}
	closedir(all);
	assert_int_equal(count, 2);
}

static bool
wait_state(pid_t p, char state)
{
	uint64_t due = now_ms() + DEADLINE_MS;

	while (state_of(p) != state && now_ms() < due)
		(void)poll(NULL, 0, 5);
	return state_of(p) == state;
}

static void
goes_on(pid_t p)
{
	int status;

	assert_true(wait_state(p, 'Z'));
	assert_int_equal(waitpid(p, &status, 0), p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), WENT_ON);
}

/* It goes on by itself, and not before its time. */
static void
it_goes_on_by_itself(void **state)
{
	(void)state;
	goes_on(sleeper(300));
}

/* Whichever of the two that wake it is killed: the other one does it. */
static void
one_waker_is_enough(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		pid_t p = stopped(), wakers[2];

		wakers_of(p, wakers);
		kill(wakers[i], SIGKILL);
		goes_on(p);
	}
}

/* Without both it stays stopped: the claim above can fail. */
static void
without_any_it_stays(void **state)
{
	pid_t p = stopped(), wakers[2];

	(void)state;
	wakers_of(p, wakers);
	for (int i = 0; i < 2; i++) {
		kill(wakers[i], SIGSTOP);
		assert_true(wait_state(wakers[i], 'T'));
	}
	for (int i = 0; i < 2; i++) {
		kill(wakers[i], SIGKILL);
		assert_true(wait_state(wakers[i], 'Z'));
	}
	assert_int_equal(state_of(p), 'T');
	kill(p, SIGCONT);
	goes_on(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_on_by_itself),
		cmocka_unit_test(one_waker_is_enough),
		cmocka_unit_test(without_any_it_stays),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
