/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/child_driver.h"
#include "io/child_spawn.h"
#include "io/control_socket.h"
#include "io/loop.h"
#include "io/paths.h"

/*
 * Orders to a child are a few bytes each, faults up to 5 KB; one that does not read gets
 * no more questions. What has no room is not sent, and so never answered.
 */
#define OUT_LEN_MAX (256u * 1024)

struct process {
	TAILQ_ENTRY(process) entry;
	struct child_driver *driver;
	unsigned child;
	int pid, lifeline, pidfd;
	bool lifeline_open, ended;
	bool stalled;	/* as the hook was last told */
	uv_poll_t lifeline_poll, pidfd_poll;
	unsigned open_handles;
	struct buf in, out;
};

struct child_driver {
	uv_loop_t *loop;
	struct supervisor *supervisor;
	struct child_driver_hooks hooks;
	uv_timer_t timer;
	TAILQ_HEAD(, process) processes;
	bool running, again, closed, timer_closed;
	char apart[200];	/* a runtime directory for children, or "" */
};

static void
driver_release(struct child_driver *d)
{
	if (d->closed && d->timer_closed && TAILQ_EMPTY(&d->processes))
		mem_free(MEM_CHILD_DRIVER, d);
}

static void
changed(struct child_driver *d, unsigned child)
{
	if (!d->closed && d->hooks.changed)
		d->hooks.changed(d->hooks.ctx, child);
}

static void
on_handle_closed(uv_handle_t *h)
{
	struct process *p = h->data;
	struct child_driver *d = p->driver;

	if (--p->open_handles > 0)
		return;
	TAILQ_REMOVE(&d->processes, p, entry);
	close(p->lifeline);
	close(p->pidfd);
	mem_destroyed(MEM_DESCRIPTOR);
	mem_destroyed(MEM_DESCRIPTOR);
	buf_fini(&p->in);
	buf_fini(&p->out);
	mem_free(MEM_CHILD_PROCESS, p);
	driver_release(d);
}

static void
lifeline_broke(struct process *p)
{
	struct child_driver *d = p->driver;

	if (!p->lifeline_open)
		return;
	p->lifeline_open = false;
	uv_poll_stop(&p->lifeline_poll);
	/*
	 * Now, not when the child is collected: a child that still lives has to see the
	 * end.
	 */
	shutdown(p->lifeline, SHUT_RDWR);
	supervisor_lifeline_closed(d->supervisor, p->child, loop_now_ns());
	changed(d, p->child);
}

/* False when the child said what is not in the language. */
static bool
take_records(struct process *p)
{
	struct child_driver *d = p->driver;
	struct view v = { p->in.data, p->in.len };
	struct lifeline_record r;
	bool sane = true;

	while (v.len) {
		int err = lifeline_decode(&v, &r);

		if (err == ERR_TRUNCATED)
			break;
		if (err == ERR_UNKNOWN)
			continue;
		if (err != ERR_OK) {
			sane = false;
			break;
		}
		supervisor_record(d->supervisor, p->child, &r, loop_now_ns());
		changed(d, p->child);
	}
	buf_drop(&p->in, p->in.len - v.len);
	return sane;
}

static void
read_lifeline(struct process *p)
{
	uint8_t bytes[16384];

	while (p->lifeline_open) {
		ssize_t n = recv(p->lifeline, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			lifeline_broke(p);
			return;
		}
		buf_put(&p->in, bytes, (size_t)n);
		if (p->in.failed || !take_records(p))
			lifeline_broke(p);
	}
}

static void on_lifeline(uv_poll_t *h, int status, int events);

