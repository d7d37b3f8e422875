/* SPDX-License-Identifier: MIT */
#include "io/file_later.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/file_whole.h"

/* A system call and a path of 64 bytes need no more; the default maps 8 MB. */
#define STACK_LEN (64u * 1024)

struct file_later {
	uv_async_t written;
	uv_thread_t thread;
	bool running; /* the thread is to be joined */
	bool told;
	int dir, error;
	char name[FILE_LATER_LEN_MAX + 1];
	char bytes[FILE_LATER_LEN_MAX];
	size_t len;
	void (*done)(void *ctx, int error);
	void *ctx;
};

static void
replace(struct file_later *f)
{
	f->error = file_whole_write(f->dir, f->name, f->bytes, f->len) == ERR_OK ? 0
										 : errno;
}

static void
run(void *arg)
{
	struct file_later *f = arg;

	replace(f);
	uv_async_send(&f->written);
}

static void
join(struct file_later *f)
{
	if (f->running)
		uv_thread_join(&f->thread);
	f->running = false;
}

static void
on_written(uv_async_t *h)
{
	struct file_later *f = h->data;

	if (f->told)
		return;
	f->told = true;
	join(f);
	f->done(f->ctx, f->error);
}

struct file_later *
file_later_begin(uv_loop_t *loop, int dir, const char *name, const void *bytes,
	size_t len, void (*done)(void *ctx, int error), void *ctx)
{
	const uv_thread_options_t options = { UV_THREAD_HAS_STACK_SIZE, STACK_LEN };
	struct file_later *f = mem_new(MEM_FILE_LATER, sizeof *f);

	assert(strlen(name) <= FILE_LATER_LEN_MAX && len <= FILE_LATER_LEN_MAX);
	memcpy(f->name, name, strlen(name));	/* the rest is zeros */
	memcpy(f->bytes, bytes, len);
	f->len = len;
	f->done = done;
	f->ctx = ctx;
	f->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	if (f->dir < 0 || uv_async_init(loop, &f->written, on_written) != 0) {
		if (f->dir >= 0)
			close(f->dir);
		mem_free(MEM_FILE_LATER, f);
		return NULL;
	}
	mem_made(MEM_DESCRIPTOR);
	f->written.data = f;
	/* It is no reason for the loop to go on. */
	uv_unref((uv_handle_t *)&f->written);
	f->running = uv_thread_create_ex(&f->thread, &options, run, f) == 0;
	if (!f->running) {
		replace(f);
		uv_async_send(&f->written);
	}
	return f;
}

static void
on_closed(uv_handle_t *h)
{
	struct file_later *f = h->data;

	close(f->dir);
	mem_destroyed(MEM_DESCRIPTOR);
	mem_free(MEM_FILE_LATER, f);
}

void
file_later_close(struct file_later *f)
{
	if (f == NULL)
		return;
	join(f);
	on_written(&f->written);
	uv_close((uv_handle_t *)&f->written, on_closed);
}
