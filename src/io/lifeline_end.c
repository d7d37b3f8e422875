/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/lifeline_end.h"

/*
 * A parent that hears nothing for a few of these knows that the child's loop stands
 * still.
 */
#define HEARTBEAT_MS 1000

struct lifeline_end {
	struct lifeline_end_hooks hooks;
	uv_poll_t poll;
	uv_timer_t beat;
	unsigned open_handles;
	int fd;
	bool gone, closed;
	struct buf in, out;
	uv_mutex_t writing; /* of out and the socket: the watchdog writes, too */
	uint64_t seq, dropped;
	uint32_t loop_lag_ms;
};

static int
check_descriptors(int fd, char why[static LIFELINE_END_WHY_CAP])
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *en;
	int err = ERR_OK;

	if (!dir) {
		snprintf(why, LIFELINE_END_WHY_CAP, "/proc/self/fd: %s", strerror(errno));
		return ERR_SYSTEM;
	}
	while ((en = readdir(dir))) {
		uint64_t n;
		char target[160] = "";

		if (text_u64(en->d_name, INT_MAX, &n) != ERR_OK || n <= 2 ||
			(int)n == fd || (int)n == dirfd(dir))
			continue;
		if (readlinkat(dirfd(dir), en->d_name, target, sizeof(target) - 1) < 0)
			target[0] = '\0';
		snprintf(why, LIFELINE_END_WHY_CAP,
			"descriptor %d (%s) was not promised to this process: whoever "
			"started it has to open it with O_CLOEXEC",
			(int)n, target);
		err = ERR_STATE;
		break;
	}
	closedir(dir);
	return err;
}

int
lifeline_end_take(int fd, char why[static LIFELINE_END_WHY_CAP])
{
	struct ucred parent;
	socklen_t len = sizeof(parent);
	int flags = fcntl(fd, F_GETFL);

	/*
	 * For a socket pair these are the credentials of the process that made it: the
	 * parent.
	 */
	if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &parent, &len) < 0) {
		snprintf(why, LIFELINE_END_WHY_CAP, "descriptor %d is no lifeline: %s",
			fd, strerror(errno));
		return ERR_ARGUMENT;
	}

	int err = check_descriptors(fd, why);

	if (err != ERR_OK)
		return err;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
		fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
		prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		snprintf(why, LIFELINE_END_WHY_CAP, "lifeline: %s", strerror(errno));
		return ERR_SYSTEM;
	}
	/*
	 * It may have died before the call above; then nothing would ever be sent to us.
	 */
	if (getppid() != parent.pid) {
		snprintf(why, LIFELINE_END_WHY_CAP, "the parent (pid %d) is gone",
			(int)parent.pid);
		return ERR_CLOSED;
	}
	return ERR_OK;
}

/*
 * The first bytes on a fresh socket: they fit, or the parent does not read. Half a record
 * would spoil all that comes later, so nothing may come later then.
 */
static bool
tell(int fd, const struct lifeline_record *r)
{
	struct buf b;
	bool whole;

	buf_init(&b, LIFELINE_RECORD_LEN_MAX + 16);
	lifeline_encode(&b, r);
	whole = !b.failed && send(fd, b.data, b.len, MSG_NOSIGNAL | MSG_DONTWAIT) ==
		(ssize_t)b.len;
	buf_fini(&b);
	return whole;
}

bool
lifeline_end_tell_spans(int fd, const struct span_set *spans)
{
	struct lifeline_record r = { .tag = LIFELINE_SPANS, .spans = *spans };

	return tell(fd, &r);
}

void
lifeline_end_fail(int fd, int status, const char *text)
{
	struct lifeline_record r = { .tag = LIFELINE_FAILED,
		.failed = { .status = status } };

	snprintf(r.failed.text, sizeof(r.failed.text), "%s", text);
	(void)tell(fd, &r);
}

static void
parent_gone(struct lifeline_end *e)
{
	if (e->gone)
		return;
	e->gone = true;
	uv_poll_stop(&e->poll);
	uv_timer_stop(&e->beat);
	e->hooks.gone(e->hooks.ctx);
}

static void on_poll(uv_poll_t *h, int status, int events);

