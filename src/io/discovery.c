/* SPDX-License-Identifier: MIT */
#include "io/discovery.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "io/control_client.h"
#include "io/loop.h"

/* After a change of the directory: many nodes that start together are one look. */
#define SETTLE_MS 50
/* While somebody does not answer. Nothing runs when all do. */
#define AGAIN_MS 2000
#define ANSWER_MS 1000
#define PATH_CAP sizeof((struct sockaddr_un *)0)->sun_path

static const char question[] = "{\"version\":1,\"verb\":\"status\"}\n";

struct probe {
	LIST_ENTRY(probe) entry;
	struct discovery *discovery;
	uv_pipe_t pipe;
	uv_timer_t timer;
	uv_connect_t connect;
	uv_write_t write;
	unsigned handles;
	bool found, closing;
	bool present; /* seen by the look under way */
	struct buf in;
	char room[4096];
	char path[PATH_CAP];
};

struct discovery {
	struct discovery_hooks hooks;
	uv_loop_t *loop;
	uv_fs_event_t watch;
	uv_timer_t timer;
	unsigned handles;
	bool closing, watching;
	LIST_HEAD(, probe) probes;
	size_t probe_count; /* memory not yet given back */
	size_t found;
	char dir[PATH_CAP];
	char skip[PATH_CAP];
};

static void on_look(uv_timer_t *h);

static void
look_again(struct discovery *d, uint64_t ms)
{
	if (!d->closing && (!uv_is_active((uv_handle_t *)&d->timer) ||
				   uv_timer_get_due_in(&d->timer) > ms))
		uv_timer_start(&d->timer, on_look, ms, 0);
}

static void
forget_when_done(struct discovery *d)
{
	if (d->closing && d->handles == 0 && d->probe_count == 0)
		mem_free(MEM_DISCOVERY, d);
}

static void
on_probe_closed(uv_handle_t *h)
{
	struct probe *p = h->data;
	struct discovery *d = p->discovery;

	if (--p->handles > 0)
		return;
	buf_fini(&p->in);
	mem_free(MEM_DISCOVERY_PROBE, p);
	d->probe_count--;
	forget_when_done(d);
}

/* The end of this connection: to one that was found, the end of the process. */
static void
end(struct probe *p, bool retry)
{
	struct discovery *d = p->discovery;

	if (p->closing)
		return;
	p->closing = true;
	LIST_REMOVE(p, entry);
	uv_close((uv_handle_t *)&p->pipe, on_probe_closed);
	uv_close((uv_handle_t *)&p->timer, on_probe_closed);
	if (p->found) {
		d->found--;
		if (!d->closing && d->hooks.lost != NULL)
			d->hooks.lost(d->hooks.ctx, p->path);
	}
	/*
	 * A socket whose process was killed stays behind and refuses: cheap, every 2 s.
	 */
	if (retry)
		look_again(d, AGAIN_MS);
}

static void
on_silence(uv_timer_t *h)
{
	end(h->data, true);
}

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct probe *p = h->data;

	(void)suggested;
	*buf = uv_buf_init(p->room, sizeof p->room);
}

static void
tell_answer(struct probe *p, size_t len)
{
	struct discovery *d = p->discovery;
	const char *text = (const char *)p->in.data;

	p->found = true;
	d->found++;
	if (d->hooks.found != NULL)
		d->hooks.found(d->hooks.ctx, p->path, text, len);
}

static void
on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	struct probe *p = stream->data;
	const uint8_t *newline;

	(void)buf;
	if (got < 0) {
		end(p, true);
		return;
	}
	if (p->found)
		return; /* nobody asked for more */
	buf_put(&p->in, p->room, (size_t)got);
	newline = p->in.len > 0 ? memchr(p->in.data, '\n', p->in.len) : NULL;
	if (newline == NULL) {
		if (p->in.failed)
			end(p, true);
		return;
	}
	uv_timer_stop(&p->timer);
	tell_answer(p, (size_t)(newline - p->in.data));
	buf_clear(&p->in);
}

static void
on_written(uv_write_t *w, int status)
{
	if (status < 0 && status != UV_ECANCELED)
		end(w->data, true);
}

