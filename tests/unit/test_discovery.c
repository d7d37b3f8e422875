/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "io/control_client.h"
#include "io/control_socket.h"
#include "io/discovery.h"
#include "io/loop.h"
#include "tests/unit/io_fixture.h"

struct found {
	size_t found, lost;
	char path[300], answer[300];
};

static char *
answer(void *ctx, const char *line, size_t len)
{
	(void)ctx;
	return strndup(line, len);
}

static void
on_found(void *ctx, const char *path, const char *text, size_t len)
{
	struct found *f = ctx;

	f->found++;
	snprintf(f->path, sizeof f->path, "%s", path);
	snprintf(f->answer, sizeof f->answer, "%.*s", (int)len, text);
}

static void
on_lost(void *ctx, const char *path)
{
	struct found *f = ctx;

	f->lost++;
	assert_string_equal(path, f->path);
}

static bool
turn_until(uv_loop_t *loop, const size_t *count, size_t wanted)
{
	uint64_t until_ns = loop_now_ns() + SECONDS(10);

	while (*count < wanted && loop_now_ns() < until_ns)
		uv_run(loop, UV_RUN_NOWAIT);
	return *count >= wanted;
}

static struct control_socket *
open_socket(uv_loop_t *loop, void **state, const char *name)
{
	char why[CONTROL_SOCKET_WHY_CAP];
	struct control_socket *s;
	int err;

	s = control_socket_open(loop, *state, name, answer, NULL, &err, why);
	assert_non_null(s);
	return s;
}

/* A socket that takes connections and never answers. */
static int
open_wedged(void **state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/wedged.sock", (char *)*state);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

/*
 * A node that starts is found and one that ends is lost; neither are a wedged one and our
 * own socket, and a wedged one holds up nobody.
 */
static void
nodes_are_discovered(void **state)
{
	struct found f = { 0 };
	const struct discovery_hooks hooks = { .found = on_found,
		.lost = on_lost,
		.ctx = &f };
	struct control_socket *own, *node;
	struct discovery *d;
	uv_loop_t loop;
	char path[300];
	int wedged = open_wedged(state);

	assert_int_equal(uv_loop_init(&loop), 0);
	own = open_socket(&loop, state, "own");
	d = discovery_new(&loop, *state, control_socket_path(own), &hooks);
	for (int i = 0; i < 50; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(f.found, 0);
	node = open_socket(&loop, state, "node");
	assert_true(turn_until(&loop, &f.found, 1));
	assert_string_equal(f.path, io_fixture_path(state, "node.sock", path));
	assert_string_equal(f.answer, "{\"version\":1,\"verb\":\"status\"}");
	assert_int_equal(discovery_count(d), 1);
	control_socket_close(node);
	assert_true(turn_until(&loop, &f.lost, 1));
	assert_int_equal(discovery_count(d), 0);
	assert_int_equal(f.found, 1);
	discovery_close(d);
	control_socket_close(own);
	assert_int_equal(loop_drain(&loop), ERR_OK);
	assert_int_equal(mem_live(MEM_DISCOVERY), 0);
	assert_int_equal(mem_live(MEM_DISCOVERY_PROBE), 0);
	close(wedged);
}

/*
 * More sockets than can be listed, left by killed processes: who lives is among the
 * listed, and old ones are removed.
 */
static void
dead_sockets_hide_nobody(void **state)
{
	const size_t dead = CONTROL_SOCKETS_MAX + 40;
	struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct control_client_list list;
	int wedged = open_wedged(state);
	bool listed = false;
	char path[300];

	for (size_t i = 0; i < dead; i++) {
		struct sockaddr_un sa = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		snprintf(sa.sun_path, sizeof sa.sun_path, "%s/dead-%zu.sock",
			(char *)*state, i);
		assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
		close(fd);
		/* One is young, as if its process were between bind and listen. */
		if (i > 0)
			assert_int_equal(utimensat(AT_FDCWD, sa.sun_path, old, 0), 0);
	}
	assert_int_equal(control_client_list(&list, *state), ERR_OK);
	for (size_t i = 0; i < list.count; i++)
		listed |= strcmp(list.names[i], "wedged") == 0;
	assert_true(listed);
	assert_true(list.count < CONTROL_SOCKETS_MAX);
	control_client_list_fini(&list);
	assert_int_equal(access(io_fixture_path(state, "dead-0.sock", path), F_OK), 0);
	close(wedged);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, io_fixture_begin, io_fixture_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nodes_are_discovered),
		TEST(dead_sockets_hide_nobody),
	};

	return cmocka_run_group_tests_name("discovery", tests, NULL, NULL);
}
