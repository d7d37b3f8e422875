/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define FIRST_CAP 64

/* Room for `len` more bytes, or failed. */
static int
reserve(struct buf *b, size_t len)
{
	size_t cap = b->cap;

	if (b->failed)
		return b->failed;
	if (len > b->max - b->len)
		return b->failed = ERR_LIMIT;
	if (len <= cap - b->len)
		return 0;
	if (cap == 0)
		cap = b->max < FIRST_CAP ? b->max : FIRST_CAP;
	while (cap - b->len < len)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	b->data = mem_resize(b->data, cap, 1);
	b->cap = cap;
	return 0;
}

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void
buf_fini(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.max = b->max};
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = 0;
}

void
buf_put(struct buf *b, const void *bytes, size_t len)
{
	if (reserve(b, len) < 0 || len == 0)
		return;
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
}

void
buf_put_u8(struct buf *b, uint8_t byte)
{
	buf_put(b, &byte, 1);
}

void
buf_drop(struct buf *b, size_t len)
{
	assert(len <= b->len);
	if (len == 0)
		return;
	memmove(b->data, b->data + len, b->len - len);
	b->len -= len;
}

void
buf_format(struct buf *b, const char *format, ...)
{
	va_list args;
	char small[256], *text = small;
	int len;

	va_start(args, format);
	len = vsnprintf(small, sizeof small, format, args);
	va_end(args);
	assert(len >= 0);
	if ((size_t)len >= sizeof small) {
		text = mem_array((size_t)len + 1, 1);
		va_start(args, format);
		vsnprintf(text, (size_t)len + 1, format, args);
		va_end(args);
	}
	buf_put(b, text, (size_t)len);
	if (text != small)
		free(text);
}