static void
on_connected(uv_connect_t *c, int status)
{
	struct probe *p = c->data;
	uv_buf_t line = uv_buf_init((char *)(uintptr_t)question, sizeof question - 1);

	if (p->closing)
		return;
	p->write.data = p;
	if (status == UV_ECONNREFUSED)
		control_client_remove_stale(p->path); /* else it is asked for ever */
	if (status < 0 ||
		uv_write(&p->write, (uv_stream_t *)&p->pipe, &line, 1, on_written) != 0 ||
		uv_read_start((uv_stream_t *)&p->pipe, on_alloc, on_read) != 0)
		end(p, true);
}

static void
ask(struct discovery *d, const char *path)
{
	struct probe *p = mem_new(MEM_DISCOVERY_PROBE, sizeof *p);

	p->discovery = d;
	p->handles = 2;
	p->present = true;
	snprintf(p->path, sizeof p->path, "%s", path);
	buf_init(&p->in, CONTROL_REQUEST_LEN_MAX);
	uv_pipe_init(d->loop, &p->pipe, 0);
	uv_timer_init(d->loop, &p->timer);
	p->pipe.data = p->timer.data = p->connect.data = p;
	LIST_INSERT_HEAD(&d->probes, p, entry);
	d->probe_count++;
	uv_timer_start(&p->timer, on_silence, ANSWER_MS, 0);
	uv_pipe_connect(&p->connect, &p->pipe, p->path, on_connected);
}

static struct probe *
find(struct discovery *d, const char *path)
{
	struct probe *p;

	LIST_FOREACH(p, &d->probes, entry)
	if (strcmp(p->path, path) == 0)
		return p;
	return NULL;
}

static void
look(struct discovery *d)
{
	struct control_client_list list;
	struct probe *p, *next;

	control_client_list(&list, d->dir);
	LIST_FOREACH(p, &d->probes, entry)
	p->present = false;
	for (size_t i = 0; i < list.count; i++) {
		char path[PATH_CAP];
		int len =
			snprintf(path, sizeof path, "%s/%s.sock", d->dir, list.names[i]);

		if (len < 0 || (size_t)len >= sizeof path || strcmp(path, d->skip) == 0)
			continue;
		p = find(d, path);
		if (p != NULL)
			p->present = true;
		else
			ask(d, path);
	}
	control_client_list_fini(&list);
	for (p = LIST_FIRST(&d->probes); p != NULL; p = next) {
		next = LIST_NEXT(p, entry);
		if (!p->present && !p->closing)
			end(p, false);
	}
	if (!d->watching)
		look_again(d, AGAIN_MS);
}

static void
on_look(uv_timer_t *h)
{
	look(h->data);
}

static void
on_change(uv_fs_event_t *h, const char *name, int events, int status)
{
	(void)name;
	(void)events;
	if (status == 0)
		look_again(h->data, SETTLE_MS);
}

struct discovery *
discovery_new(uv_loop_t *loop, const char *runtime_dir, const char *skip,
	const struct discovery_hooks *hooks)
{
	struct discovery *d = mem_new(MEM_DISCOVERY, sizeof *d);

	d->hooks = *hooks;
	d->loop = loop;
	d->handles = 2;
	LIST_INIT(&d->probes);
	snprintf(d->dir, sizeof d->dir, "%s", runtime_dir);
	snprintf(d->skip, sizeof d->skip, "%s", skip != NULL ? skip : "");
	uv_fs_event_init(loop, &d->watch);
	uv_timer_init(loop, &d->timer);
	d->watch.data = d->timer.data = d;
	/* Without inotify (its watches are limited for each user) we look every 2 s. */
	d->watching = uv_fs_event_start(&d->watch, on_change, d->dir, 0) == 0;
	uv_unref((uv_handle_t *)&d->watch);
	look_again(d, 0);
	return d;
}

static void
on_closed(uv_handle_t *h)
{
	struct discovery *d = h->data;

	d->handles--;
	forget_when_done(d);
}

void
discovery_close(struct discovery *d)
{
	if (d == NULL || d->closing)
		return;
	d->closing = true;
	while (!LIST_EMPTY(&d->probes))
		end(LIST_FIRST(&d->probes), false);
	uv_close((uv_handle_t *)&d->watch, on_closed);
	uv_close((uv_handle_t *)&d->timer, on_closed);
}

size_t
discovery_count(const struct discovery *d)
{
	return d->found;
}

