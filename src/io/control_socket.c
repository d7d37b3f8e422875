/* SPDX-License-Identifier: MIT */
#include "io/control_socket.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"

#define READ_LEN 4096u
#define BACKLOG 64

struct client {
	TAILQ_ENTRY(client) entry; /* longest silent first */
	struct control_socket *socket;
	uv_pipe_t pipe;
	uv_write_t write;
	uv_buf_t parts[2];
	char *answer; /* being written */
	bool writing, ending, closing;
	bool streaming;
	uint64_t cursor; /* of its stream */
	uint64_t ticket; /* of the answer that comes later; 0: none */
	struct buf in;
	char room[READ_LEN];
};

struct control_socket {
	uv_pipe_t pipe;
	control_socket_answer *answer;
	void *ctx;
	struct control_socket_stream stream;
	struct control_socket_later later;
	uint64_t last_ticket;
	TAILQ_HEAD(, client) clients;
	size_t client_count; /* memory not yet given back */
	struct control_socket_stats stats;
	bool closing, pipe_closed;
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
};

static void
forget_when_done(struct control_socket *s)
{
	if (s->closing && s->pipe_closed && s->client_count == 0)
		mem_free(MEM_CONTROL_SOCKET, s);
}

static void
on_client_closed(uv_handle_t *h)
{
	struct client *c = h->data;
	struct control_socket *s = c->socket;

	s->client_count--;
	buf_fini(&c->in);
	free(c->answer);
	mem_free(MEM_CONTROL_CLIENT, c);
	forget_when_done(s);
}

static void
hang_up(struct client *c)
{
	if (c->closing)
		return;
	c->closing = true;
	if (c->ticket != 0)
		c->socket->later.gone(c->socket->later.ctx, c->ticket);
	TAILQ_REMOVE(&c->socket->clients, c, entry);
	c->socket->stats.clients--;
	c->socket->stats.streams -= c->streaming;
	uv_close((uv_handle_t *)&c->pipe, on_client_closed);
}

static void serve(struct client *c);
static void tell(struct client *c);

static void
on_written(uv_write_t *w, int status)
{
	struct client *c = w->data;

	c->writing = false;
	free(c->answer);
	c->answer = NULL;
	if (c->closing)
		return;
	if (status < 0 || c->ending)
		hang_up(c);
	else if (c->streaming)
		tell(c);
	else
		serve(c);
}

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct client *c = h->data;

	(void)suggested;
	*buf = uv_buf_init(c->room, READ_LEN);
}

/* Closed altogether, and not only for writing. */
static bool
is_hung_up(const struct client *c)
{
	struct pollfd p = { .events = 0 };
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&c->pipe, &fd) != 0)
		return true;
	p.fd = fd;
	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

static void
on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	struct client *c = stream->data;

	(void)buf;
	if (got < 0) {
		/* A client that half-closed still gets its answer. */
		uv_read_stop(stream);
		c->ending = true;
		if (c->ticket != 0 ? is_hung_up(c) : !c->writing || c->streaming)
			hang_up(c);
		return;
	}
	if (c->streaming || c->ticket != 0)
		return;	/* it has said all that it may; only its end is of interest */
	buf_put(&c->in, c->room, (size_t)got);
	TAILQ_REMOVE(&c->socket->clients, c, entry);
	TAILQ_INSERT_TAIL(&c->socket->clients, c, entry);
	if (!c->writing)
		serve(c);
}

/* Takes over the text. */
static void
write_text(struct client *c, char *text)
{
	c->answer = text;
	c->parts[0] = uv_buf_init(c->answer, (unsigned)strlen(c->answer));
	c->parts[1] = uv_buf_init((char *)(uintptr_t) "\n", 1);
	c->write.data = c;
	c->writing = true;
	if (uv_write(&c->write, (uv_stream_t *)&c->pipe, c->parts, 2, on_written) != 0) {
		c->writing = false;
		hang_up(c);
	}
}

/* The next piece of a stream, once the one before has left. */
static void
tell(struct client *c)
{
	struct control_socket *s = c->socket;
	char *text;

	if (c->writing || c->closing)
		return;
	text = s->stream.next(s->stream.ctx, &c->cursor);
	if (text == NULL)
		return;
	TAILQ_REMOVE(&s->clients, c, entry);
	TAILQ_INSERT_TAIL(&s->clients, c, entry);
	write_text(c, text);
}

