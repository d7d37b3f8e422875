/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
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

/* A server on a loop that only this thread turns; clients are non-blocking sockets. */
struct server {
	uv_loop_t loop;
	uv_timer_t alive; /* as a node's driver: a control socket alone keeps no loop */
	struct control_socket *socket;
	size_t answer_len; /* 0: echo */
};

static void
on_alive(uv_timer_t *t)
{
	(void)t;
}

static char *
answer(void *ctx, const char *line, size_t len)
{
	const struct server *s = ctx;
	char *text = malloc(s->answer_len + len + 3);

	assert_non_null(text);
	if (s->answer_len > 0) {
		memset(text, 'a', s->answer_len);
		text[s->answer_len] = '\0';
	} else {
		snprintf(text, len + 3, "<%.*s>", (int)len, line);
	}
	return text;
}

static void
begin(void **state, struct server *s)
{
	char why[CONTROL_SOCKET_WHY_CAP];
	int err;

	memset(s, 0, sizeof *s);
	assert_int_equal(uv_loop_init(&s->loop), 0);
	uv_timer_init(&s->loop, &s->alive);
	uv_timer_start(&s->alive, on_alive, 3600000, 0);
	s->socket = control_socket_open(&s->loop, *state, "node", answer, s, &err, why);
	assert_non_null(s->socket);
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
dial(const struct server *s)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	snprintf(
		sa.sun_path, sizeof sa.sun_path, "%s", control_socket_path(s->socket));
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	return fd;
}

/* Turns the loop until `lines` whole lines came; -1 for the end, -2 after 10 s. */
static ssize_t
read_lines(struct server *s, int fd, char *to, size_t cap, size_t lines)
{
	uint64_t until_ns = loop_now_ns() + SECONDS(10);
	size_t len = 0, seen = 0;

	while (loop_now_ns() < until_ns) {
		ssize_t got;

		uv_run(&s->loop, UV_RUN_NOWAIT);
		got = recv(fd, to + len, cap - 1 - len, 0);
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return -1;
		for (ssize_t i = 0; i < got; i++)
			seen += to[len++] == '\n';
		to[len] = '\0';
		if (seen == lines)
			return (ssize_t)len;
	}
	return -2;
}

