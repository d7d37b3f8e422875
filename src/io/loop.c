/* SPDX-License-Identifier: MIT */
#include "io/loop.h"

#include <signal.h>
#include <time.h>

#include "base/err.h"
#include "base/limits.h"

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
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / NS_PER_MS;
}

uint64_t
loop_ms_until(uint64_t due_ns, uint64_t now_ns)
{
	if (due_ns <= now_ns)
		return 0;
	return (due_ns - now_ns - 1) / NS_PER_MS + 1;
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
	int result = ERR_OK;

	s->call = call;
	s->ctx = ctx;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < 3; i++) {
		uv_signal_init(loop, &s->handles[i]);
		s->handles[i].data = s;
		if (uv_signal_start(&s->handles[i], on_signal, watched[i]) != 0)
			result = ERR_SYSTEM;
		uv_unref((uv_handle_t *)&s->handles[i]);
	}
	return result;
}

void
loop_signals_end(struct loop_signals *s)
{
	for (size_t i = 0; i < 3; i++)
		uv_close((uv_handle_t *)&s->handles[i], NULL);
}

int
loop_drain(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	return uv_loop_close(loop) == 0 ? ERR_OK : ERR_BUSY;
}
