/* SPDX-License-Identifier: MIT */
#include "node/book.h"

#include <string.h>

#include "base/mem.h"

void
book_init(struct book *b)
{
	memset(b, 0, sizeof(*b));
	b->entries = idmap_new();
}

void
book_fini(struct book *b)
{
	for (struct idmap_item *it = idmap_first(b->entries); it; it = idmap_next(it))
		mem_free(MEM_BOOK_ENTRY, idmap_value(it));
	idmap_free(b->entries);
}

/* Makes room: the oldest entry that was never met goes first, else the oldest. */
static void
forget_one(struct book *b)
{
	struct book_entry *victim = idmap_value(idmap_first(b->entries));

	for (struct idmap_item *it = idmap_first(b->entries); it; it = idmap_next(it)) {
		struct book_entry *e = idmap_value(it);

		if (!e->met) {
			victim = e;
			break;
		}
	}
	idmap_remove(b->entries, &victim->id);
	mem_free(MEM_BOOK_ENTRY, victim);
	b->forgotten++;
}

void
book_learn(
	struct book *b, const struct peer_id *id, const struct address *a, size_t count)
{
	struct address usable[ADDRESSES_MAX];
	struct book_entry *e;
	size_t n = 0;

	for (size_t i = 0; i < count && n < ADDRESSES_MAX; i++)
		if (a[i].family != 0 && a[i].port != 0 && !address_is_any(&a[i]))
			usable[n++] = a[i];
	if (n == 0)
		return;
	e = idmap_find(b->entries, id);
	if (e == NULL) {
		if (idmap_count(b->entries) >= BOOK_ENTRIES_MAX)
			forget_one(b);
		e = mem_new(MEM_BOOK_ENTRY, sizeof(*e));
		e->id = *id;
		idmap_put(b->entries, id, e);
	}
	if (e->met &&
		(e->address_count != n || !address_equal(&e->addresses[0], &usable[0])))
		b->changed = true;
	memcpy(e->addresses, usable, n * sizeof(usable[0]));
	e->address_count = n;
}

void
book_follow(
	struct book *b, const struct peer_id *id, const struct address *a, size_t count)
{
	const struct book_entry *e = idmap_find(b->entries, id);
	size_t same = 0;

	while (e != NULL && same < count && same < e->address_count &&
		address_equal(&e->addresses[same], &a[same]))
		same++;
	if (same < count)
		book_learn(b, id, a, count);
}

void
book_met(struct book *b, const struct peer_id *id)
{
	struct book_entry *e = idmap_find(b->entries, id);

	if (e == NULL || e->met)
		return;
	e->met = true;
	b->changed = true;
}

void
book_foreign(struct book *b, const struct peer_id *id, bool foreign)
{
	struct book_entry *e = idmap_find(b->entries, id);

	if (e != NULL)
		e->foreign = foreign;
}

const struct book_entry *
book_find(const struct book *b, const struct peer_id *id)
{
	return idmap_find(b->entries, id);
}
