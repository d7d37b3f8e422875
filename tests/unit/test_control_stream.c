/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "io/control_client.h"
#include "io/control_socket.h"
#include "io/loop.h"
#include "tests/unit/io_fixture.h"

/* A server whose stream counts up to `last`; "follow" begins one. */
struct server {
	uv_loop_t loop;
	uv_timer_t alive;
	struct control_socket *socket;
	uint64_t last, told;
};

static void
on_alive(uv_timer_t *t)
{
	(void)t;
}

static char *
answer(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	return strndup(line, len);
}

static bool
begins(void *ctx, const char *line, size_t len, uint64_t *cursor)
{
	(void)ctx;
	*cursor = 0;
	return len == 6 && memcmp(line, "follow", 6) == 0;
}

static char *
next(void *ctx, uint64_t *cursor)
{
	struct server *s = ctx;
	char text[32];

	if (*cursor >= s->last)
		return NULL;
	s->told++;
	snprintf(text, sizeof text, "%llu", (unsigned long long)++*cursor);
	return strdup(text);
}

static void
begin(void **state, struct server *s)
{
	const struct control_socket_stream stream = { begins, next, s };
	char why[CONTROL_SOCKET_WHY_CAP];
	int err;

	memset(s, 0, sizeof *s);
	assert_int_equal(uv_loop_init(&s->loop), 0);
	uv_timer_init(&s->loop, &s->alive);
	uv_timer_start(&s->alive, on_alive, 3600000, 0);
	s->socket = control_socket_open(&s->loop, *state, "node", answer, s, &err, why);
	assert_non_null(s->socket);
	control_socket_set_stream(s->socket, &stream);
}

static void
end(struct server *s)
{
	control_socket_close(s->socket);
	uv_close((uv_handle_t *)&s->alive, NULL);
	assert_int_equal(loop_drain(&s->loop), ERR_OK);
	assert_int_equal(mem_live(MEM_CONTROL_SOCKET), 0);
	assert_int_equal(mem_live(MEM_CONTROL_CLIENT), 0);
}

static int
dial(const struct server *s, const char *request)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	snprintf(sa.sun_path, sizeof sa.sun_path, "%s", control_socket_path(s->socket));
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL),
		(ssize_t)strlen(request));
	return fd;
}

/* Turns the loop until this came, or 10 s. */
static void
expect(struct server *s, int fd, const char *want)
{
	uint64_t until_ns = loop_now_ns() + SECONDS(10);
	char got[200] = "";
	size_t len = 0;

	while (len < strlen(want) && loop_now_ns() < until_ns) {
		ssize_t n;

		uv_run(&s->loop, UV_RUN_NOWAIT);
		n = recv(fd, got + len, strlen(want) - len, 0);
		if (n > 0)
			len += (size_t)n;
	}
	assert_string_equal(got, want);
}

static struct control_socket_stats
stats_of(const struct server *s)
{
	struct control_socket_stats stats;

	control_socket_stats(s->socket, &stats);
	return stats;
}

static void
turn_until_streams(struct server *s, size_t streams)
{
	uint64_t until_ns = loop_now_ns() + SECONDS(10);

	while (stats_of(s).streams != streams && loop_now_ns() < until_ns)
		uv_run(&s->loop, UV_RUN_NOWAIT);
	assert_int_equal(stats_of(s).streams, streams);
}

/* A follower gets what there is, and what comes after a poke. */
static void
news_comes_as_it_happens(void **state)
{
	struct server s;
	char more;
	int fd;

	begin(state, &s);
	s.last = 2;
	fd = dial(&s, "follow\n");
	expect(&s, fd, "1\n2\n");
	/* The control: without a poke nothing comes. */
	s.last = 3;
	for (int i = 0; i < 20; i++)
		uv_run(&s.loop, UV_RUN_NOWAIT);
	assert_int_equal(recv(fd, &more, 1, 0), -1);
	control_socket_poke(s.socket);
	expect(&s, fd, "3\n");
	/* What it goes on to say changes nothing. */
	assert_int_equal(send(fd, "follow\nx\n", 9, MSG_NOSIGNAL), 9);
	s.last = 4;
	control_socket_poke(s.socket);
	expect(&s, fd, "4\n");
	close(fd);
	turn_until_streams(&s, 0);
	control_socket_poke(s.socket);
	end(&s);
}

