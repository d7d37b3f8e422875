/* SPDX-License-Identifier: MIT */
#ifndef NODE_MESSAGES_H
#define NODE_MESSAGES_H

#include "base/id.h"
#include "base/journal.h"
#include "trace/span_store.h"

/*
 * The frames and gossip messages that come and go, while somebody watches them: without
 * a watcher there is no journal, and each frame costs one look at a pointer. Records are
 * watched_message, without their seq. What a WATCH itself sends is not among them: it
 * would record itself.
 */
struct messages;

struct messages *messages_new(const struct span_store *clock);
void messages_free(struct messages *m);		/* accepts NULL */
const struct journal *messages_journal(const struct messages *m);
/* What time it is for the records that follow. */
void messages_at(struct messages *m, uint64_t now_ns);

/* Both accept NULL and do nothing. The payload is only looked at for its summary. */
void messages_frame(struct messages *m, bool sent, const struct peer_id *peer,
	uint8_t tag, const void *payload, size_t len);
void messages_gossip(struct messages *m, bool sent, const struct peer_id *peer,
	const void *body, size_t len);

#endif
