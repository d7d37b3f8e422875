/* SPDX-License-Identifier: MIT */
#include "io/watchdog.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"

/* While the loop stands: how often it is looked at, and how often the parent is told. */
#define LOOK_STALLED_MS 100
#define TELL_EVERY MILLISECONDS(500)
/* How long a client may take to say what it wants. */
#define REQUEST_WAIT_MS 200
#define REQUEST_CAP 1024
#define STACK_LEN (256u * 1024)

struct watchdog {
	uv_thread_t thread;
	_Atomic uint64_t awake_ns;	/* 0: asleep */
	int stop;			/* an eventfd */
	int listener;			/* of the control socket, or -1 */
	struct lifeline_end *lifeline;
	char name[NAME_LEN_MAX + 1];
	uint64_t told_ns;		/* of the thread: when it last told; 0 turning */
};

/* A whole line: what is left unread when we close takes the answer back. */
static bool
read_line(int fd, char line[static REQUEST_CAP + 1])
{
	/* For all of it: who says it byte by byte does not hold up the thread. */
	uint64_t due_ns = loop_now_ns() + MILLISECONDS(REQUEST_WAIT_MS), now_ns;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	while (len < REQUEST_CAP && (now_ns = loop_now_ns()) < due_ns &&
		poll(&p, 1, (int)loop_ms_until(due_ns, now_ns)) > 0) {
		ssize_t n = recv(fd, line + len, REQUEST_CAP - len, MSG_DONTWAIT);

		if (n <= 0)
			return false;
		len += (size_t)n;
		line[len] = '\0';
		if (line[len - 1] == '\n')
			return true;
	}
	return false;
}

static void
answer(const struct watchdog *w, int fd, uint64_t stood_ms)
{
	char request[REQUEST_CAP + 1], text[512];
	int len;

	if (!read_line(fd, request))
		return;
	if (strstr(request, "\"health\"") != NULL)
		len = snprintf(text, sizeof text,
			"{\"version\":1,\"healthy\":false,\"reason\":\"STALLED: the loop "
			"made no progress for %" PRIu64
			" ms\",\"ready\":true,\"stalled\":true,"
			"\"loop_turned_ms\":%" PRIu64 "}\n",
			stood_ms, stood_ms);
	else
		len = snprintf(text, sizeof text,
			"{\"version\":1,\"stalled\":true,\"error\":{\"name\":\"TIMEOUT\","
			"\"text\":\"%s is STALLED: its loop made no progress for %" PRIu64
			" ms\"}}\n",
			w->name, stood_ms);
	/* A fresh socket takes so little, or its reader gets nothing. */
	(void)!send(fd, text, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Those who ask now; the loop would have taken them, and takes the next ones again. */
static void
serve(const struct watchdog *w, uint64_t stood_ms)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	int fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
		(peer.uid == geteuid() || peer.uid == 0))
		answer(w, fd, stood_ms);
	close(fd);
}

/* The milliseconds that the loop has been standing still; 0: it does not. */
static uint64_t
look(struct watchdog *w, uint64_t now_ns)
{
	uint64_t awake_ns = atomic_load_explicit(&w->awake_ns, memory_order_relaxed);
	uint64_t stood_ns = awake_ns != 0 && now_ns > awake_ns ? now_ns - awake_ns : 0;
	uint64_t stood_ms = stood_ns >= WATCHDOG_LIMIT ? stood_ns / NS_PER_MS : 0;

	if (stood_ms != 0 && now_ns - w->told_ns >= TELL_EVERY) {
		w->told_ns = now_ns;
		if (w->lifeline != NULL)
			lifeline_end_stalled(w->lifeline, (uint32_t)stood_ms);
	} else if (stood_ms == 0 && w->told_ns != 0) {
		w->told_ns = 0;
		if (w->lifeline != NULL)
			lifeline_end_stalled(w->lifeline, 0);
	}
	return stood_ms;
}

static void
run(void *arg)
{
	struct watchdog *w = arg;
	uint64_t stood_ms = 0, slept_ns = loop_now_ns();

	for (;;) {
		struct pollfd p[2] = { { .fd = w->stop, .events = POLLIN },
			{ .fd = stood_ms != 0 ? w->listener : -1, .events = POLLIN } };
		int wait_ms = stood_ms != 0 ? LOOK_STALLED_MS
					    : (int)(WATCHDOG_LOOK / NS_PER_MS);
		uint64_t now_ns;

		if (poll(p, 2, wait_ms) < 0 && errno != EINTR)
			return;
		if (p[0].revents != 0)
			return;
		now_ns = loop_now_ns();
		/* Away longer than asked for: so was the loop, by no fault of its own. */
		if (now_ns - slept_ns > MILLISECONDS(wait_ms) + WATCHDOG_LIMIT / 2) {
			slept_ns = now_ns;
			continue;
		}
		slept_ns = now_ns;
		stood_ms = look(w, now_ns);
		if (stood_ms != 0 && (p[1].revents & POLLIN))
			serve(w, stood_ms);
		slept_ns = loop_now_ns();
	}
}

struct watchdog *
watchdog_new(const char *name, struct control_socket *control,
	struct lifeline_end *lifeline)
{
	const uv_thread_options_t options = { .flags = UV_THREAD_HAS_STACK_SIZE,
		.stack_size = STACK_LEN };
	struct watchdog *w = mem_new(MEM_WATCHDOG, sizeof *w);

	snprintf(w->name, sizeof w->name, "%s", name);
	w->listener = control != NULL ? control_socket_fd(control) : -1;
	w->lifeline = lifeline;
	w->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->stop >= 0 && uv_thread_create_ex(&w->thread, &options, run, w) == 0) {
		mem_made(MEM_DESCRIPTOR);
		return w;
	}
	if (w->stop >= 0)
		close(w->stop);
	mem_free(MEM_WATCHDOG, w);
	return NULL;
}

void
watchdog_free(struct watchdog *w)
{
	uint64_t one = 1;

	if (w == NULL)
		return;
	if (write(w->stop, &one, sizeof one) == sizeof one)
		uv_thread_join(&w->thread);
	close(w->stop);
	mem_destroyed(MEM_DESCRIPTOR);
	mem_free(MEM_WATCHDOG, w);
}

void
watchdog_awake(struct watchdog *w, uint64_t now_ns)
{
	if (w != NULL)
		atomic_store_explicit(&w->awake_ns, now_ns, memory_order_relaxed);
}

void
watchdog_asleep(struct watchdog *w)
{
	if (w != NULL)
		atomic_store_explicit(&w->awake_ns, 0, memory_order_relaxed);
}
