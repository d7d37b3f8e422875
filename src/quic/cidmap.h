/* SPDX-License-Identifier: MIT */
#ifndef QUIC_CIDMAP_H
#define QUIC_CIDMAP_H

#include <stddef.h>
#include <stdint.h>

/*
 * From connection ids (or stateless reset tokens) to whom they belong. The hash is keyed
 * (crypto_shorthash): the client's first destination id is chosen by a stranger. Each
 * owner chains its own entries, so they are removed by owner and the end of an old
 * connection never takes an entry of a new one along.
 */
struct cidmap;
struct cidmap_entry;

#define CIDMAP_KEY_LEN_MAX 20	/* RFC 9000 17.2; tokens have 16 */

enum cidmap_kind { CIDMAP_CONN, CIDMAP_TOMBSTONE };

/* Embedded by whoever owns entries; `of` is the object around it. */
struct cidmap_owner {
	enum cidmap_kind kind;
	void *of;
	struct cidmap_entry *first;
};

struct cidmap *cidmap_new(void);
void cidmap_free(struct cidmap *m);	/* all owners have been cleared; accepts NULL */
size_t cidmap_count(const struct cidmap *m);
struct cidmap_owner *cidmap_find(const struct cidmap *m, const uint8_t *key, size_t len);
/* No-op when the key is there already (its owner keeps it) or longer than the maximum. */
void cidmap_put(struct cidmap *m, struct cidmap_owner *o, const uint8_t *key, size_t len);
/* No-op when the key is absent or belongs to another owner. */
void cidmap_remove(
	struct cidmap *m, struct cidmap_owner *o, const uint8_t *key, size_t len);
/* All entries of `from` belong to `to` afterwards. */
void cidmap_move(struct cidmap_owner *from, struct cidmap_owner *to);
void cidmap_clear(struct cidmap *m, struct cidmap_owner *o);

#endif
