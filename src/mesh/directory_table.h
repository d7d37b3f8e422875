/* SPDX-License-Identifier: MIT */
#ifndef MESH_DIRECTORY_TABLE_H
#define MESH_DIRECTORY_TABLE_H

#include <sys/queue.h>

#include "base/heap.h"
#include "base/idmap.h"
#include "base/ring.h"
#include "mesh/directory.h"

/*
 * Inside of the directory; only src/mesh includes this. The table knows the entries by
 * id, by the 8-byte prefix and in order of (type, id), and counts them; liveness.h
 * decides what they are.
 */
struct directory_slot {
	struct directory_entry entry;	/* first: a public entry is a slot */
	struct heap_entry timer;	/* when liveness has to look at it again */
	uint8_t *payload;		/* what entry.payload views */
	struct directory_slot *same_prefix;	/* next with the same 8 bytes */
	uint64_t heard_ns;		/* received_ns, and what was excused */
	uint64_t first_ns;		/* when its first digest came */
	uint64_t told_seq;		/* of the last one that was no routine */
	bool newcomer;			/* in directory.newcomers */
	TAILQ_ENTRY(directory_slot) by_arrival;
	struct {
		uint64_t incarnation, seq;
	} about[ACCUSERS_MAX];		/* the state each accuser spoke of */
};

/*
 * What is kept of a node after its removal, so that an old digest cannot bring it back.
 */
struct directory_departed {
	uint64_t incarnation, seq;
};

struct directory {
	struct directory_config config;
	struct idmap *by_id;		/* to slots */
	struct idmap *by_prefix;	/* to the first slot of a chain */
	struct idmap *departed;		/* oldest first; DIRECTORY_DEPARTED_MAX */
	struct directory_slot **order;		/* by (type, id) */
	/* Heard for less than DIRECTORY_ESTABLISHED; the earliest first. */
	TAILQ_HEAD(, directory_slot) newcomers;
	size_t count, cap;
	struct heap timers;
	struct ring changes;
	struct directory_stats stats;
	size_t accused_count;			/* slots with an accuser */
	bool self_accused;
	struct accusation self_accusation;
};

struct directory_slot *directory_table_find(const struct directory *d,
	const struct peer_id *id);
/* The place in `order` of this type and id, or where it belongs. */
size_t directory_table_place(const struct directory *d, const char *type,
	const struct peer_id *id);
bool directory_table_full(const struct directory *d);
/*
 * Of a full table: what is gone or left for longest, else the earliest newcomer, else
 * NULL. A flood of new identities so takes the places of its own kind: whoever has been
 * heard for a while keeps his.
 */
struct directory_slot *directory_table_dispensable(const struct directory *d);
/* A newer digest came: after DIRECTORY_ESTABLISHED it is no newcomer any more. */
void directory_table_heard(struct directory *d, struct directory_slot *s,
	uint64_t now_ns);
/* A new slot with this digest, not counted yet. */
struct directory_slot *directory_table_add(struct directory *d, const struct digest *g,
	uint64_t now_ns);
/*
 * Another digest of the same id; the slot must not be counted while its digest changes.
 */
void directory_table_set(struct directory *d, struct directory_slot *s,
	const struct digest *g);
/* Takes the slot out and frees it; remembers it as departed. */
void directory_table_remove(struct directory *d, struct directory_slot *s);
void directory_table_clear(struct directory *d);

/* Into and out of by_liveness and observers. */
void directory_table_count(struct directory *d, const struct directory_slot *s);
void directory_table_uncount(struct directory *d, const struct directory_slot *s);
/* Flags or clears name_collides around this slot. */
void directory_table_collisions(struct directory *d, const struct directory_slot *s);

/* True when (incarnation, seq) of a is smaller than that of b. */
bool directory_table_older(uint64_t a_incarnation, uint64_t a_seq, uint64_t b_incarnation,
	uint64_t b_seq);

#endif
