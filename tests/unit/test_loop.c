/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <unistd.h>

#include "io/loop.h"

/* A timer whose deadline stays in the past, and a pipe that can be read meanwhile. */
struct overdue {
	uv_timer_t timer;
	uv_poll_t pipe;
	uint64_t (*ms)(uint64_t due_ns, uint64_t now_ns);
	unsigned calls, most;
	bool heard;
};

static void
on_timer(uv_timer_t *h)
{
	struct overdue *o = h->data;

	if (++o->calls < o->most)
		uv_timer_start(h, on_timer, o->ms(1, loop_now_ns()), 0);
}

static void
on_readable(uv_poll_t *h, int status, int events)
{
	struct overdue *o = h->data;

	(void)status;
	(void)events;
	o->heard = true;
	o->most = 0;
	uv_poll_stop(h);
}

/* How often the timer was called before the pipe was heard, 1,000 at the most. */
static unsigned
calls_until_heard(uint64_t (*ms)(uint64_t due_ns, uint64_t now_ns))
{
	struct overdue o = { .ms = ms, .most = 1000 };
	uv_loop_t loop;
	int ends[2];
	unsigned calls;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	uv_loop_init(&loop);
	uv_timer_init(&loop, &o.timer);
	uv_poll_init(&loop, &o.pipe, ends[0]);
	o.timer.data = o.pipe.data = &o;
	uv_poll_start(&o.pipe, UV_READABLE, on_readable);
	uv_timer_start(&o.timer, on_timer, 0, 0);
	uv_run(&loop, UV_RUN_ONCE);
	calls = o.calls;
	uv_run(&loop, UV_RUN_ONCE);
	assert_true(o.heard);
	uv_close((uv_handle_t *)&o.timer, NULL);
	uv_close((uv_handle_t *)&o.pipe, NULL);
	assert_int_equal(loop_drain(&loop), 0);
	close(ends[0]);
	close(ends[1]);
	return calls;
}

/* What a timer that is overdue again and again waits for is heard between its calls. */
static void
an_overdue_timer_lets_others_be_heard(void **state)
{
	(void)state;
	assert_in_range(calls_until_heard(loop_ms_again), 1, 2);
}

/*
 * Control: started anew with no time at all it has the loop to itself, in libuv before
 * 1.48, which looks at each timer once in a turn.
 */
static void
without_a_millisecond_it_does_not(void **state)
{
	(void)state;
	if (uv_version() >= 0x013000)
		return;
	assert_int_equal(calls_until_heard(loop_ms_until), 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_overdue_timer_lets_others_be_heard),
		cmocka_unit_test(without_a_millisecond_it_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
