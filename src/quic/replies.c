/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/mem.h"
#include "quic/replies.h"

struct reply {
	STAILQ_ENTRY(reply) link;
	struct path path;
	size_t len;
	uint8_t bytes[];
};

static struct reply *
take_first(struct endpoint *e)
{
	struct reply *r = STAILQ_FIRST(&e->replies);

	if (r) {
		STAILQ_REMOVE_HEAD(&e->replies, link);
		e->replies_count--;
	}
	return r;
}

void
replies_init(struct endpoint *e)
{
	STAILQ_INIT(&e->replies);
}

void
replies_fini(struct endpoint *e)
{
	struct reply *r;

	while ((r = take_first(e)) != NULL)
		mem_free(MEM_REPLY, r);
}

void
replies_push(
	struct endpoint *e, const struct path *path, const uint8_t *bytes, size_t len)
{
	struct reply *r;

	if (e->replies_count >= QUIC_REPLIES_MAX) {
		e->stats.dropped_replies++;
		return;
	}
	r = mem_new(MEM_REPLY, sizeof *r + len);
	r->path = *path;
	r->len = len;
	memcpy(r->bytes, bytes, len);
	STAILQ_INSERT_TAIL(&e->replies, r, link);
	e->replies_count++;
}

size_t
replies_next(struct endpoint *e, uint8_t *to, size_t cap, struct path *path)
{
	struct reply *r = take_first(e);
	size_t len;

	if (r == NULL)
		return 0;
	len = r->len < cap ? r->len : cap;
	memcpy(to, r->bytes, len);
	*path = r->path;
	mem_free(MEM_REPLY, r);
	return len;
}