static void
flush(struct lifeline_end *e)
{
	uv_mutex_lock(&e->writing);
	while (e->out.len) {
		ssize_t n =
			send(e->fd, e->out.data, e->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		/*
		 * Any other error shows as end of file on the reading side, in its own
		 * time.
		 */
		if (n < 0)
			break;
		buf_drop(&e->out, (size_t)n);
	}
	uv_mutex_unlock(&e->writing);
	if (!e->gone && !e->closed)
		uv_poll_start(
			&e->poll, UV_READABLE | (e->out.len ? UV_WRITABLE : 0), on_poll);
}

static void
send_up(struct lifeline_end *e, const struct lifeline_record *r)
{
	struct buf b;

	if (e->gone || e->closed)
		return;
	buf_init(&b, LIFELINE_RECORD_LEN_MAX + 16);
	lifeline_encode(&b, r);
	uv_mutex_lock(&e->writing);
	if (b.failed || e->out.len + b.len > LIFELINE_QUEUE_LEN_MAX)
		e->dropped++;
	else
		buf_put(&e->out, b.data, b.len);
	uv_mutex_unlock(&e->writing);
	buf_fini(&b);
	flush(e);
}

/* False when the parent is broken: it said what is not in the language. */
static bool
handle(struct lifeline_end *e)
{
	struct view v = { e->in.data, e->in.len };
	struct lifeline_record r;
	bool sane = true;

	while (v.len && !e->closed) {
		int err = lifeline_decode(&v, &r);

		if (err == ERR_TRUNCATED)
			break;
		if (err == ERR_UNKNOWN)
			continue;
		if (err != ERR_OK) {
			sane = false;
			break;
		}
		if (r.tag == LIFELINE_ASK)
			e->hooks.ask(e->hooks.ctx, r.ask.ask, r.ask.probes,
				r.ask.probe_count);
		if (r.tag == LIFELINE_QUIT)
			e->hooks.quit(e->hooks.ctx);
		if (r.tag == LIFELINE_FAULT)
			e->hooks.fault(e->hooks.ctx, &r.fault);
		if (r.tag == LIFELINE_SEND && e->hooks.send != NULL)
			e->hooks.send(e->hooks.ctx, &r.send);
		lifeline_fini(&r);
	}
	if (!e->closed)
		buf_drop(&e->in, e->in.len - v.len);
	return sane;
}

static void
on_poll(uv_poll_t *h, int status, int events)
{
	struct lifeline_end *e = h->data;
	uint8_t bytes[4096];

	if (status == 0 && events & UV_WRITABLE)
		flush(e);
	while (!e->gone && !e->closed) {
		ssize_t n = recv(e->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			parent_gone(e);
			return;
		}
		buf_put(&e->in, bytes, (size_t)n);
		if (!handle(e) || e->in.failed) {
			parent_gone(e);
			return;
		}
	}
}

static void
on_beat(uv_timer_t *h)
{
	struct lifeline_end *e = h->data;
	struct lifeline_record r = { .tag = LIFELINE_HEARTBEAT,
		.heartbeat = { .seq = ++e->seq, .loop_lag_ms = e->loop_lag_ms } };

	/* One waiting beat says as much as many. */
	if (!e->out.len)
		send_up(e, &r);
}

struct lifeline_end *
lifeline_end_open(uv_loop_t *loop, int fd, const struct lifeline_end_hooks *hooks)
{
	struct lifeline_end *e = mem_new(MEM_LIFELINE, sizeof(*e));

	e->hooks = *hooks;
	e->fd = fd;
	mem_made(MEM_DESCRIPTOR);
	/* Twice a record: a whole one may be followed by the beginning of the next. */
	buf_init(&e->in, 2 * LIFELINE_RECORD_LEN_MAX);
	buf_init(&e->out, LIFELINE_QUEUE_LEN_MAX);
	if (uv_mutex_init(&e->writing) != 0)
		abort();
	e->poll.data = e->beat.data = e;
	e->open_handles = 2;
	if (uv_poll_init(loop, &e->poll, fd) != 0)
		abort();	/* lifeline_end_take has seen that this is a socket */
	uv_timer_init(loop, &e->beat);
	uv_poll_start(&e->poll, UV_READABLE, on_poll);
	uv_timer_start(&e->beat, on_beat, HEARTBEAT_MS, HEARTBEAT_MS);
	return e;
}

static void
on_closed(uv_handle_t *h)
{
	struct lifeline_end *e = h->data;

	if (--e->open_handles > 0)
		return;
	close(e->fd);
	mem_destroyed(MEM_DESCRIPTOR);
	buf_fini(&e->in);
	buf_fini(&e->out);
	uv_mutex_destroy(&e->writing);
	mem_free(MEM_LIFELINE, e);
}

void
lifeline_end_close(struct lifeline_end *e)
{
	if (!e || e->closed)
		return;
	flush(e);
	e->closed = true;
	uv_close((uv_handle_t *)&e->poll, on_closed);
	uv_close((uv_handle_t *)&e->beat, on_closed);
}

void
lifeline_end_ready(struct lifeline_end *e, const struct lifeline_ready *ready)
{
	struct lifeline_record r = { .tag = LIFELINE_READY, .ready = *ready };

	send_up(e, &r);
}

void
lifeline_end_spans(struct lifeline_end *e, const struct span_set *spans)
{
	struct lifeline_record r = { .tag = LIFELINE_SPANS, .spans = *spans };

	send_up(e, &r);
}

void
lifeline_end_view(struct lifeline_end *e, const struct lifeline_view *view)
{
	struct lifeline_record r = { .tag = LIFELINE_VIEW, .view = *view };

	send_up(e, &r);
}

void
lifeline_end_faults(struct lifeline_end *e, const struct fault_status *s)
{
	struct lifeline_record r = { .tag = LIFELINE_FAULT_STATUS, .fault_status = *s };

	send_up(e, &r);
}

void
lifeline_end_sent(struct lifeline_end *e, const struct letter_report *s)
{
	struct lifeline_record r = { .tag = LIFELINE_SENT, .sent = *s };

	send_up(e, &r);
}

void
lifeline_end_stopping(struct lifeline_end *e, const char *reason)
{
	struct lifeline_record r = { .tag = LIFELINE_STOPPING };

	snprintf(r.stopping.reason, sizeof(r.stopping.reason), "%s", reason);
	send_up(e, &r);
}

void
lifeline_end_stalled(struct lifeline_end *e, uint32_t for_ms)
{
	struct lifeline_record r = { .tag = LIFELINE_STALLED, .stalled.for_ms = for_ms };

	if (uv_mutex_trylock(&e->writing) != 0)
		return;
	if (e->out.len == 0)
		(void)tell(e->fd, &r);
	uv_mutex_unlock(&e->writing);
}

void
lifeline_end_lag(struct lifeline_end *e, uint32_t loop_lag_ms)
{
	e->loop_lag_ms = loop_lag_ms;
}

uint64_t
lifeline_end_dropped(const struct lifeline_end *e)
{
	return e->dropped;
}
