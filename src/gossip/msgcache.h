/* SPDX-License-Identifier: MIT */
#ifndef GOSSIP_MSGCACHE_H
#define GOSSIP_MSGCACHE_H

#include <sys/queue.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/idmap.h"

/*
 * Which messages we have had (so that each is delivered once) and, for a shorter time,
 * what was in them (to answer Grafts). Both are bounded; the oldest go first and are
 * counted.
 */
struct msgcache_entry;
TAILQ_HEAD(msgcache_list, msgcache_entry);

struct msgcache {
	struct idmap *by_id;
	struct msgcache_list seen; /* oldest first */
	struct msgcache_list
		cached; /* those that still have their content; oldest first */
	size_t seen_count, cached_count, cached_bytes;
	size_t seen_max, bytes_max;
	uint64_t seen_ns, cache_ns;
	uint64_t dropped_seen, dropped_cache; /* before their time, for want of room */
};

void msgcache_init(struct msgcache *c, uint64_t seen_ns, uint64_t cache_ns,
	size_t seen_max, size_t bytes_max);
void msgcache_fini(struct msgcache *c);

bool msgcache_seen(const struct msgcache *c, const struct peer_id *id);
/* Notes that `id` was seen, without content. The id is not seen yet. */
void msgcache_note(struct msgcache *c, const struct peer_id *id, uint64_t now_ns);
/* Notes and keeps a copy of the content; `round` is the one to send it with. */
void msgcache_put(struct msgcache *c, const struct peer_id *id, struct view content,
	uint16_t round, uint64_t now_ns);
/*
 * False when the content is not (or no more) here. The view lives until the next change.
 */
bool msgcache_find(const struct msgcache *c, const struct peer_id *id,
	struct view *content, uint16_t *round);
/* Of one that was seen: it is bulk, as GOSSIP_IN says. */
void msgcache_mark_bulk(struct msgcache *c, const struct peer_id *id);
bool msgcache_is_bulk(const struct msgcache *c, const struct peer_id *id);
void msgcache_expire(struct msgcache *c, uint64_t now_ns);

#endif