static void
flush(struct process *p)
{
	while (p->lifeline_open && p->out.len) {
		ssize_t n = send(p->lifeline, p->out.data, p->out.len,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;	/* full, or gone: the reading side says which */
		buf_drop(&p->out, (size_t)n);
	}
	if (p->lifeline_open)
		uv_poll_start(&p->lifeline_poll,
			UV_READABLE | (p->out.len ? UV_WRITABLE : 0), on_lifeline);
}

static void
on_lifeline(uv_poll_t *h, int status, int events)
{
	struct process *p = h->data;
	struct child_driver *d = p->driver;

	if (status == 0 && events & UV_WRITABLE)
		flush(p);
	read_lifeline(p);
	child_driver_run(d);
}

/* The control socket of a node that had no time to remove it. */
static void
remove_socket(const struct child_row *r)
{
	char dir[PATH_MAX], path[PATH_MAX], why[PATHS_WHY_CAP];

	if (r == NULL || r->ready.name[0] == '\0' || strchr(r->ready.name, '/') ||
		paths_runtime_dir(dir, sizeof(dir), why) != ERR_OK ||
		control_socket_path_of(path, sizeof(path), dir, r->ready.name) != ERR_OK)
		return;
	(void)unlink(path);
}

static void
collect(struct process *p, int flags)
{
	struct child_driver *d = p->driver;
	int status;
	pid_t pid;

	do {
		pid = waitpid(p->pid, &status, flags);
	} while (pid < 0 && errno == EINTR);
	if (pid == 0 || p->ended)
		return;
	p->ended = true;
	/* What it said before it ended counts, a reason above all. */
	read_lifeline(p);
	lifeline_broke(p);
	if (pid < 0)
		status = 0; /* collected by somebody else: how it ended nobody knows */
	supervisor_exited(d->supervisor, p->child,
		WIFEXITED(status) ? WEXITSTATUS(status) : 0,
		WIFSIGNALED(status) ? WTERMSIG(status) : 0, loop_now_ns());
	if (pid > 0 && WIFSIGNALED(status))
		remove_socket(supervisor_find(d->supervisor, p->child));
	uv_close((uv_handle_t *)&p->lifeline_poll, on_handle_closed);
	uv_close((uv_handle_t *)&p->pidfd_poll, on_handle_closed);
	changed(d, p->child);
}

static void
on_pidfd(uv_poll_t *h, int status, int events)
{
	struct process *p = h->data;
	struct child_driver *d = p->driver;

	(void)status;
	(void)events;
	collect(p, WNOHANG);
	child_driver_run(d);
}

static void
order_spawn(struct child_driver *d, const struct supervisor_order *o)
{
	char why[CHILD_SPAWN_WHY_CAP] = "";
	int pid, lifeline, pidfd;

	if (child_spawn(&o->spec, d->apart[0] != '\0' ? d->apart : NULL, &pid,
		    &lifeline, &pidfd, why) != ERR_OK) {
		supervisor_spawn_failed(d->supervisor, o->child, why, loop_now_ns());
		changed(d, o->child);
		return;
	}

	struct process *p = mem_new(MEM_CHILD_PROCESS, sizeof(*p));

	p->driver = d;
	p->child = o->child;
	p->pid = pid;
	p->lifeline = lifeline;
	p->pidfd = pidfd;
	p->lifeline_open = true;
	mem_made(MEM_DESCRIPTOR);
	mem_made(MEM_DESCRIPTOR);
	buf_init(&p->in, 2 * LIFELINE_RECORD_LEN_MAX);
	buf_init(&p->out, OUT_LEN_MAX);
	p->lifeline_poll.data = p->pidfd_poll.data = p;
	if (uv_poll_init(d->loop, &p->lifeline_poll, lifeline) != 0 ||
	    uv_poll_init(d->loop, &p->pidfd_poll, pidfd) != 0)
		abort();	/* both can be polled, or the loop is broken */
	p->open_handles = 2;
	uv_poll_start(&p->lifeline_poll, UV_READABLE, on_lifeline);
	uv_poll_start(&p->pidfd_poll, UV_READABLE, on_pidfd);
	TAILQ_INSERT_TAIL(&d->processes, p, entry);
	supervisor_spawned(d->supervisor, o->child, pid, loop_now_ns());
	changed(d, o->child);
}

static struct process *
process_of(struct child_driver *d, unsigned child)
{
	struct process *p;

	TAILQ_FOREACH(p, &d->processes, entry)
		if (p->child == child && !p->ended)
			return p;
	return NULL;
}

static void
carry_out(struct child_driver *d, const struct supervisor_order *o)
{
	struct process *p = process_of(d, o->child);

	if (o->kind == ORDER_SPAWN) {
		order_spawn(d, o);
		return;
	}
	if (!p)
		return;
	if (o->kind == ORDER_SIGNAL) {
		/* Not collected yet, so the number is still its own. */
		kill(p->pid, o->signal);
		/* A stopped process takes SIGTERM only when it goes on. */
		if (o->signal == SIGTERM)
			kill(p->pid, SIGCONT);
		return;
	}
	if (o->record.tag == LIFELINE_ASK && p->out.len)
		return;	/* it does not read; the runner sees that no answer comes */
	if (p->out.len + LIFELINE_ORDER_LEN_MAX <= OUT_LEN_MAX ||
		o->record.tag == LIFELINE_QUIT)
		lifeline_encode(&p->out, &o->record);
	flush(p);
}

static void
on_timer(uv_timer_t *h)
{
	child_driver_run(h->data);
}

/* Time alone changes this in a row. */
static void
tell_stalls(struct child_driver *d)
{
	struct process *p, *next;

	for (p = TAILQ_FIRST(&d->processes); p != NULL && !d->closed; p = next) {
		const struct child_row *row = supervisor_find(d->supervisor, p->child);

		next = TAILQ_NEXT(p, entry);
		if (row == NULL || p->ended || p->stalled == (row->stalled_ms != 0))
			continue;
		p->stalled = !p->stalled;
		changed(d, p->child);
	}
}

void
child_driver_apart(struct child_driver *d, const char *runtime_dir)
{
	snprintf(d->apart, sizeof(d->apart), "%s", runtime_dir);
}

void
child_driver_run(struct child_driver *d)
{
	struct supervisor_order o;

	if (d->running || d->closed) {
		d->again = true;
		return;
	}
	d->running = true;
	do {
		d->again = false;
		supervisor_tick(d->supervisor, loop_now_ns());
		tell_stalls(d);
		while (!d->closed && supervisor_next_order(d->supervisor, &o))
			carry_out(d, &o);
	} while (d->again && !d->closed);
	d->running = false;
	if (d->closed)
		return;

	uint64_t due_ns = supervisor_deadline(d->supervisor);

	if (due_ns == NEVER)
		uv_timer_stop(&d->timer);
	else
		uv_timer_start(
			&d->timer, on_timer, loop_ms_again(due_ns, loop_now_ns()), 0);
}

struct child_driver *
child_driver_open(
	uv_loop_t *loop, struct supervisor *s, const struct child_driver_hooks *hooks)
{
	struct child_driver *d = mem_new(MEM_CHILD_DRIVER, sizeof(*d));

	child_spawn_seal();
	d->loop = loop;
	d->supervisor = s;
	d->hooks = *hooks;
	d->timer.data = d;
	TAILQ_INIT(&d->processes);
	uv_timer_init(loop, &d->timer);
	return d;
}

static void
on_timer_closed(uv_handle_t *h)
{
	struct child_driver *d = h->data;

	d->timer_closed = true;
	driver_release(d);
}

void
child_driver_close(struct child_driver *d)
{
	struct process *p, *next;

	if (!d || d->closed)
		return;
	d->closed = true;
	/* First all, then wait: nobody waits for another's end. */
	TAILQ_FOREACH(p, &d->processes, entry)
		if (!p->ended)
			kill(p->pid, SIGKILL);
	for (p = TAILQ_FIRST(&d->processes); p; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (!p->ended)
			collect(p, 0);
	}
	uv_close((uv_handle_t *)&d->timer, on_timer_closed);
}