/* A follower that does not read costs one piece, and holds nobody up. */
static void
deaf_followers_are_held_back(void **state)
{
	struct server s;
	int deaf, fd;
	uint64_t told;

	begin(state, &s);
	deaf = dial(&s, "follow\n");
	turn_until_streams(&s, 1);
	s.last = UINT64_MAX;
	control_socket_poke(s.socket);
	do {
		told = s.told;
		for (int i = 0; i < 200; i++)
			uv_run(&s.loop, UV_RUN_NOWAIT);
	} while (s.told != told);
	/* The socket is full; poking makes nothing grow. */
	control_socket_poke(s.socket);
	assert_int_equal(s.told, told);
	fd = dial(&s, "hello\n");
	expect(&s, fd, "hello\n");
	close(fd);
	close(deaf);
	turn_until_streams(&s, 0);
	end(&s);
}

/* There are at most so many; one more is answered as a request, and may ask others. */
static void
streams_are_bounded(void **state)
{
	int fds[CONTROL_STREAMS_MAX], fd;
	struct server s;

	begin(state, &s);
	for (size_t i = 0; i < CONTROL_STREAMS_MAX; i++)
		fds[i] = dial(&s, "follow\n");
	turn_until_streams(&s, CONTROL_STREAMS_MAX);
	fd = dial(&s, "follow\n");
	expect(&s, fd, "follow\n");
	close(fd);
	/* However many ask: those that follow are not hung up for them. */
	for (size_t i = 0; i < 2 * CONTROL_CLIENTS_MAX; i++) {
		fd = dial(&s, "hello\n");
		expect(&s, fd, "hello\n");
		close(fd);
	}
	assert_int_equal(stats_of(&s).streams, CONTROL_STREAMS_MAX);
	for (size_t i = 0; i < CONTROL_STREAMS_MAX; i++)
		close(fds[i]);
	turn_until_streams(&s, 0);
	end(&s);
}

struct client {
	const char *path;
	int stop, err;
	uint64_t lines, enough;
};

static bool
take_line(void *ctx, const char *text, size_t len)
{
	struct client *c = ctx;

	(void)text;
	(void)len;
	return ++c->lines != c->enough;
}

static void *
client(void *arg)
{
	struct client *c = arg;
	const int stops[] = { -1, c->stop };
	const struct control_client_stream s = { take_line, NULL, c, stops, 2 };

	c->err = control_client_follow(c->path, "follow", SECONDS(5), &s);
	return NULL;
}

/*
 * The client ends when it has had enough, when it is told to stop, and when the server
 * goes.
 */
static void
clients_end(void **state)
{
	for (int how = 0; how < 3; how++) {
		uint64_t until_ns = loop_now_ns() + SECONDS(10);
		struct client c = { .enough = how == 0 ? 3 : 0 };
		int stop[2];
		struct server s;
		pthread_t thread;

		begin(state, &s);
		s.last = 5;
		assert_int_equal(pipe(stop), 0);
		c.path = control_socket_path(s.socket);
		c.stop = stop[0];
		assert_int_equal(pthread_create(&thread, NULL, client, &c), 0);
		while (s.told < 5 && loop_now_ns() < until_ns)
			uv_run(&s.loop, UV_RUN_NOWAIT);
		if (how == 1)
			close(stop[1]);
		if (how == 0)
			turn_until_streams(&s, 0);
		if (how == 2)
			end(&s);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(c.err, how == 2 ? ERR_CLOSED : ERR_OK);
		if (how == 0)
			assert_int_equal(c.lines, 3);
		if (how != 2)
			end(&s);
		close(stop[0]);
		if (how != 1)
			close(stop[1]);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, io_fixture_begin, io_fixture_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(news_comes_as_it_happens),
		TEST(deaf_followers_are_held_back),
		TEST(streams_are_bounded),
		TEST(clients_end),
	};

	/* As loop_signals_begin does it for the program. */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("control_stream", tests, NULL, NULL);
}
