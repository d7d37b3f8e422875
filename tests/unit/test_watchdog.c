/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "io/control_client.h"
#include "io/loop.h"
#include "io/watchdog.h"

/*
 * The loop of this process belongs to a test that does not turn it: what is answered
 * meanwhile the watchdog answers.
 */
struct fixture {
	uv_loop_t loop;
	struct control_socket *control;
	struct lifeline_end *lifeline;
	struct watchdog *watchdog;
	int parent;
	char dir[64];
};

static char *
by_the_loop(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	(void)line;
	(void)len;
	return strdup("{}");
}

static int
setup(void **state)
{
	static const struct lifeline_end_hooks no_hooks;
	static struct fixture f;
	char why[CONTROL_SOCKET_WHY_CAP];
	int pair[2], err;

	memset(&f, 0, sizeof(f));
	snprintf(f.dir, sizeof(f.dir), "/tmp/meshtui-watchdog-XXXXXX");
	assert_non_null(mkdtemp(f.dir));
	assert_int_equal(loop_begin(&f.loop, why), ERR_OK);
	f.control = control_socket_open(&f.loop, f.dir, "n", by_the_loop, &f, &err, why);
	assert_non_null(f.control);
	assert_int_equal(socketpair(AF_UNIX,
		SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	f.parent = pair[0];
	f.lifeline = lifeline_end_open(&f.loop, pair[1], &no_hooks);
	f.watchdog = watchdog_new("mesh1.broker.abcdef", f.control, f.lifeline);
	assert_non_null(f.watchdog);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	watchdog_free(f->watchdog);
	lifeline_end_close(f->lifeline);
	control_socket_close(f->control);
	assert_int_equal(loop_drain(&f->loop), ERR_OK);
	close(f->parent);
	assert_int_equal(mem_live(MEM_WATCHDOG), 0);
	assert_int_equal(mem_live(MEM_DESCRIPTOR), 0);
	return rmdir(f->dir);
}

/* The next record up the lifeline; false: none came in that time. */
static bool
told(struct fixture *f, struct lifeline_record *r, int within_ms)
{
	struct pollfd p = { .fd = f->parent, .events = POLLIN };
	uint8_t bytes[64];
	struct view v = { .data = bytes };
	ssize_t n;

	if (poll(&p, 1, within_ms) <= 0)
		return false;
	/* Each is sent whole, and small: looked at first, so that one is taken. */
	n = recv(f->parent, bytes, sizeof(bytes), MSG_PEEK);
	assert_true(n > 0);
	v.len = (size_t)n;
	assert_int_equal(lifeline_decode(&v, r), ERR_OK);
	assert_true(recv(f->parent, bytes, (size_t)n - v.len, 0) > 0);
	return true;
}

/* The parent is told that the loop stands still, for how long, and that it turns. */
static void
the_parent_is_told(void **state)
{
	static struct lifeline_record r;
	struct fixture *f = *state;
	uint32_t before;

	watchdog_awake(f->watchdog, loop_now_ns());
	assert_true(told(f, &r, 30000));
	assert_int_equal(r.tag, LIFELINE_STALLED);
	before = r.stalled.for_ms;
	assert_true(before >= WATCHDOG_LIMIT / NS_PER_MS);
	assert_true(told(f, &r, 30000));
	assert_true(r.stalled.for_ms > before);
	watchdog_asleep(f->watchdog);
	do
		assert_true(told(f, &r, 30000));
	while (r.stalled.for_ms != 0);
}

/* A loop that sleeps, or wakes up and sleeps again, is well. */
static void
sleep_is_no_stall(void **state)
{
	static struct lifeline_record r;
	struct fixture *f = *state;

	for (int i = 0; i < 10; i++) {
		watchdog_awake(f->watchdog, loop_now_ns());
		assert_false(told(f, &r, 100));
		watchdog_asleep(f->watchdog);
		assert_false(told(f, &r, 250));
	}
}

/* Who asks meanwhile is answered: not healthy, and stalled; nothing else is made up. */
static void
who_asks_is_answered(void **state)
{
	static struct lifeline_record r;
	struct fixture *f = *state;
	char *answer = NULL;

	watchdog_awake(f->watchdog, loop_now_ns());
	assert_true(told(f, &r, 30000));
	assert_int_equal(control_client_request(control_socket_path(f->control),
		"{\"version\":1,\"verb\":\"health\"}", SECONDS(10), &answer), ERR_OK);
	assert_non_null(strstr(answer, "\"healthy\":false"));
	assert_non_null(strstr(answer, "STALLED"));
	free(answer);
	assert_int_equal(control_client_request(control_socket_path(f->control),
		"{\"version\":1,\"verb\":\"status\"}", SECONDS(10), &answer), ERR_OK);
	assert_non_null(strstr(answer, "mesh1.broker.abcdef is STALLED"));
	free(answer);
}

/* A client that says one byte after the other is hung up on; the parent is told on. */
static void
slow_clients_are_hung_up_on(void **state)
{
	static struct lifeline_record r;
	struct fixture *f = *state;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct pollfd p = { .events = POLLIN };
	bool ended = false;

	watchdog_awake(f->watchdog, loop_now_ns());
	assert_true(told(f, &r, 30000));
	p.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s",
		control_socket_path(f->control));
	assert_int_equal(connect(p.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	for (int i = 0; i < 200 && !ended; i++) {
		ended = send(p.fd, "x", 1, MSG_NOSIGNAL) != 1 || poll(&p, 1, 50) > 0;
		while (told(f, &r, 0))
			;
	}
	assert_true(ended);
	assert_true(told(f, &r, 30000));
	close(p.fd);
}

/* While the loop turns its questions are its own. */
static void
nobody_answers_for_a_loop(void **state)
{
	struct fixture *f = *state;
	char *answer = NULL;

	watchdog_asleep(f->watchdog);
	assert_int_equal(control_client_request(control_socket_path(f->control),
		"{\"version\":1,\"verb\":\"health\"}", MILLISECONDS(2500), &answer),
		ERR_TIMEOUT);
	assert_null(answer);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_parent_is_told),
		T(sleep_is_no_stall),
		T(who_asks_is_answered),
		T(slow_clients_are_hung_up_on),
		T(nobody_answers_for_a_loop),
	};

	return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
