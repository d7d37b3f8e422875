/* SPDX-License-Identifier: MIT */
#include "io/control_client.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "io/loop.h"

#define STALE_AGE_S 10

#define STOPS_MAX 4

static int
dial(const char *path, int *fd)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof sa.sun_path)
		return ERR_LIMIT;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return ERR_SYSTEM;
	if (connect(*fd, (struct sockaddr *)&sa, sizeof sa) == 0)
		return ERR_OK;
	/* EAGAIN: the backlog of a process that hangs is full. */
	switch (errno) {
	case ECONNREFUSED:
	case ENOENT:
		return ERR_REFUSED;
	case EAGAIN:
		return ERR_TIMEOUT;
	case EACCES:
	case EPERM:
		return ERR_PERMISSION;
	default:
		return ERR_SYSTEM;
	}
}

static int
wait_for(int fd, short events, uint64_t until_ns)
{
	struct pollfd p = { .fd = fd, .events = events };
	int ready;

	do {
		uint64_t ms = loop_ms_until(until_ns, loop_now_ns());

		ready = poll(&p, 1, ms > 60000 ? 60000 : (int)ms);
	} while ((ready < 0 && errno == EINTR) ||
		 (ready == 0 && loop_now_ns() < until_ns));
	return ready > 0 ? ERR_OK : ready == 0 ? ERR_TIMEOUT : ERR_SYSTEM;
}

