/* SPDX-License-Identifier: MIT */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

/*
 * A growing byte buffer with a bound. Writes past `max` set `failed` and change nothing,
 * so an encoder writes everything and asks once at the end.
 */
struct buf {
	uint8_t *data;
	size_t len, cap, max;
	int failed;	/* 0, or ERR_LIMIT */
};

/* At most `max` bytes will be held. Nothing is allocated before the first write. */
void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);
void buf_clear(struct buf *b);	/* keeps the memory, forgets content and failure */

void buf_put(struct buf *b, const void *bytes, size_t len);
void buf_put_u8(struct buf *b, uint8_t byte);
/*
 * Removes the first `len` bytes (len <= b->len). Moves the rest: not for stream send
 * data.
 */
void buf_drop(struct buf *b, size_t len);
/* printf into the buffer, without the trailing NUL. */
void buf_format(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Reading: a view that is consumed from the front. It owns nothing. */
struct view {
	const uint8_t *data;
	size_t len;
};

#endif
