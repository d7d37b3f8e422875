/* SPDX-License-Identifier: MIT */
#ifndef MESH_DIRECTORY_H
#define MESH_DIRECTORY_H

#include "base/limits.h"
#include "wire/digest.h"

/*
 * The directory is what this node believes about every node of one mesh. It is fed by
 * signed digests, accusations and the clock and by nothing else: neither the supervisor
 * nor a chaos primitive may write to it, because both are judged by what it says.
 * PROTOCOL.md 6. Ages are of our own monotonic receive time, never of the sender's
 * clock.
 */
struct directory;

enum liveness { LIVENESS_LIVE, LIVENESS_SUSPECT, LIVENESS_GONE, LIVENESS_LEFT,
	LIVENESS_COUNT };
const char *liveness_text(enum liveness l);	/* "live", "suspect", "gone", "left" */

struct directory_accuser {
	struct peer_id id;
	enum accusation_reason reason;
	uint64_t at_ns;
};

struct directory_entry {
	struct digest digest;		/* the newest */
	struct view payload;		/* its signed payload, as it came; for SYNC */
	enum liveness liveness;
	uint64_t received_ns;		/* when that digest came */
	uint64_t since_ns;		/* when the liveness last changed */
	struct directory_accuser accusers[ACCUSERS_MAX];
	size_t accuser_count;
	bool self;
	bool name_collides;		/* another live id has the same 6 hex: show 12 */
};

/* False for an observer: it has an entry, but counts nowhere as a node of the mesh. */
bool directory_is_node(const struct directory_entry *en);

struct directory_config {
	struct peer_id self;		/* zero for an observer: it is in no directory */
	struct peer_id topic;
	/* 8 s, 30 s, 60 s, 2 s; the first two grow with more than 250 entries. */
	uint64_t suspect_ns, gone_ns, forget_ns, accused_gone_ns;
	size_t entries_max;
};
void directory_config_default(struct directory_config *c);

/* Owned by the caller; directory_free also accepts NULL. */
struct directory *directory_new(const struct directory_config *c);
void directory_free(struct directory *d);

/*
 * Verifies and applies a signed payload (digest or accusation). ERR_OK when it was news;
 * ERR_STALE not newer than what is known, ERR_SIGNATURE, ERR_FOREIGN (another mesh's
 * name), ERR_LIMIT (table full), ERR_MALFORMED; ERR_UNKNOWN an accusation of a node we
 * do not know. Every refusal is counted. An accusation by an unknown accuser is refused
 * too, and one by a node that is gone or left itself (ERR_STATE), by an observer
 * (ERR_PERMISSION) or of oneself (ERR_ARGUMENT). When the table is full, what is gone or
 * left for longest makes room, else the earliest of those heard for less than
 * DIRECTORY_ESTABLISHED. A digest that is not newer than that of a node already
 * removed is stale as well.
 */
int directory_apply(struct directory *d, struct view payload, const char *mesh,
	uint64_t now_ns);
/* The same for a digest that we just signed: one in eighteen of an idle mesh of 18. */
int directory_apply_own(struct directory *d, struct view payload, const char *mesh,
	uint64_t now_ns);

/*
 * Whether this looks like the next word of a live node that only says that it goes on:
 * same incarnation, addresses, flags and neighbors; calm, but for one in DIRECTORY_BRISK,
 * by its number: from those gossip learns which ways are quick. Nothing of it is
 * verified, so it may decide how soon a payload travels, and nothing else.
 */
enum directory_pace { PACE_NEWS, PACE_BRISK, PACE_CALM };
enum directory_pace directory_pace(const struct directory *d, struct view payload);
bool directory_is_brisk(const struct peer_id *id, uint64_t seq);

/*
 * Lets time pass; appearances and changes of liveness since the last call, oldest first.
 */
struct directory_change {
	struct peer_id id;
	bool appeared;			/* first seen, or back under a new incarnation */
	bool removed;			/* dropped from the table */
	bool observer;			/* it is no node: its changes count nowhere */
	enum liveness from, to;
	uint64_t at_ns;
	struct peer_id accuser;		/* zero unless an accusation decided it */
	enum accusation_reason reason;
};
size_t directory_tick(struct directory *d, uint64_t now_ns, struct directory_change *to,
	size_t cap);
/*
 * We ourselves did not listen for gap_ns (stopped, or far too busy): that silence is
 * nobody's fault, so all limits move. Call it before the tick that would judge.
 */
void directory_excuse(struct directory *d, uint64_t gap_ns);
/* When tick has something to do; NEVER when nothing is known. */
uint64_t directory_deadline(const struct directory *d);

/* True once after an accusation of ourselves came: answer with a fresh digest at once. */
bool directory_take_accused(struct directory *d, struct accusation *by);

/* Entries in order of (type, id); pointers live until the next apply or tick. */
size_t directory_count(const struct directory *d);
const struct directory_entry *directory_at(const struct directory *d, size_t i);
/* The i of directory_at for an entry of this directory. */
size_t directory_index(const struct directory *d, const struct directory_entry *en);
const struct directory_entry *directory_find(const struct directory *d,
	const struct peer_id *id);
/* By the 8-byte prefix that digests carry for neighbors; NULL when none or ambiguous. */
const struct directory_entry *directory_find_prefix(const struct directory *d,
	const uint8_t prefix[static 8]);
/* Display name with 6 or 12 hex digits. */
char *directory_name(const struct directory_entry *en, char to[static NAME_LEN_MAX + 1]);

struct directory_stats {
	uint64_t applied, stale, bad_signature, foreign, malformed, full, accusations,
		accusations_refused, dropped_changes;
	uint64_t crowded;	/* newcomers that made room for another newcomer */
	uint64_t liveness_changes;	/* of nodes; to appear or to be removed is none */
	size_t by_liveness[LIVENESS_COUNT];	/* nodes now; observers are not in here */
	size_t observers, departed;	/* now */
};
void directory_stats(const struct directory *d, struct directory_stats *s);

#endif
