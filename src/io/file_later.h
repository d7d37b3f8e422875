/* SPDX-License-Identifier: MIT */
#ifndef IO_FILE_LATER_H
#define IO_FILE_LATER_H

#include <stddef.h>
#include <uv.h>

/*
 * One small file that is replaced whole (file_whole_write) by a thread of its own, which
 * ends with it: two fsyncs take 20 ms on a disk, and the loop has better things to do.
 * Not libuv's threads: the first use makes four of them for good.
 */
#define FILE_LATER_LEN_MAX 64

struct file_later;

/*
 * Begins. `dir` is duplicated, name and bytes are copied (FILE_LATER_LEN_MAX each at
 * most, asserted). `done` gets 0 or an errno value, on the loop; never inside of this
 * call. Without threads it is written before this returns.
 */
struct file_later *file_later_begin(uv_loop_t *loop, int dir, const char *name,
	const void *bytes, size_t len, void (*done)(void *ctx, int error), void *ctx);
/* Waits for the write if it is under way; accepts NULL. The loop then frees it. */
void file_later_close(struct file_later *f);

#endif
