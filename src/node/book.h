/* SPDX-License-Identifier: MIT */
#ifndef NODE_BOOK_H
#define NODE_BOOK_H

#include "base/idmap.h"
#include "base/limits.h"

/*
 * The address book: where peers can be reached, learned from HELLOs, digests, gossip peer
 * data and seeds. Bounded by BOOK_ENTRIES_MAX; a full book forgets its oldest entry.
 */
struct book_entry {
	struct peer_id id;
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	bool met;	/* we had a link with it: worth remembering over a restart */
	bool foreign;	/* a node of another mesh: to be dialed as a visitor */
};

struct book {
	struct idmap *entries;
	uint64_t forgotten;
	bool changed;	/* what is worth remembering changed */
};

void book_init(struct book *b);
void book_fini(struct book *b);
/*
 * Replaces what is known. Unspecified addresses and port 0 are left out; no address:
 * no-op.
 */
void book_learn(
	struct book *b, const struct peer_id *id, const struct address *a, size_t count);
/*
 * The same, unless these are what is known or the first of it: not all addresses fit into
 * every digest.
 */
void book_follow(
	struct book *b, const struct peer_id *id, const struct address *a, size_t count);
void book_met(struct book *b, const struct peer_id *id);
void book_foreign(struct book *b, const struct peer_id *id, bool foreign);
const struct book_entry *book_find(const struct book *b, const struct peer_id *id);

#endif
