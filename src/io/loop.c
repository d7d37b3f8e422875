/* SPDX-License-Identifier: MIT */
#include "io/loop.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/wall.h"

static const int watched[] = { SIGTERM, SIGINT, SIGHUP };

uint64_t
loop_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t
loop_wall_ms(void)
{
	return wall_ms();
}

uint64_t
loop_ms_until(uint64_t due_ns, uint64_t now_ns)
{
	if (due_ns <= now_ns)
		return 0;
	return (due_ns - now_ns - 1) / NS_PER_MS + 1;
}

uint64_t
loop_ms_again(uint64_t due_ns, uint64_t now_ns)
{
	uint64_t ms = loop_ms_until(due_ns, now_ns);

	return ms > 0 ? ms : 1;
}

int
loop_begin(uv_loop_t *loop, char why[static LOOP_WHY_CAP])
{
	struct rlimit descriptors;
	int status;

	/* libuv aborts when it runs out of them in the middle of its first loop. */
	if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0 &&
		descriptors.rlim_cur < LOOP_DESCRIPTORS_MIN) {
		snprintf(why, LOOP_WHY_CAP,
			"at most %u descriptors are allowed, and %d are needed; raise "
			"the limit (ulimit -n)",
			(unsigned)descriptors.rlim_cur, LOOP_DESCRIPTORS_MIN);
		return ERR_SYSTEM;
	}
	status = uv_loop_init(loop);
	if (status == 0)
		return ERR_OK;
	snprintf(why, LOOP_WHY_CAP, "cannot start the event loop: %s%s",
		uv_strerror(status),
		status == UV_EMFILE ? "; raise the limit of descriptors (ulimit -n)"
				    : "");
	return ERR_SYSTEM;
}

static void
on_signal(uv_signal_t *h, int signum)
{
	struct loop_signals *s = h->data;

	s->call(s->ctx, signum);
}

int
loop_signals_begin(struct loop_signals *s, uv_loop_t *loop,
	void (*call)(void *ctx, int signum), void *ctx)
{
	s->call = call;
	s->ctx = ctx;
	for (s->count = 0; s->count < 3;) {
		int signum = watched[s->count];
		uv_signal_t *h = &s->handles[s->count];
		struct sigaction before;

		if (uv_signal_init(loop, h) != 0)
			return ERR_SYSTEM;
		s->count++;
		h->data = s;
		uv_unref((uv_handle_t *)h);
		/* Whoever started us with nohup wants us to outlive the terminal. */
		if (signum == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 &&
			before.sa_handler == SIG_IGN)
			continue;
		if (uv_signal_start(h, on_signal, signum) != 0)
			return ERR_SYSTEM;
	}
	return ERR_OK;
}

void
loop_signals_end(struct loop_signals *s)
{
	for (size_t i = 0; i < s->count; i++)
		uv_close((uv_handle_t *)&s->handles[i], NULL);
}

int
loop_drain(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	return uv_loop_close(loop) == 0 ? ERR_OK : ERR_BUSY;
}
