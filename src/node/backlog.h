/* SPDX-License-Identifier: MIT */
#ifndef NODE_BACKLOG_H
#define NODE_BACKLOG_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"

/*
 * Gossip bodies that wait for a link: records of topic[32], length u32 of this machine,
 * body, one after the other in a bounded buffer. Never on the wire.
 */
/* False, and nothing changed, when the buffer's bound would be passed. */
bool backlog_put(
	struct buf *b, const struct peer_id *topic, const void *body, size_t len);
/* Takes the first record off the view; `body` aliases the buffer. */
bool backlog_next(struct view *v, struct peer_id *topic, struct view *body);

#endif
