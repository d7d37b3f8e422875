/* SPDX-License-Identifier: MIT */
#include "base/idmap.h"

#include <assert.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

/*
 * uthash expands in our functions, where `m` is the map at hand: each map has a key of
 * its own and no global is needed. The key only places items in buckets; the order of
 * iteration is that of insertion whatever the key is.
 */
#define HASH_FUNCTION(bytes, len, out) ((out) = hash(m, (bytes), (len)))
#define HASH_KEYCMP(a, b, len) memcmp((a), (b), (len))
#define uthash_malloc(size) mem_array(1, size)
#define uthash_free(p, size) free(p)
#include <uthash.h>

struct idmap_item {
	struct peer_id id;
	void *value;
	UT_hash_handle hh;
};

struct idmap {
	uint8_t key[crypto_shorthash_KEYBYTES];
	struct idmap_item *head;
};

static unsigned
hash(const struct idmap *m, const void *bytes, size_t len)
{
	uint8_t out[crypto_shorthash_BYTES];
	unsigned value;

	crypto_shorthash(out, bytes, len, m->key);
	memcpy(&value, out, sizeof value);
	return value;
}

struct idmap *
idmap_new(void)
{
	struct idmap *m = mem_array(1, sizeof *m);

	randombytes_buf(m->key, sizeof m->key);
	return m;
}

void
idmap_free(struct idmap *m)
{
	struct idmap_item *it, *next;

	if (!m)
		return;
	HASH_ITER(hh, m->head, it, next)
	{
		HASH_DEL(m->head, it);
		free(it);
	}
	free(m);
}

size_t
idmap_count(const struct idmap *m)
{
	return HASH_COUNT(m->head);
}

static struct idmap_item *
find(const struct idmap *m, const struct peer_id *id)
{
	struct idmap_item *it;

	HASH_FIND(hh, m->head, id->bytes, sizeof id->bytes, it);
	return it;
}

void *
idmap_find(const struct idmap *m, const struct peer_id *id)
{
	struct idmap_item *it = find(m, id);

	return it ? it->value : NULL;
}

void *
idmap_put(struct idmap *m, const struct peer_id *id, void *value)
{
	struct idmap_item *it = find(m, id);
	void *before;

	assert(value);
	if (it) {
		before = it->value;
		it->value = value;
		return before;
	}
	it = mem_array(1, sizeof *it);
	it->id = *id;
	it->value = value;
	HASH_ADD(hh, m->head, id.bytes, sizeof it->id.bytes, it);
	return NULL;
}

void *
idmap_remove(struct idmap *m, const struct peer_id *id)
{
	struct idmap_item *it = find(m, id);
	void *value;

	if (!it)
		return NULL;
	value = it->value;
	HASH_DEL(m->head, it);
	free(it);
	return value;
}

struct idmap_item *
idmap_first(const struct idmap *m)
{
	return m->head;
}

struct idmap_item *
idmap_next(const struct idmap_item *it)
{
	return it->hh.next;
}

const struct peer_id *
idmap_id(const struct idmap_item *it)
{
	return &it->id;
}

void *
idmap_value(const struct idmap_item *it)
{
	return it->value;
}
