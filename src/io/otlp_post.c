/* SPDX-License-Identifier: MIT */
#include "io/otlp_post.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/close_range.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "io/curl_lib.h"
#include "io/otlp_request.h"

#define IDLE_MS 60000	/* multi_poll wants a number; it is woken up before */

enum slot_state { SLOT_IDLE, SLOT_ASKED, SLOT_RUNNING, SLOT_ANSWERED };

/* One signal. Who may touch it is said by its state: the thread while it is running. */
struct slot {
	enum slot_state state;	/* under the lock */
	struct buf body;	/* while asked */
	struct exporter_answer answer;
	struct otlp_request request;
};

struct otlp_post {
	uv_poll_t done;
	int wake_fd, done_fd;	/* loop to thread, and back: eventfd(2) */
	pthread_t thread;
	pthread_mutex_t lock;
	bool quit;		/* under the lock */
	struct slot slots[OTLP_SIGNALS];
	const struct otlp_config *config;
	char user_agent[64];
	struct otlp_post_hooks hooks;
	/* The thread's own. */
	struct curl_lib lib;
	CURLM *multi;
	char broken[CURL_LIB_WHY_CAP];	/* why nothing can be posted; "" when it can */
};

static void
ring(int fd)
{
	(void)!write(fd, &(uint64_t){ 1 }, sizeof(uint64_t));
}

static void
hush(int fd)
{
	uint64_t count;

	(void)!read(fd, &count, sizeof count);
}

static void
set_state(struct otlp_post *p, struct slot *s, enum slot_state state)
{
	pthread_mutex_lock(&p->lock);
	s->state = state;
	pthread_mutex_unlock(&p->lock);
	if (state == SLOT_ANSWERED)
		ring(p->done_fd);
}

/*
 * A table of descriptors with nothing in it but the standard ones and the two bells. An
 * old kernel refuses; then sockets are close-on-exec at least.
 */
static void
own_descriptors(struct otlp_post *p)
{
	unsigned low = (unsigned)(p->wake_fd < p->done_fd ? p->wake_fd : p->done_fd);
	unsigned high = (unsigned)(p->wake_fd < p->done_fd ? p->done_fd : p->wake_fd);
	unsigned from = STDERR_FILENO + 1;

	if (syscall(SYS_close_range, high + 1, ~0u, CLOSE_RANGE_UNSHARE) != 0)
		return;
	if (from < low)
		(void)syscall(SYS_close_range, from, low - 1, 0u);
	if (low + 1 < high)
		(void)syscall(SYS_close_range, low + 1, high - 1, 0u);
}

static void
refuse(struct otlp_post *p, struct slot *s, const char *why)
{
	s->answer = (struct exporter_answer){ .fate = EXPORTER_IMPOSSIBLE };
	snprintf(s->answer.why, sizeof s->answer.why, "%.190s", why);
	set_state(p, s, SLOT_ANSWERED);
}

static void
begin(struct otlp_post *p, int signal)
{
	struct slot *s = &p->slots[signal];

	if (p->broken[0] != '\0') {
		buf_fini(&s->body);
		refuse(p, s, p->broken);
		return;
	}
	if (otlp_request_begin(&s->request, &p->lib, p->multi, &p->config->to[signal],
		    p->user_agent, &s->body))
		return;
	otlp_request_fini(&s->request, &p->lib, p->multi);
	refuse(p, s, "libcurl cannot make a request");
}

static void
finish(struct otlp_post *p, CURL *easy, CURLcode code)
{
	for (int i = 0; i < OTLP_SIGNALS; i++) {
		struct slot *s = &p->slots[i];

		if (s->request.easy != easy)
			continue;
		otlp_request_end(&s->request, &p->lib, p->multi, code, &s->answer);
		set_state(p, s, SLOT_ANSWERED);
		return;
	}
}

/* Takes what was asked for. False: it is the end. */
static bool
take_orders(struct otlp_post *p)
{
	bool asked[OTLP_SIGNALS], quit;

	pthread_mutex_lock(&p->lock);
	quit = p->quit;
	for (int i = 0; i < OTLP_SIGNALS; i++) {
		asked[i] = p->slots[i].state == SLOT_ASKED;
		if (asked[i])
			p->slots[i].state = SLOT_RUNNING;
	}
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < OTLP_SIGNALS && !quit; i++)
		if (asked[i])
			begin(p, i);
	return !quit;
}

static void
turn(struct otlp_post *p)
{
	struct curl_waitfd bell = { .fd = p->wake_fd, .events = CURL_WAIT_POLLIN };
	CURLMsg *m;
	int n;

	p->lib.multi_perform(p->multi, &n);
	while ((m = p->lib.multi_info_read(p->multi, &n)) != NULL)
		if (m->msg == CURLMSG_DONE)
			finish(p, m->easy_handle, m->data.result);
	p->lib.multi_poll(p->multi, &bell, 1, IDLE_MS, NULL);
}

