/* SPDX-License-Identifier: MIT */
#ifndef BASE_IDMAP_H
#define BASE_IDMAP_H

#include <stddef.h>

#include "base/id.h"

/*
 * A map from 32-byte ids to pointers, on uthash with a keyed hash (crypto_shorthash),
 * because strangers choose ids. Iteration is in order of insertion, so a seeded run
 * replays. The map owns no values.
 */
struct idmap;

struct idmap *idmap_new(void);
void idmap_free(struct idmap *m);	/* accepts NULL; values are the caller's */
size_t idmap_count(const struct idmap *m);
void *idmap_find(const struct idmap *m, const struct peer_id *id); /* NULL when absent */
/*
 * Puts or replaces; returns the value that was there before, or NULL. value is not NULL.
 */
void *idmap_put(struct idmap *m, const struct peer_id *id, void *value);
void *idmap_remove(struct idmap *m, const struct peer_id *id);	/* the value, or NULL */

/*
 * for (struct idmap_item *it = idmap_first(m); it; it = idmap_next(it)) ...
 * To remove the item at hand, take idmap_next first.
 */
struct idmap_item;
struct idmap_item *idmap_first(const struct idmap *m);
struct idmap_item *idmap_next(const struct idmap_item *it);
const struct peer_id *idmap_id(const struct idmap_item *it);
void *idmap_value(const struct idmap_item *it);

#endif
