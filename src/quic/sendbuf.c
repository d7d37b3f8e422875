/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "quic/sendbuf.h"

/* Small frames share a chunk; with its header it fills 2 KiB. */
#define CHUNK_CAP (2048 - sizeof(struct sendbuf_chunk))

struct sendbuf_chunk {
	struct sendbuf_chunk *next;
	uint64_t offset;	/* of its first byte in the stream */
	uint32_t len, cap;
	uint8_t data[];
};

void
sendbuf_put(struct sendbuf *b, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;

	while (len > 0) {
		struct sendbuf_chunk *c = b->last;
		size_t room, cap;

		if (c == NULL || c->len == c->cap) {
			cap = len > CHUNK_CAP ? len : CHUNK_CAP;
			c = mem_new(MEM_CHUNK, sizeof *c + cap);
			c->offset = b->end;
			c->cap = (uint32_t)cap;
			if (b->last)
				b->last->next = c;
			else
				b->first = c;
			b->last = c;
		}
		if (b->at == NULL)
			b->at = c;
		room = c->cap - c->len;
		if (room > len)
			room = len;
		memcpy(c->data + c->len, from, room);
		c->len += (uint32_t)room;
		b->end += room;
		from += room;
		len -= room;
	}
}

size_t
sendbuf_pieces(const struct sendbuf *b, ngtcp2_vec *to, size_t max, bool *whole)
{
	const struct sendbuf_chunk *c;
	uint64_t from = b->sent;
	size_t count = 0;

	for (c = b->at; c && count < max; c = c->next) {
		to[count].base = (uint8_t *)c->data + (from - c->offset);
		to[count].len = c->len - (size_t)(from - c->offset);
		from += to[count++].len;
	}
	*whole = from == b->end;
	return count;
}

void
sendbuf_sent(struct sendbuf *b, size_t len)
{
	assert(len <= b->end - b->sent);
	b->sent += len;
	while (b->at && b->sent >= b->at->offset + b->at->len)
		b->at = b->at->next;
}

void
sendbuf_acked(struct sendbuf *b, uint64_t offset)
{
	struct sendbuf_chunk *c;

	if (offset > b->acked)
		b->acked = offset < b->sent ? offset : b->sent;
	while ((c = b->first) != NULL && c->offset + c->len <= b->acked) {
		b->first = c->next;
		if (b->first == NULL)
			b->last = NULL;
		mem_free(MEM_CHUNK, c);
	}
}

void
sendbuf_fini(struct sendbuf *b)
{
	struct sendbuf_chunk *c;

	while ((c = b->first) != NULL) {
		b->first = c->next;
		mem_free(MEM_CHUNK, c);
	}
	memset(b, 0, sizeof *b);
}
