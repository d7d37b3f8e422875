/* SPDX-License-Identifier: MIT */
#include "node/backlog.h"

#include <string.h>

bool
backlog_put(struct buf *b, const struct peer_id *topic, const void *body, size_t len)
{
	uint32_t n = (uint32_t)len;

	if (b->len + sizeof(*topic) + sizeof(n) + len > b->max)
		return false;
	buf_put(b, topic, sizeof(*topic));
	buf_put(b, &n, sizeof(n));
	buf_put(b, body, len);
	return true;
}

bool
backlog_next(struct view *v, struct peer_id *topic, struct view *body)
{
	uint32_t n;

	if (v->len < sizeof(*topic) + sizeof(n))
		return false;
	memcpy(topic, v->data, sizeof(*topic));
	memcpy(&n, v->data + sizeof(*topic), sizeof(n));
	body->data = v->data + sizeof(*topic) + sizeof(n);
	body->len = n;
	v->data = body->data + n;
	v->len -= sizeof(*topic) + sizeof(n) + n;
	return true;
}
