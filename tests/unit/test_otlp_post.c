/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "io/otlp_post.h"

#define PATIENCE_MS 20000

/* Lookups of names go on until they may end; the library is found or not. */
static atomic_bool may_end;
static atomic_int looking;
static bool hidden;

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	struct addrinfo **found)
{
	(void)node;
	(void)service;
	(void)hints;
	(void)found;
	atomic_fetch_add(&looking, 1);
	for (int i = 0; i < PATIENCE_MS / 10 && !atomic_load(&may_end); i++)
		poll(NULL, 0, 10);
	atomic_fetch_sub(&looking, 1);
	return EAI_AGAIN;
}

void *
dlopen(const char *name, int flags)
{
	void *next = dlsym(RTLD_NEXT, "dlopen");
	void *(*real)(const char *name, int flags);

	memcpy(&real, &next, sizeof real);
	return hidden ? NULL : real(name, flags);
}

struct rig {
	uv_loop_t loop;
	uv_timer_t deadline;
	struct otlp_config config;
	struct otlp_post *post;
	size_t answers[OTLP_SIGNALS];
	struct exporter_answer last;
};

static void
on_answered(void *ctx, enum otlp_signal s, const struct exporter_answer *a)
{
	struct rig *r = ctx;

	r->answers[s]++;
	r->last = *a;
}

static void
on_deadline(uv_timer_t *h)
{
	(void)h;
	fail_msg("no answer");
}

static void
begin(struct rig *r, const char *url, uint64_t timeout_ms)
{
	const struct otlp_post_hooks hooks = { on_answered, r };
	char why[OTLP_POST_WHY_CAP];

	memset(r, 0, sizeof *r);
	uv_loop_init(&r->loop);
	uv_timer_init(&r->loop, &r->deadline);
	uv_timer_start(&r->deadline, on_deadline, PATIENCE_MS, 0);
	for (int s = 0; s < OTLP_SIGNALS; s++) {
		snprintf(r->config.to[s].url, OTLP_URL_CAP, "%s", url);
		r->config.to[s].timeout_ms = timeout_ms;
	}
	r->post = otlp_post_open(&r->loop, &r->config, "test", &hooks, why);
	assert_non_null(r->post);
}

static void
send_one(struct rig *r, enum otlp_signal s)
{
	struct buf body;

	buf_init(&body, 100);
	buf_put(&body, "body", 4);
	otlp_post_send(r->post, s, &body);
	assert_null(body.data);
}

static void
end(struct rig *r)
{
	otlp_post_close(r->post);
	uv_close((uv_handle_t *)&r->deadline, NULL);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&r->loop), 0);
	otlp_config_fini(&r->config);
	assert_int_equal(mem_live(MEM_OTLP_POST), 0);
}

static void
wait_answers(struct rig *r, size_t traces, size_t metrics)
{
	while (r->answers[OTLP_TRACES] < traces || r->answers[OTLP_METRICS] < metrics)
		uv_run(&r->loop, UV_RUN_ONCE);
}

/* A name that is not found in time costs its request that time, and nobody else any. */
static void
a_lookup_holds_nobody(void **state)
{
	struct rig r;

	(void)state;
	begin(&r, "http://collector.example:4318/v1/traces", 300);
	send_one(&r, OTLP_TRACES);
	wait_answers(&r, 1, 0);
	assert_int_equal(r.last.fate, EXPORTER_LOST);
	/* It goes on: neither the answer nor the end waited for it. */
	assert_int_equal(atomic_load(&looking), 1);
	send_one(&r, OTLP_TRACES);
	end(&r);
	assert_true(atomic_load(&looking) >= 1);
	atomic_store(&may_end, true);
	while (atomic_load(&looking) > 0)
		poll(NULL, 0, 10);
}

static size_t
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(d) != NULL)
		count++;
	closedir(d);
	return count;
}

static int
listening(char url[static 64])
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	snprintf(url, 64, "http://127.0.0.1:%u/", ntohs(a.sin_port));
	return fd;
}

/* What is open for a request is not there for our children to inherit. */
static void
its_descriptors_are_its_own(void **state)
{
	char url[64], request[512] = "";
	int fd = listening(url), peer;
	struct rig r;
	size_t before;

	(void)state;
	begin(&r, url, PATIENCE_MS);
	before = descriptors();
	send_one(&r, OTLP_METRICS);
	/* The control: there is a connection, and the request came over it. */
	peer = accept(fd, NULL, NULL);
	assert_true(read(peer, request, sizeof request - 1) > 0);
	assert_memory_equal(request, "POST / HTTP/1.1", 15);
	close(peer);
	assert_int_equal(descriptors(), before);
	wait_answers(&r, 0, 1);
	assert_int_equal(r.last.fate, EXPORTER_LOST);
	end(&r);
	close(fd);
}

/* Both signals are under way at once; neither waits for the other. */
static void
signals_do_not_wait(void **state)
{
	char url[64];
	int fd = listening(url);
	struct rig r;

	(void)state;
	begin(&r, url, PATIENCE_MS);
	snprintf(r.config.to[OTLP_TRACES].url, OTLP_URL_CAP, "http://127.0.0.1:1/");
	send_one(&r, OTLP_METRICS);
	send_one(&r, OTLP_TRACES);
	wait_answers(&r, 1, 0);
	assert_int_equal(r.last.fate, EXPORTER_LOST);
	assert_int_equal(r.answers[OTLP_METRICS], 0);
	end(&r);
	close(fd);
}

/* Without the library each request is refused, with a word about it. */
static void
a_missing_library_is_said(void **state)
{
	struct rig r;

	(void)state;
	hidden = true;
	begin(&r, "http://127.0.0.1:1/", 1000);
	send_one(&r, OTLP_TRACES);
	wait_answers(&r, 1, 0);
	assert_int_equal(r.last.fate, EXPORTER_IMPOSSIBLE);
	assert_non_null(strstr(r.last.why, "libcurl-gnutls.so.4"));
	send_one(&r, OTLP_TRACES);
	wait_answers(&r, 2, 0);
	end(&r);
	hidden = false;
	otlp_post_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_descriptors_are_its_own),
		cmocka_unit_test(signals_do_not_wait),
		cmocka_unit_test(a_missing_library_is_said),
		cmocka_unit_test(a_lookup_holds_nobody),
	};

	setenv("NO_PROXY", "*", 1);
	return cmocka_run_group_tests_name("otlp_post", tests, NULL, NULL);
}
