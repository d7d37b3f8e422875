/* SPDX-License-Identifier: MIT */
#include "io/pause.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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
wake_later(pid_t sleeper, int other, uint32_t ms)
{
	uint64_t due = now_ms() + ms, now;
	struct pollfd gone = { .fd = 0, .events = POLLIN };

	/* Not one of the node's sockets, its lock or its lifeline may live on in here. */
	if (dup2(other, 0) != 0)
		_exit(1);
	close_range(1, ~0u, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != sleeper)
		_exit(1);
	/* Once the other waker is gone nobody would be left if we went, too: so now. */
	while ((now = now_ms()) < due && gone.revents == 0)
		(void)poll(&gone, 1, (int)(due - now > 60000 ? 60000 : due - now));
	/*
	 * Once more than needed, in case SIGCONT overtakes the SIGSTOP it is to end.
	 * While our parent lives its number is its own.
	 */
	kill(sleeper, SIGCONT);
	(void)poll(NULL, 0, 50);
	if (getppid() == sleeper)
		kill(sleeper, SIGCONT);
	_exit(0);
}

int
pause_process(uint32_t ms)
{
	pid_t self = getpid(), wakers[2] = { -1, -1 };
	int ends[2], err = ERR_OK;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return ERR_SYSTEM;
	for (int i = 0; i < 2 && !err; i++) {
		wakers[i] = fork();
		if (wakers[i] == 0)
			wake_later(self, ends[i], ms);
		if (wakers[i] < 0)
			err = ERR_SYSTEM;
	}
	close(ends[0]);
	close(ends[1]);
	if (err && wakers[0] > 0)
		kill(wakers[0], SIGKILL);
	if (!err)
		kill(self, SIGSTOP);
	for (int i = 0; i < 2; i++)
		while (wakers[i] > 0 && waitpid(wakers[i], NULL, 0) < 0 && errno == EINTR)
			;
	return err;
}