static void *
run(void *arg)
{
	struct otlp_post *p = arg;

	own_descriptors(p);
	if (curl_lib_load(&p->lib, p->broken) == ERR_OK) {
		p->broken[0] = '\0';
		p->multi = p->lib.multi_init();
		if (p->multi == NULL)
			snprintf(p->broken, sizeof p->broken, "libcurl cannot start");
	}
	while (take_orders(p)) {
		if (p->multi != NULL)
			turn(p);
		else
			poll(&(struct pollfd){ .fd = p->wake_fd, .events = POLLIN }, 1,
				IDLE_MS);
		hush(p->wake_fd);
	}
	if (p->multi == NULL)
		return NULL;
	for (int i = 0; i < OTLP_SIGNALS; i++)
		otlp_request_fini(&p->slots[i].request, &p->lib, p->multi);
	p->lib.multi_cleanup(p->multi);
	return NULL;
}

static void
on_done(uv_poll_t *h, int status, int events)
{
	struct otlp_post *p = h->data;

	(void)status;
	(void)events;
	hush(p->done_fd);
	for (int i = 0; i < OTLP_SIGNALS; i++) {
		struct slot *s = &p->slots[i];
		bool answered;

		pthread_mutex_lock(&p->lock);
		answered = s->state == SLOT_ANSWERED;
		if (answered)
			s->state = SLOT_IDLE;
		pthread_mutex_unlock(&p->lock);
		/* The thread leaves the slot alone until it is asked again. */
		if (answered)
			p->hooks.answered(
				p->hooks.ctx, (enum otlp_signal)i, &s->answer);
	}
}

/* Signals are for the loop: the thread takes none. */
static int
start_thread(struct otlp_post *p)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&p->thread, NULL, run, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err == 0 ? ERR_OK : ERR_SYSTEM;
}

static void
discard(struct otlp_post *p)
{
	if (p->wake_fd >= 0)
		close(p->wake_fd);
	if (p->done_fd >= 0)
		close(p->done_fd);
	pthread_mutex_destroy(&p->lock);
	mem_free(MEM_OTLP_POST, p);
}

struct otlp_post *
otlp_post_open(uv_loop_t *loop, const struct otlp_config *c, const char *user_agent,
	const struct otlp_post_hooks *hooks, char why[static OTLP_POST_WHY_CAP])
{
	struct otlp_post *p = mem_new(MEM_OTLP_POST, sizeof *p);

	p->config = c;
	p->hooks = *hooks;
	snprintf(p->user_agent, sizeof p->user_agent, "%s", user_agent);
	pthread_mutex_init(&p->lock, NULL);
	p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->wake_fd < 0 || p->done_fd < 0) {
		snprintf(why, OTLP_POST_WHY_CAP, "eventfd: %s", strerror(errno));
		discard(p);
		return NULL;
	}
	if (start_thread(p) != ERR_OK) {
		snprintf(why, OTLP_POST_WHY_CAP, "no thread can be started");
		discard(p);
		return NULL;
	}
	uv_poll_init(loop, &p->done, p->done_fd);
	p->done.data = p;
	uv_poll_start(&p->done, UV_READABLE, on_done);
	/* Nobody stays for the sake of a collector. */
	uv_unref((uv_handle_t *)&p->done);
	return p;
}

void
otlp_post_send(struct otlp_post *p, enum otlp_signal s, struct buf *body)
{
	struct slot *to = &p->slots[s];

	to->body = *body;
	buf_init(body, 0);
	set_state(p, to, SLOT_ASKED);
	ring(p->wake_fd);
}

static void
on_closed(uv_handle_t *h)
{
	discard(h->data);
}

/* The thread did not end: it keeps what it uses, which is little, and ends with us. */
static void
on_closed_with_thread(uv_handle_t *h)
{
	(void)h;
}

void
otlp_post_close(struct otlp_post *p)
{
	struct timespec due;
	bool ended;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	pthread_mutex_unlock(&p->lock);
	ring(p->wake_fd);
	clock_gettime(CLOCK_MONOTONIC, &due);
	due.tv_nsec += OTLP_JOIN_MAX_MS * (long)NS_PER_MS;
	due.tv_sec += due.tv_nsec / (long)NS_PER_S;
	due.tv_nsec %= (long)NS_PER_S;
	ended = pthread_clockjoin_np(
			p->thread, NULL, CLOCK_MONOTONIC, &due) == 0;
	if (!ended)
		pthread_detach(p->thread);
	for (int i = 0; i < OTLP_SIGNALS && ended; i++)
		buf_fini(&p->slots[i].body);
	uv_close((uv_handle_t *)&p->done, ended ? on_closed : on_closed_with_thread);
}
