/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/blake3.h"
#include "base/mem.h"
#include "node/resolve.h"
#include "node/state.h"

struct kept {
	struct peer_id key;
	uint64_t at_ns;
	enum delivery status;
	char why[DELIVERY_WHY_CAP];
	size_t count;
	struct resolved_node nodes[];
};

static struct peer_id
key_of(const char *pattern)
{
	struct peer_id key;

	blake3(key.bytes, pattern, strlen(pattern));
	return key;
}

static void
forget(struct resolve *r, struct kept *k)
{
	idmap_remove(r->kept, &k->key);
	mem_free(MEM_RESOLVED, k);
}

/* They were put in in the order of their time. */
static void
forget_old(struct resolve *r, uint64_t now_ns)
{
	struct idmap_item *it;

	while ((it = idmap_first(r->kept)) != NULL) {
		struct kept *k = idmap_value(it);

		if (now_ns < k->at_ns + RESOLVE_KEPT)
			return;
		forget(r, k);
	}
}

bool
resolve_kept_find(
	struct node *n, const char *pattern, struct resolved *r, uint64_t now_ns)
{
	struct peer_id key = key_of(pattern);
	const struct kept *k;

	forget_old(&n->resolve, now_ns);
	k = idmap_find(n->resolve.kept, &key);
	if (k == NULL)
		return false;
	r->status = k->status;
	memcpy(r->why, k->why, sizeof(r->why));
	r->count = k->count;
	for (size_t i = 0; i < k->count; i++) {
		r->nodes[i] = k->nodes[i];
		r->nodes[i].age_ms += (uint32_t)((now_ns - k->at_ns) / NS_PER_MS);
	}
	n->resolve.kept_used++;
	return true;
}

void
resolve_kept_put(
	struct node *n, const char *pattern, const struct resolved *r, uint64_t now_ns)
{
	struct resolve *all = &n->resolve;
	struct peer_id key = key_of(pattern);
	struct kept *k = idmap_find(all->kept, &key);

	forget_old(all, now_ns);
	k = idmap_find(all->kept, &key);
	if (k != NULL)
		forget(all, k);
	if (idmap_count(all->kept) == RESOLVE_KEPT_MAX) {
		forget(all, idmap_value(idmap_first(all->kept)));
		all->kept_full++;
	}
	k = mem_new(MEM_RESOLVED, sizeof(*k) + r->count * sizeof(k->nodes[0]));
	k->key = key;
	k->at_ns = now_ns;
	k->status = r->status;
	memcpy(k->why, r->why, sizeof(k->why));
	k->count = r->count;
	memcpy(k->nodes, r->nodes, r->count * sizeof(k->nodes[0]));
	idmap_put(all->kept, &key, k);
}

void
resolve_kept_fini(struct resolve *r)
{
	forget_old(r, NEVER);
	idmap_free(r->kept);
}
