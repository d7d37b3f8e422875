/* SPDX-License-Identifier: MIT */
#include "io/append_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

struct append_file {
	uv_loop_t *loop;
	int fd;
	struct buf waiting, leaving;	/* leaving: in the hands of a thread */
	size_t left;			/* bytes of leaving that are written */
	uv_fs_t write;
	bool writing, closing;
	bool torn;	/* the last byte in the file is no newline */
	struct append_file_hooks hooks;
	struct append_file_stats stats;
	uint64_t lost_told;
	char *path;
};

struct append_file *
append_file_open(uv_loop_t *loop, const char *path, const struct append_file_hooks *hooks,
	char why[static APPEND_FILE_WHY_CAP])
{
	/* Without O_NONBLOCK a pipe that nobody reads would hold us here. */
	int fd = open(path,
		O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	struct append_file *f;

	if (fd < 0) {
		snprintf(why, APPEND_FILE_WHY_CAP, "%.200s cannot be opened: %s", path,
			strerror(errno));
		return NULL;
	}
	f = mem_new(MEM_APPEND_FILE, sizeof *f);
	mem_made(MEM_DESCRIPTOR);
	f->loop = loop;
	f->fd = fd;
	f->hooks = *hooks;
	f->path = mem_text(path);
	buf_init(&f->waiting, APPEND_LEN_MAX);
	buf_init(&f->leaving, APPEND_LEN_MAX + 1);
	return f;
}

static void
forget(struct append_file *f)
{
	close(f->fd);
	mem_destroyed(MEM_DESCRIPTOR);
	buf_fini(&f->waiting);
	buf_fini(&f->leaving);
	free(f->path);
	mem_free(MEM_APPEND_FILE, f);
}

static void go_on(struct append_file *f);

/* What could not be written is lost; the next line begins on a line of its own. */
static void
fail(struct append_file *f, int error)
{
	char why[APPEND_FILE_WHY_CAP];

	/* The newline that ends a torn line is not one of a line. */
	f->stats.lost -= f->left == 0 && f->leaving.data[0] == '\n';
	for (size_t i = f->left; i < f->leaving.len; i++)
		f->stats.lost += f->leaving.data[i] == '\n';
	buf_clear(&f->leaving);
	f->left = 0;
	if (f->stats.errors++ > 0)
		return;
	snprintf(why, sizeof why, "%.200s cannot be written: %s", f->path,
		uv_strerror(error));
	f->hooks.failed(f->hooks.ctx, why);
}

static void
on_written(uv_fs_t *w)
{
	struct append_file *f = w->data;
	ssize_t result = w->result;

	uv_fs_req_cleanup(w);
	f->writing = false;
	if (result > 0) {
		f->left += (size_t)result;
		f->stats.written += (uint64_t)result;
		f->torn = f->leaving.data[f->left - 1] != '\n';
	} else {
		fail(f, result == 0 ? UV_EIO : (int)result);
	}
	if (f->left == f->leaving.len) {
		buf_clear(&f->leaving);
		f->left = 0;
	}
	go_on(f);
}

static void
go_on(struct append_file *f)
{
	uv_buf_t part;

	if (f->writing)
		return;
	if (f->leaving.len == 0 && f->waiting.len > 0) {
		if (f->torn)
			buf_put_u8(&f->leaving, '\n');
		buf_put(&f->leaving, f->waiting.data, f->waiting.len);
		buf_clear(&f->waiting);
	}
	if (f->leaving.len == 0) {
		if (f->closing)
			forget(f);
		return;
	}
	part = uv_buf_init((char *)f->leaving.data + f->left,
		(unsigned)(f->leaving.len - f->left));
	f->write.data = f;
	f->writing = true;
	/* Refused is only what no thread could be found for. */
	if (uv_fs_write(f->loop, &f->write, f->fd, &part, 1, -1, on_written) != 0) {
		f->writing = false;
		fail(f, UV_ENOMEM);
	}
}

bool
append_file_line(struct append_file *f, const void *text, size_t len)
{
	if (f->waiting.len + len + 1 > APPEND_LEN_MAX) {
		f->stats.dropped++;
		return false;
	}
	buf_put(&f->waiting, text, len);
	buf_put_u8(&f->waiting, '\n');
	go_on(f);
	return true;
}

uint64_t
append_file_take_lost(struct append_file *f)
{
	uint64_t lost = f->stats.lost - f->lost_told;

	f->lost_told = f->stats.lost;
	return lost;
}

void
append_file_close(struct append_file *f)
{
	if (f == NULL || f->closing)
		return;
	f->closing = true;
	go_on(f);
}

void
append_file_stats(const struct append_file *f, struct append_file_stats *s)
{
	*s = f->stats;
	s->waiting = f->waiting.len + f->leaving.len - f->left;
}
