/* SPDX-License-Identifier: MIT */
#include "io/pause.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)(t.tv_nsec / 1000000);
}

/* Between fork and _exit of a process with threads: system calls only. */
static _Noreturn void
wake_later(pid_t sleeper, uint32_t ms)
{
	uint64_t due = now_ms() + ms, now;

	/* Not one of the node's sockets, its lock or its lifeline may live on in here. */
	close_range(0, ~0u, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != sleeper)
		_exit(1);
	/*
	 * Once more than needed, in case SIGCONT overtakes the SIGSTOP it is to end.
	 * While our parent lives its number is its own.
	 */
	while ((now = now_ms()) < due)
		(void)poll(NULL, 0, (int)(due - now > 60000 ? 60000 : due - now));
	kill(sleeper, SIGCONT);
	(void)poll(NULL, 0, 50);
	if (getppid() == sleeper)
		kill(sleeper, SIGCONT);
	_exit(0);
}

int
pause_process(uint32_t ms)
{
	pid_t self = getpid(), waker = fork();

	if (waker < 0)
		return ERR_SYSTEM;
	if (waker == 0)
		wake_later(self, ms);
	kill(self, SIGSTOP);
	while (waitpid(waker, NULL, 0) < 0 && errno == EINTR)
		;
	return ERR_OK;
}