static bool
begin_stream(struct client *c, size_t len)
{
	struct control_socket *s = c->socket;

	if (s->stream.begins == NULL || s->stats.streams >= CONTROL_STREAMS_MAX ||
		!s->stream.begins(
			s->stream.ctx, (const char *)c->in.data, len, &c->cursor))
		return false;
	buf_clear(&c->in);
	c->streaming = true;
	s->stats.streams++;
	uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
	tell(c);
	return true;
}

/* Its end is still of interest: nobody may be left to wait. */
static bool
begin_later(struct client *c, size_t len)
{
	struct control_socket *s = c->socket;

	if (s->later.begins == NULL)
		return false;
	c->ticket = ++s->last_ticket;
	if (!s->later.begins(s->later.ctx, (const char *)c->in.data, len, c->ticket)) {
		c->ticket = 0;
		return false;
	}
	buf_drop(&c->in, len + 1);
	if (c->ticket != 0 && !c->ending)
		uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
	return true;
}

/* Answers the first whole line, and reads on only when that answer has left. */
static void
serve(struct client *c)
{
	struct control_socket *s = c->socket;
	const uint8_t *end = c->in.len > 0 ? memchr(c->in.data, '\n', c->in.len) : NULL;
	size_t len;
	char *text;

	if (end == NULL && c->in.failed) {
		s->stats.refused_long++;
		hang_up(c);
		return;
	}
	if (end == NULL) {
		uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
		return;
	}
	uv_read_stop((uv_stream_t *)&c->pipe);
	len = (size_t)(end - c->in.data);
	if (!c->ending && begin_stream(c, len))
		return;
	if (begin_later(c, len))
		return;
	text = s->answer(s->ctx, (const char *)c->in.data, len);
	assert(text != NULL);
	buf_drop(&c->in, len + 1);
	s->stats.answered++;
	write_text(c, text);
}

/* Who is hung up when there are too many: not those that follow, they are few. */
static struct client *
longest_silent(struct control_socket *s)
{
	struct client *c;

	TAILQ_FOREACH(c, &s->clients, entry)
		if (!c->streaming && c->ticket == 0)
			return c;
	return TAILQ_FIRST(&s->clients);
}

static bool
is_welcome(const uv_pipe_t *pipe)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)pipe, &fd) != 0 ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	return peer.uid == geteuid() || peer.uid == 0;
}

static void
on_connection(uv_stream_t *stream, int status)
{
	struct control_socket *s = stream->data;
	struct client *c;

	if (status < 0)
		return;
	if (s->stats.clients >= CONTROL_CLIENTS_MAX) {
		s->stats.evicted++;
		hang_up(longest_silent(s));
	}
	c = mem_new(MEM_CONTROL_CLIENT, sizeof *c);
	c->socket = s;
	uv_pipe_init(stream->loop, &c->pipe, 0);
	c->pipe.data = c;
	/* One byte over the longest request: its newline. */
	buf_init(&c->in, CONTROL_REQUEST_LEN_MAX + 1);
	TAILQ_INSERT_TAIL(&s->clients, c, entry);
	s->client_count++;
	s->stats.clients++;
	if (uv_accept(stream, (uv_stream_t *)&c->pipe) != 0) {
		hang_up(c);
		return;
	}
	if (!is_welcome(&c->pipe)) {
		s->stats.refused_user++;
		hang_up(c);
		return;
	}
	s->stats.accepted++;
	uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
}

int
control_socket_path_of(char *to, size_t cap, const char *runtime_dir, const char *name)
{
	const size_t sun_cap = sizeof((struct sockaddr_un *)0)->sun_path;
	size_t name_len = strlen(name), fixed = strlen(runtime_dir) + 1 + 5 + 1, room;
	const char *tail;

	if (cap > sun_cap)
		cap = sun_cap;
	if (fixed + 24 > cap)
		return ERR_LIMIT;
	room = cap - fixed;
	if (name_len <= room) {
		snprintf(to, cap, "%s/%s.sock", runtime_dir, name);
		return ERR_OK;
	}
	/* The end of a name tells nodes apart, its beginning is for people. */
	tail = name + name_len - 8;
	snprintf(to, cap, "%s/%.*s~%s.sock", runtime_dir, (int)(room - 9), name, tail);
	return ERR_OK;
}

/* Nobody listens behind a socket file that its process left behind. */
static bool
is_stale(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool stale;

	if (fd < 0)
		return false;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	stale = connect(fd, (struct sockaddr *)&sa, sizeof sa) != 0 &&
		errno == ECONNREFUSED;
	close(fd);
	return stale;
}

