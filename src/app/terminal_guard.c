/* SPDX-License-Identifier: MIT */
#include "app/terminal_guard.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/options.h"
#include "tui/screen.h"

/* A handler on a full stack needs another; what ours calls takes less than a page. */
#define CRASH_STACK_LEN (64u * 1024)

static const int watched[4] = { SIGALRM, SIGTERM, SIGINT, SIGHUP };

static void
on_late(int signum)
{
	(void)signum;
	alarm(TERMINAL_GRACE_S);
}

static void
on_stuck(int signum)
{
	(void)signum;
	/* It would hold the last bytes just like those before. */
	fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
	screen_crash_restore();
	_exit(EXIT_IO);
}

void
terminal_guard_begin(struct terminal_guard *g)
{
	for (size_t i = 0; i < 4; i++) {
		struct sigaction now = {
			.sa_handler = watched[i] == SIGALRM ? on_stuck : on_late,
			.sa_flags = SA_RESTART
		};

		sigaction(watched[i], NULL, &g->before[i]);
		/* With nohup the terminal's end is not ours. */
		if (watched[i] == SIGALRM || g->before[i].sa_handler != SIG_IGN)
			sigaction(watched[i], &now, NULL);
	}
}

void
terminal_guard_end(struct terminal_guard *g)
{
	unsigned left = alarm(0);

	for (size_t i = 0; i < 4; i++)
		sigaction(watched[i], &g->before[i], NULL);
	/* One that came between the two calls left its alarm. */
	if (left > 0 || alarm(0) > 0)
		raise(SIGTERM);
}

void
terminal_guard_last(struct terminal_guard *g)
{
	terminal_guard_begin(g);
	alarm(TERMINAL_GRACE_S);
}

static void
on_crash(int signum)
{
	screen_crash_restore();
	signal(signum, SIG_DFL);
	raise(signum);
}

void
terminal_guard_crashes(void)
{
	static const int crashes[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };
	const struct sigaction a = { .sa_handler = on_crash, .sa_flags = SA_ONSTACK };
	stack_t stack = { .ss_flags = SS_DISABLE };

	/* For good. A sanitizer has one already, and takes it down itself. */
	if (sigaltstack(NULL, &stack) == 0 && (stack.ss_flags & SS_DISABLE)) {
		stack.ss_sp = mmap(NULL, CRASH_STACK_LEN, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		stack.ss_size = CRASH_STACK_LEN;
		stack.ss_flags = 0;
		if (stack.ss_sp != MAP_FAILED)
			sigaltstack(&stack, NULL);
	}
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigaction(crashes[i], &a, NULL);
}