static void
ask(int fd, const char *text)
{
	assert_int_equal(
		send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* One line in, one line out; two in one packet are answered in order. */
static void
requests_are_answered(void **state)
{
	struct server s;
	struct stat st;
	char line[100], path[300];
	int fd;

	begin(state, &s);
	io_fixture_path(state, "node.sock", path);
	assert_string_equal(control_socket_path(s.socket), path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fd = dial(&s);
	ask(fd, "hel");
	uv_run(&s.loop, UV_RUN_NOWAIT);
	ask(fd, "lo\n");
	assert_int_equal(read_lines(&s, fd, line, sizeof line, 1), 8);
	assert_string_equal(line, "<hello>\n");
	ask(fd, "one\ntwo\n");
	assert_int_equal(read_lines(&s, fd, line, sizeof line, 2), 12);
	assert_string_equal(line, "<one>\n<two>\n");
	close(fd);
	end(&s);
	/* The file goes with its server. */
	assert_int_equal(lstat(path, &st), -1);
}

/* A request beyond the bound is hung up on; others are served as before. */
static void
oversized_request_is_refused(void **state)
{
	struct control_socket_stats stats;
	uint64_t until_ns = loop_now_ns() + SECONDS(10);
	struct server s;
	char part[4096], line[10];
	bool gone = false;
	int fd;

	memset(part, 'x', sizeof part);
	begin(state, &s);
	fd = dial(&s);
	while (!gone && loop_now_ns() < until_ns) {
		gone = send(fd, part, sizeof part, MSG_NOSIGNAL) < 0 && errno != EAGAIN;
		uv_run(&s.loop, UV_RUN_NOWAIT);
	}
	assert_true(gone);
	control_socket_stats(s.socket, &stats);
	assert_int_equal(stats.refused_long, 1);
	assert_int_equal(stats.clients, 0);
	close(fd);
	fd = dial(&s);
	ask(fd, "x\n");
	assert_int_equal(read_lines(&s, fd, line, sizeof line, 1), 4);
	close(fd);
	end(&s);
}

/* A client that closed its writing side still gets its answer. */
static void
half_open_client_is_answered(void **state)
{
	struct server s;
	char line[20];
	int fd;

	begin(state, &s);
	fd = dial(&s);
	ask(fd, "hello\n");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_int_equal(read_lines(&s, fd, line, sizeof line, 1), 8);
	assert_int_equal(read_lines(&s, fd, line, sizeof line, 1), -1);
	close(fd);
	/* Without a whole request there is nothing to answer. */
	fd = dial(&s);
	ask(fd, "hel");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_int_equal(read_lines(&s, fd, line, sizeof line, 1), -1);
	close(fd);
	end(&s);
}

/* Silent clients are hung up on before one that asks is kept out. */
static void
many_clients_are_bounded(void **state)
{
	enum { EXTRA = 10, ALL = CONTROL_CLIENTS_MAX + EXTRA };
	struct control_socket_stats stats;
	int fds[ALL];
	struct server s;
	char line[20];

	begin(state, &s);
	for (size_t i = 0; i < ALL; i++) {
		fds[i] = dial(&s);
		uv_run(&s.loop, UV_RUN_NOWAIT);
	}
	ask(fds[ALL - 1], "hello\n");
	assert_int_equal(read_lines(&s, fds[ALL - 1], line, sizeof line, 1), 8);
	assert_int_equal(read_lines(&s, fds[0], line, sizeof line, 1), -1);
	control_socket_stats(s.socket, &stats);
	assert_int_equal(stats.clients, CONTROL_CLIENTS_MAX);
	assert_int_equal(stats.evicted, EXTRA);
	for (size_t i = 0; i < ALL; i++)
		close(fds[i]);
	end(&s);
}

/* A client that asks for ever and never reads stops being read; others are served. */
static void
deaf_client_is_held_back(void **state)
{
	enum { BIG = 1 << 20 };
	struct control_socket_stats stats;
	struct server s;
	char *line = malloc(BIG + 10);
	uint64_t until_ns = loop_now_ns() + SECONDS(10);
	bool full = false;
	int deaf, fd;

	begin(state, &s);
	s.answer_len = BIG;
	deaf = dial(&s);
	while (!full && loop_now_ns() < until_ns) {
		for (int i = 0; i < 100; i++)
			full |= send(deaf, "again and again\n", 16, MSG_NOSIGNAL) < 0;
		uv_run(&s.loop, UV_RUN_NOWAIT);
	}
	assert_true(full);
	control_socket_stats(s.socket, &stats);
	assert_int_equal(stats.answered, 1);
	fd = dial(&s);
	ask(fd, "x\n");
	assert_int_equal(read_lines(&s, fd, line, BIG + 10, 1), BIG + 1);
	close(fd);
	close(deaf);
	free(line);
	end(&s);
}

/* What a killed process left is replaced; a living one is not. */
static void
stale_socket_is_replaced(void **state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char why[CONTROL_SOCKET_WHY_CAP];
	struct server s;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/node.sock", (char *)*state);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	close(fd);
	begin(state, &s);
	assert_null(
		control_socket_open(&s.loop, *state, "node", answer, &s, &err, why));
	assert_int_equal(err, ERR_BUSY);
	assert_non_null(strstr(why, "started twice"));
	close(dial(&s)); /* the first one still listens */
	end(&s);
}

/* Names are cut where the kernel's limit ends and keep what tells nodes apart. */
static void
long_names_fit(void **state)
{
	char to[sizeof((struct sockaddr_un *)0)->sun_path], name[NAME_LEN_MAX + 1];

	(void)state;
	memset(name, 'm', sizeof name);
	memcpy(name + sizeof name - 8, ".239dc9", 8);
	assert_int_equal(control_socket_path_of(to, sizeof to, "/run/x", name), ERR_OK);
	assert_int_equal(strlen(to), sizeof to - 1);
	assert_string_equal(to + strlen(to) - 12, ".239dc9.sock");
	memset(name, '/', 100);
	name[100] = '\0';
	assert_int_equal(control_socket_path_of(to, sizeof to, name, "n"), ERR_LIMIT);
}

struct asking {
	const char *path;
	char *answer;
	int err, done;
};

static void *
ask_in_thread(void *ctx)
{
	struct asking *a = ctx;

	a->err = control_client_request(a->path, "hello", SECONDS(10), &a->answer);
	__atomic_store_n(&a->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* The command line's client gets its line; without a server it is refused at once. */
static void
client_asks(void **state)
{
	struct server s;
	struct asking a = { 0 };
	char path[300], *text;
	uint64_t began_ns;
	pthread_t thread;

	io_fixture_path(state, "node.sock", path);
	assert_int_equal(
		control_client_request(path, "x", SECONDS(5), &text), ERR_REFUSED);
	assert_int_equal(control_client_probe(path), ERR_REFUSED);
	begin(state, &s);
	a.path = path;
	assert_int_equal(pthread_create(&thread, NULL, ask_in_thread, &a), 0);
	while (!__atomic_load_n(&a.done, __ATOMIC_ACQUIRE))
		uv_run(&s.loop, UV_RUN_NOWAIT);
	pthread_join(thread, NULL);
	assert_int_equal(a.err, ERR_OK);
	assert_string_equal(a.answer, "<hello>");
	free(a.answer);
	assert_int_equal(control_client_probe(path), ERR_OK);
	/* A process whose loop hangs: the deadline ends it. */
	began_ns = loop_now_ns();
	assert_int_equal(control_client_request(path, "x", MILLISECONDS(50), &text),
		ERR_TIMEOUT);
	assert_true(loop_now_ns() - began_ns >= MILLISECONDS(50));
	end(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, io_fixture_begin, io_fixture_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_are_answered),
		TEST(oversized_request_is_refused),
		TEST(half_open_client_is_answered),
		TEST(many_clients_are_bounded),
		TEST(deaf_client_is_held_back),
		TEST(stale_socket_is_replaced),
		TEST(long_names_fit),
		TEST(client_asks),
	};

	return cmocka_run_group_tests_name("control_socket", tests, NULL, NULL);
}
