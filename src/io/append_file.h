/* SPDX-License-Identifier: MIT */
#ifndef IO_APPEND_FILE_H
#define IO_APPEND_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * A file that lines are appended to without the loop ever waiting for a disk: what is
 * added is written by libuv's threads, one write at a time; at most APPEND_LEN_MAX bytes
 * wait. A disk that is full or slow costs lines, which are counted, and nothing else.
 */
struct append_file;

#define APPEND_FILE_WHY_CAP 300

struct append_file_hooks {
	/* The first time that something could not be written; never again. */
	void (*failed)(void *ctx, const char *why);
	void *ctx;
};

/*
 * The file is made if it is not there. NULL: it cannot be opened, and `why` is for a
 * person.
 */
struct append_file *append_file_open(uv_loop_t *loop, const char *path,
	const struct append_file_hooks *hooks, char why[static APPEND_FILE_WHY_CAP]);
/* Writes what waits, then closes; the memory goes with the loop's turns. Accepts NULL. */
void append_file_close(struct append_file *f);

/* Adds a line; its newline is added here. False: there was no room, it is dropped. */
bool append_file_line(struct append_file *f, const void *text, size_t len);

/* Lines that were taken and could not be written, since this was last asked. */
uint64_t append_file_take_lost(struct append_file *f);

struct append_file_stats {
	uint64_t written;	/* bytes */
	uint64_t dropped;	/* lines that had no room */
	uint64_t errors;	/* writes that failed */
	uint64_t lost;		/* lines that a failed write took with it */
	size_t waiting;		/* bytes now */
};
void append_file_stats(const struct append_file *f, struct append_file_stats *s);

#endif
