/* SPDX-License-Identifier: MIT */
#ifndef NODE_SEEDS_H
#define NODE_SEEDS_H

#include "base/limits.h"
#include "base/rng.h"
#include "identity/name.h"

/*
 * Places to look for peers: seeds from the command line, peers remembered from an
 * earlier life, nodes found later. Each has a back-off of 1, 2, 4, 8, 16, 30 s with +-20
 * % jitter; after ten attempts that is said once and slow probing goes on every 30 s for
 * ever (F22-F25). Pure: it says whom to contact; the node does it and reports how it
 * went.
 */
#define SEEDS_TABLE_MAX (SEEDS_MAX + REMEMBERED_PEERS_MAX)
#define SEEDS_GIVE_UP 10
#define SEEDS_HEAL_EVERY SECONDS(30)

struct seed_entry {
	struct seed seed;
	char mesh[LABEL_LEN_MAX + 1];	/* "" while not known */
	bool configured;		/* by a person, not remembered */
	unsigned attempts;		/* since the last success */
	uint64_t due_ns;		/* when it may be contacted again */
	bool pending;			/* contacted, no result yet */
};

struct seeds {
	struct seed_entry entries[SEEDS_TABLE_MAX];
	size_t count;
	struct rng rng;
};

void seeds_init(struct seeds *s, const uint8_t random_seed[static 32]);
/*
 * A known id gets the new address. When full, a remembered one that was given up makes
 * room. ERR_LIMIT when there is none, ERR_EXISTS when nothing was new.
 */
int seeds_add(struct seeds *s, const struct seed *seed, const char *mesh, bool configured,
	uint64_t now_ns);
/*
 * The next one that is due and for which `wanted` says yes, or NULL; it is pending then
 * until seeds_result. With `any` also those whose back-off runs (for healing).
 */
typedef bool seeds_wanted(const void *ctx, const struct seed_entry *e);
struct seed_entry *seeds_next(struct seeds *s, uint64_t now_ns, seeds_wanted *wanted,
	const void *ctx);
/* When the next wanted one is due, NEVER when there is none. */
uint64_t seeds_due(const struct seeds *s, seeds_wanted *wanted, const void *ctx);
struct seed_entry *seeds_find(struct seeds *s, const struct peer_id *id);
/* No place to look any more; not known: no-op. Moves another entry. */
void seeds_remove(struct seeds *s, const struct peer_id *id);
/*
 * True when this failure was the tenth: it is said that we give up hope, and go on
 * slowly.
 */
bool seeds_result(struct seeds *s, const struct peer_id *id, bool reached,
	uint64_t now_ns);

#endif
