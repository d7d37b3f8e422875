/* SPDX-License-Identifier: MIT */
#ifndef MESH_BACKBONE_H
#define MESH_BACKBONE_H

#include "mesh/directory.h"
#include "wire/summary.h"

/*
 * What a gateway or an observer believes about the meshes of its fabric (PROTOCOL.md 7).
 * It is fed by signed summaries and the clock: no digest of another mesh is ever in here,
 * and nothing of here is ever in a directory. Ages are of our own receive time.
 *
 * Whoever holds the fabric key may speak for any mesh; a summary says who spoke. So the
 * summary that is shown is followed by those alone whom it names as gateways of its mesh.
 * Another speaker is a rival: who it names is asked when the others have no answer, and
 * its summary is shown when they fall silent, or when it was the one with an answer. A
 * liar is so visible, and costs others a wrong count or a question in vain: what is sent
 * goes only to a node whose digest was signed for the topic of its mesh.
 */
struct backbone;

enum backbone_state {
	BACKBONE_HEARD,		/* a gateway of it spoke within BACKBONE_SILENT */
	BACKBONE_UNREACHABLE,	/* none did: since when is in since_ns */
	BACKBONE_NAMED,		/* somebody said its name, no gateway ever spoke for it */
	BACKBONE_STATES
};
const char *backbone_state_text(enum backbone_state s);	/* "heard", ... */

struct backbone_speaker {
	struct peer_id id;
	uint64_t incarnation, seq, heard_ns;
	struct summary_gateway gateways[SUMMARY_GATEWAYS_MAX];	/* whom it names */
	size_t gateway_count;
};

struct backbone_mesh {
	struct summary summary;		/* the one shown; has the mesh's name always */
	struct view payload;		/* as it came; empty while NAMED */
	enum backbone_state state;
	uint64_t received_ns;		/* when that summary came, or the name */
	uint64_t since_ns;		/* when the state last changed */
	struct backbone_speaker speakers[BACKBONE_SPEAKERS_MAX];
	size_t speaker_count;
	uint64_t summaries;		/* heard ever */
};

/* Owned by the caller; backbone_free also accepts NULL. */
struct backbone *backbone_new(const struct peer_id *topic);
void backbone_free(struct backbone *b);

/*
 * Verifies and applies a payload. ERR_STALE (not newer of this speaker), ERR_SIGNATURE,
 * ERR_LIMIT (as many meshes as fit are heard; else the longest silent makes room),
 * ERR_FOREIGN (a digest or an accusation: counted apart, for it must never come here),
 * ERR_MALFORMED. Every refusal is counted.
 */
int backbone_apply(struct backbone *b, struct view payload, uint64_t now_ns);
/* The summary that was applied last, shown or not; or NULL. */
const struct summary *backbone_newest(const struct backbone *b);
/* The rivals of the summary that is shown which are heard; NULL: no more than `at`. */
const struct backbone_speaker *backbone_rival(
	const struct backbone_mesh *m, size_t at, uint64_t now_ns);
/* This gateway had an answer of its mesh, and others perhaps had not. */
void backbone_answered(
	struct backbone *b, const char *mesh, const struct peer_id *gateway);
/* Somebody named this mesh: a HELLO, a seed. Known already: nothing happens. */
void backbone_mention(struct backbone *b, const char *mesh, uint64_t now_ns);

/* Appearances and changes of state since the last call, oldest first. */
struct backbone_change {
	char mesh[LABEL_LEN_MAX + 1];
	bool appeared, removed;
	enum backbone_state to;
	uint64_t at_ns;
};
size_t backbone_tick(struct backbone *b, uint64_t now_ns, struct backbone_change *to,
	size_t cap);
uint64_t backbone_deadline(const struct backbone *b);
/* We ourselves did not listen for so long; see directory_excuse. */
void backbone_excuse(struct backbone *b, uint64_t gap_ns);

/* By name. Pointers live until the next apply, mention or tick. */
size_t backbone_count(const struct backbone *b);
const struct backbone_mesh *backbone_at(const struct backbone *b, size_t i);
const struct backbone_mesh *backbone_find(const struct backbone *b, const char *mesh);
/* Why nobody can be reached there: one sentence with the mesh's name and an age. */
#define BACKBONE_WHY_CAP 200
char *backbone_why(const struct backbone *b, const char *mesh, uint64_t now_ns,
	char to[static BACKBONE_WHY_CAP]);

/*
 * Whether this gateway has to speak: of the gateways of a mesh the two with the smallest
 * ids do. `before` are the live ones with smaller ids, by our directory; one of them
 * counts when it was heard within BACKBONE_TAKEOVER, or when we listen for less than that
 * and it can't have been heard yet.
 */
bool backbone_must_speak(const struct backbone *b, const char *mesh,
	const struct peer_id *before, size_t count, uint64_t listening_ns,
	uint64_t now_ns);
/* Everything but speaker, incarnation and seq, from what we believe of our own mesh. */
void backbone_summarize(
	struct summary *s, const char *mesh, const struct directory *d);

struct backbone_stats {
	uint64_t applied, stale, bad_signature, malformed, full, foreign;
	uint64_t disputed;	/* of rivals: applied, and not shown */
	uint64_t bytes;		/* of summaries heard, as payloads */
};
void backbone_stats(const struct backbone *b, struct backbone_stats *s);

#endif
