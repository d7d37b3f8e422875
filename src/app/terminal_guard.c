/* SPDX-License-Identifier: MIT */
#include "app/terminal_guard.h"

#include <fcntl.h>
#include <unistd.h>

#include "app/options.h"
#include "tui/screen.h"

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
