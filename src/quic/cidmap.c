/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <sodium.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "quic/cidmap.h"

struct cidmap_entry {
	struct cidmap_owner *owner;
	struct cidmap_entry *prev, *next;	/* the owner's chain */
	uint8_t len;
	uint8_t key[CIDMAP_KEY_LEN_MAX];
	UT_hash_handle hh;
};

struct cidmap {
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	struct cidmap_entry *entries;
};

static unsigned
hash_of(const struct cidmap *m, const uint8_t *key, size_t len)
{
	uint8_t out[crypto_shorthash_BYTES];
	unsigned value;

	crypto_shorthash(out, key, len, m->hash_key);
	memcpy(&value, out, sizeof value);
	return value;
}

static struct cidmap_entry *
find_entry(const struct cidmap *m, const uint8_t *key, size_t len)
{
	struct cidmap_entry *found = NULL;

	if (len > CIDMAP_KEY_LEN_MAX)
		return NULL;
	HASH_FIND_BYHASHVALUE(hh, m->entries, key, len, hash_of(m, key, len), found);
	return found;
}

static void
drop_entry(struct cidmap *m, struct cidmap_entry *it)
{
	if (it->prev)
		it->prev->next = it->next;
	else
		it->owner->first = it->next;
	if (it->next)
		it->next->prev = it->prev;
	HASH_DELETE(hh, m->entries, it);
	free(it);
}

struct cidmap *
cidmap_new(void)
{
	struct cidmap *m = mem_array(1, sizeof *m);

	randombytes_buf(m->hash_key, sizeof m->hash_key);
	return m;
}

void
cidmap_free(struct cidmap *m)
{
	assert(m == NULL || m->entries == NULL);
	free(m);
}

size_t
cidmap_count(const struct cidmap *m)
{
	return HASH_COUNT(m->entries);
}

struct cidmap_owner *
cidmap_find(const struct cidmap *m, const uint8_t *key, size_t len)
{
	struct cidmap_entry *it = find_entry(m, key, len);

	return it ? it->owner : NULL;
}

void
cidmap_put(struct cidmap *m, struct cidmap_owner *o, const uint8_t *key, size_t len)
{
	struct cidmap_entry *it;

	if (len > CIDMAP_KEY_LEN_MAX || find_entry(m, key, len))
		return;
	it = mem_array(1, sizeof *it);
	it->owner = o;
	it->len = (uint8_t)len;
	memcpy(it->key, key, len);
	it->next = o->first;
	if (o->first)
		o->first->prev = it;
	o->first = it;
	HASH_ADD_KEYPTR_BYHASHVALUE(
		hh, m->entries, it->key, len, hash_of(m, key, len), it);
}

void
cidmap_remove(struct cidmap *m, struct cidmap_owner *o, const uint8_t *key, size_t len)
{
	struct cidmap_entry *it = find_entry(m, key, len);

	if (it && it->owner == o)
		drop_entry(m, it);
}

void
cidmap_move(struct cidmap_owner *from, struct cidmap_owner *to)
{
	struct cidmap_entry *it, *last = NULL;

	for (it = from->first; it; it = it->next) {
		it->owner = to;
		last = it;
	}
	if (last == NULL)
		return;
	last->next = to->first;
	if (to->first)
		to->first->prev = last;
	to->first = from->first;
	from->first = NULL;
}

void
cidmap_clear(struct cidmap *m, struct cidmap_owner *o)
{
	while (o->first)
		drop_entry(m, o->first);
}