static int
send_line(int fd, const char *request, uint64_t until_ns)
{
	size_t len = strlen(request), at = 0;

	/* The newline is sent from the terminating NUL's place. */
	while (at <= len) {
		const char *from = at < len ? request + at : "\n";
		ssize_t put = send(fd, from, at < len ? len - at : 1, MSG_NOSIGNAL);
		int err;

		if (put >= 0) {
			at += (size_t)put;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return ERR_CLOSED;
		err = wait_for(fd, POLLOUT, until_ns);
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

static int
read_line(int fd, struct buf *b, uint64_t until_ns)
{
	for (;;) {
		char part[16384];
		ssize_t got = recv(fd, part, sizeof part, 0);
		const char *end;
		int err;

		if (got == 0)
			return ERR_CLOSED;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != EAGAIN)
			return ERR_CLOSED;
		if (got < 0) {
			err = wait_for(fd, POLLIN, until_ns);
			if (err != ERR_OK)
				return err;
			continue;
		}
		end = memchr(part, '\n', (size_t)got);
		buf_put(b, part, end != NULL ? (size_t)(end - part) : (size_t)got);
		if (b->failed)
			return ERR_LIMIT;
		if (end != NULL)
			return ERR_OK;
	}
}

int
control_client_request(
	const char *path, const char *request, uint64_t wait_ns, char **answer)
{
	uint64_t until_ns = loop_now_ns() + wait_ns;
	struct buf b;
	int fd = -1, err;

	*answer = NULL;
	buf_init(&b, CONTROL_ANSWER_LEN_MAX);
	err = dial(path, &fd);
	if (err == ERR_OK)
		err = send_line(fd, request, until_ns);
	if (err == ERR_OK)
		err = read_line(fd, &b, until_ns);
	if (err == ERR_OK) {
		*answer = mem_array(b.len + 1, 1);
		if (b.len > 0)
			memcpy(*answer, b.data, b.len);
	}
	buf_fini(&b);
	if (fd >= 0)
		close(fd);
	return err;
}

/*
 * 1: there is something to read; 0: it is time to stop; ERR_TIMEOUT after wait_ms, -1 for
 * ever; ERR_SYSTEM.
 */
static int
wait_or_stop(int fd, const struct control_client_stream *s, int wait_ms)
{
	struct pollfd p[1 + STOPS_MAX] = { { .fd = fd, .events = POLLIN } };
	int ready;

	/* A broken pipe is told without being asked for; a signal can be read. */
	for (size_t i = 0; i < s->stop_count; i++)
		p[1 + i] = (struct pollfd){ .fd = s->stops[i], .events = POLLIN };
	do
		ready = poll(p, 1 + s->stop_count, wait_ms);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return ERR_SYSTEM;
	if (ready == 0)
		return ERR_TIMEOUT;
	for (size_t i = 0; i < s->stop_count; i++)
		if (p[1 + i].revents != 0)
			return 0;
	return 1;
}

/* Gives whole lines away. False: the receiver has had enough. */
static bool
give_lines(struct buf *b, const struct control_client_stream *s)
{
	size_t at = 0;
	bool on = true;

	while (on && at < b->len) {
		const uint8_t *end = memchr(b->data + at, '\n', b->len - at);
		size_t len;

		if (end == NULL)
			break;
		len = (size_t)(end - b->data) - at;
		on = s->line(s->ctx, (const char *)b->data + at, len);
		at += len + 1;
	}
	buf_drop(b, at);
	return on;
}

static int
follow(int fd, struct buf *b, const struct control_client_stream *s, uint64_t wait_ns)
{
	int wait_ms = s->silent != NULL ? (int)(wait_ns / NS_PER_MS) : -1;

	for (;;) {
		char part[16384];
		int go = wait_or_stop(fd, s, wait_ms);
		ssize_t got;

		if (go == ERR_TIMEOUT)
			s->silent(s->ctx);
		wait_ms = -1;
		if (go == ERR_TIMEOUT)
			continue;
		if (go <= 0)
			return go;
		got = recv(fd, part, sizeof part, 0);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return ERR_CLOSED;
		buf_put(b, part, (size_t)got);
		if (b->failed)
			return ERR_LIMIT;
		if (!give_lines(b, s))
			return ERR_OK;
	}
}

int
control_client_follow(const char *path, const char *request, uint64_t wait_ns,
	const struct control_client_stream *stream)
{
	struct buf b;
	int fd = -1, err = dial(path, &fd);

	assert(stream->stop_count <= STOPS_MAX);
	buf_init(&b, CONTROL_REQUEST_LEN_MAX);
	if (err == ERR_OK)
		err = send_line(fd, request, loop_now_ns() + wait_ns);
	if (err == ERR_OK)
		err = follow(fd, &b, stream, wait_ns);
	buf_fini(&b);
	if (fd >= 0)
		close(fd);
	return err;
}

int
control_client_probe(const char *path)
{
	int fd = -1, err = dial(path, &fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
control_client_remove_stale(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == geteuid() &&
		(uint64_t)st.st_mtime + STALE_AGE_S < loop_wall_ms() / 1000)
		unlink(path);
}

/* Whether the process behind this name has ended; then its file goes, too. */
static bool
is_dead(const char *dir, const char *name)
{
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
	int len = snprintf(path, sizeof path, "%s/%s.sock", dir, name);

	if (len < 0 || (size_t)len >= sizeof path ||
		control_client_probe(path) != ERR_REFUSED)
		return false;
	control_client_remove_stale(path);
	return true;
}

static void
drop_dead(struct control_client_list *l, const char *dir)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		if (is_dead(dir, l->names[i]))
			free(l->names[i]);
		else
			l->names[kept++] = l->names[i];
	}
	l->count = kept;
}

int
control_client_list(struct control_client_list *l, const char *runtime_dir)
{
	DIR *dir = opendir(runtime_dir);
	const struct dirent *en;
	bool was_full = false;

	l->names = mem_array(CONTROL_SOCKETS_MAX, sizeof *l->names);
	l->count = 0;
	if (dir == NULL)
		return errno == ENOENT ? ERR_OK : ERR_SYSTEM;
	while (l->count < CONTROL_SOCKETS_MAX && (en = readdir(dir)) != NULL) {
		size_t len = strlen(en->d_name);
		char *name;

		if (len <= 5 || en->d_name[0] == '.' ||
			strcmp(en->d_name + len - 5, ".sock") != 0)
			continue;
		name = mem_copy(en->d_name, len - 5 + 1);
		name[len - 5] = '\0';
		/* Only a full list pays for asking who is there. */
		if (was_full && is_dead(runtime_dir, name)) {
			free(name);
			continue;
		}
		l->names[l->count++] = name;
		if (l->count == CONTROL_SOCKETS_MAX && !was_full) {
			drop_dead(l, runtime_dir);
			was_full = true;
		}
	}
	closedir(dir);
	qsort(l->names, l->count, sizeof *l->names, compare);
	return ERR_OK;
}

void
control_client_list_fini(struct control_client_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->names[i]);
	free(l->names);
	l->names = NULL;
	l->count = 0;
}