static int
listen_at(struct control_socket *s, char why[static CONTROL_SOCKET_WHY_CAP])
{
	int status = uv_pipe_bind(&s->pipe, s->path);

	if (status == UV_EADDRINUSE && is_stale(s->path)) {
		unlink(s->path);
		status = uv_pipe_bind(&s->pipe, s->path);
	}
	if (status == UV_EADDRINUSE) {
		snprintf(why, CONTROL_SOCKET_WHY_CAP,
			"a running process answers at %s; is this "
			"node started twice?",
			s->path);
		return ERR_BUSY;
	}
	/* Before it listens, so nobody comes in by the mode of a moment. */
	if (status == 0 && chmod(s->path, 0600) != 0)
		status = -errno;
	if (status == 0)
		status = uv_listen((uv_stream_t *)&s->pipe, BACKLOG, on_connection);
	if (status == 0)
		return ERR_OK;
	snprintf(why, CONTROL_SOCKET_WHY_CAP, "cannot listen at %s: %s", s->path,
		uv_strerror(status));
	return ERR_SYSTEM;
}

struct control_socket *
control_socket_open(uv_loop_t *loop, const char *runtime_dir, const char *name,
	control_socket_answer *answer, void *ctx, int *err,
	char why[static CONTROL_SOCKET_WHY_CAP])
{
	struct control_socket *s = mem_new(MEM_CONTROL_SOCKET, sizeof *s);

	why[0] = '\0';
	s->answer = answer;
	s->ctx = ctx;
	TAILQ_INIT(&s->clients);
	*err = control_socket_path_of(s->path, sizeof s->path, runtime_dir, name);
	if (*err != ERR_OK) {
		snprintf(why, CONTROL_SOCKET_WHY_CAP,
			"the runtime directory %.200s is too long "
			"for a socket; set RUNTIME_DIRECTORY to a shorter one",
			runtime_dir);
		mem_free(MEM_CONTROL_SOCKET, s);
		return NULL;
	}
	uv_pipe_init(loop, &s->pipe, 0);
	s->pipe.data = s;
	*err = listen_at(s, why);
	if (*err != ERR_OK) {
		control_socket_close(s);
		return NULL;
	}
	/* Questions alone do not keep a process alive. */
	uv_unref((uv_handle_t *)&s->pipe);
	return s;
}

int
control_socket_fd(const struct control_socket *s)
{
	uv_os_fd_t fd;

	return uv_fileno((const uv_handle_t *)&s->pipe, &fd) == 0 ? fd : -1;
}

void
control_socket_set_stream(
	struct control_socket *s, const struct control_socket_stream *stream)
{
	s->stream = *stream;
}

void
control_socket_set_later(
	struct control_socket *s, const struct control_socket_later *later)
{
	s->later = *later;
}

void
control_socket_later_answer(struct control_socket *s, uint64_t ticket, char *text)
{
	struct client *c = NULL;

	if (s != NULL)
		TAILQ_FOREACH(c, &s->clients, entry)
			if (c->ticket == ticket)
				break;
	if (c == NULL) {
		free(text);
		return;
	}
	c->ticket = 0;
	uv_read_stop((uv_stream_t *)&c->pipe);
	s->stats.answered++;
	write_text(c, text);
}

void
control_socket_poke(struct control_socket *s)
{
	struct client *c, *next;

	if (s == NULL || s->stats.streams == 0)
		return;
	for (c = TAILQ_FIRST(&s->clients); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		/* Telling moves it to the end, where it is seen again and has no news. */
		if (c->streaming)
			tell(c);
	}
}

static void
on_socket_closed(uv_handle_t *h)
{
	struct control_socket *s = h->data;

	s->pipe_closed = true;
	forget_when_done(s);
}

void
control_socket_close(struct control_socket *s)
{
	if (s == NULL || s->closing)
		return;
	s->closing = true;
	/* libuv removes the file of a pipe that it bound. */
	uv_close((uv_handle_t *)&s->pipe, on_socket_closed);
	while (!TAILQ_EMPTY(&s->clients))
		hang_up(TAILQ_FIRST(&s->clients));
}

const char *
control_socket_path(const struct control_socket *s)
{
	return s->path;
}

void
control_socket_stats(const struct control_socket *s, struct control_socket_stats *out)
{
	*out = s->stats;
}
