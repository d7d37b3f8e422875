/* SPDX-License-Identifier: MIT */
#include "gossip/msgcache.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

struct msgcache_entry {
	TAILQ_ENTRY(msgcache_entry) in_seen, in_cached;
	struct peer_id id;
	uint64_t since_ns;
	uint8_t *content; /* NULL: forgotten, or never kept */
	size_t len;
	uint16_t round;
	bool bulk;
};

static void
forget_content(struct msgcache *c, struct msgcache_entry *e)
{
	if (!e->content)
		return;
	TAILQ_REMOVE(&c->cached, e, in_cached);
	c->cached_count--;
	c->cached_bytes -= e->len;
	free(e->content);
	e->content = NULL;
}

static void
forget(struct msgcache *c, struct msgcache_entry *e)
{
	forget_content(c, e);
	TAILQ_REMOVE(&c->seen, e, in_seen);
	c->seen_count--;
	idmap_remove(c->by_id, &e->id);
	mem_free(MEM_MESSAGE, e);
}

static struct msgcache_entry *
add(struct msgcache *c, const struct peer_id *id, uint64_t now_ns)
{
	struct msgcache_entry *e;

	assert(!msgcache_seen(c, id));
	if (c->seen_count >= c->seen_max) {
		forget(c, TAILQ_FIRST(&c->seen));
		c->dropped_seen++;
	}
	e = mem_new(MEM_MESSAGE, sizeof(*e));
	e->id = *id;
	e->since_ns = now_ns;
	TAILQ_INSERT_TAIL(&c->seen, e, in_seen);
	c->seen_count++;
	idmap_put(c->by_id, id, e);
	return e;
}

void
msgcache_init(struct msgcache *c, uint64_t seen_ns, uint64_t cache_ns, size_t seen_max,
	size_t bytes_max)
{
	assert(seen_max > 0);
	*c = (struct msgcache){.seen_ns = seen_ns,
		.cache_ns = cache_ns,
		.seen_max = seen_max,
		.bytes_max = bytes_max};
	c->by_id = idmap_new();
	TAILQ_INIT(&c->seen);
	TAILQ_INIT(&c->cached);
}

void
msgcache_fini(struct msgcache *c)
{
	struct msgcache_entry *e;

	while ((e = TAILQ_FIRST(&c->seen)))
		forget(c, e);
	idmap_free(c->by_id);
	c->by_id = NULL;
}

bool
msgcache_seen(const struct msgcache *c, const struct peer_id *id)
{
	return idmap_find(c->by_id, id) != NULL;
}

void
msgcache_note(struct msgcache *c, const struct peer_id *id, uint64_t now_ns)
{
	add(c, id, now_ns);
}

void
msgcache_put(struct msgcache *c, const struct peer_id *id, struct view content,
	uint16_t round, uint64_t now_ns)
{
	struct msgcache_entry *e = add(c, id, now_ns);

	if (content.len > c->bytes_max) {
		c->dropped_cache++;
		return;
	}
	while (c->cached_bytes + content.len > c->bytes_max) {
		forget_content(c, TAILQ_FIRST(&c->cached));
		c->dropped_cache++;
	}
	e->content = mem_copy(content.data, content.len);
	e->len = content.len;
	e->round = round;
	TAILQ_INSERT_TAIL(&c->cached, e, in_cached);
	c->cached_count++;
	c->cached_bytes += e->len;
}

bool
msgcache_find(const struct msgcache *c, const struct peer_id *id, struct view *content,
	uint16_t *round)
{
	const struct msgcache_entry *e = idmap_find(c->by_id, id);

	if (!e || !e->content)
		return false;
	*content = (struct view){e->content, e->len};
	*round = e->round;
	return true;
}

void
msgcache_mark_bulk(struct msgcache *c, const struct peer_id *id)
{
	struct msgcache_entry *e = idmap_find(c->by_id, id);

	if (e)
		e->bulk = true;
}

bool
msgcache_is_bulk(const struct msgcache *c, const struct peer_id *id)
{
	const struct msgcache_entry *e = idmap_find(c->by_id, id);

	return e && e->bulk;
}

void
msgcache_expire(struct msgcache *c, uint64_t now_ns)
{
	struct msgcache_entry *e;

	while ((e = TAILQ_FIRST(&c->cached)) && now_ns - e->since_ns >= c->cache_ns)
		forget_content(c, e);
	while ((e = TAILQ_FIRST(&c->seen)) && now_ns - e->since_ns >= c->seen_ns)
		forget(c, e);
}
