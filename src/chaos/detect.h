/* SPDX-License-Identifier: MIT */
#ifndef CHAOS_DETECT_H
#define CHAOS_DETECT_H

#include "chaos/catalog.h"
#include "wire/lifeline.h"

/*
 * What one node sees of another, and whether that is an effect. Pure functions over the
 * answers that nodes gave; nothing here knows what was ordered, let alone that it was
 * carried out.
 */
struct sight {
	/* In the directory of the witness. */
	bool listed;
	uint8_t liveness;
	bool degraded;		/* its digest says so */
	uint64_t incarnation;
	bool edge_known, edge;	/* its digest names the other end of a pair */
	/* The link of the witness with it. */
	bool linked, dialed;	/* dialed: by the witness */
	uint16_t port;		/* where the witness sees it */
	uint32_t rtt_100us, silent_ms;
	uint64_t sent, received;	/* packets */
	bool clocked;		/* it answered a PING on this link */
	int64_t skew_ms;	/* its wall clock less that of the witness */
	/* The same link as counted at the other end. */
	bool counted;
	uint64_t their_sent, their_received;
};

/*
 * `other`: the other end of a pair, or NULL. `theirs`: the view of the target, or NULL;
 * only its packet counters for this link are taken from it.
 */
void detect_sight(struct sight *s, const struct lifeline_view *witness,
	const struct peer_id *witness_id, const struct peer_id *target,
	const struct peer_id *other, const struct lifeline_view *theirs);

/* What a primitive was told, for its predicates. Values as catalog_param has them. */
struct detect_terms {
	enum primitive primitive;
	int64_t params[PARAMS];
	bool end;		/* the witness is the other end of a pair */
};

/* Whether this sight can be compared at all: what `before` has to show. */
bool detect_usable(const struct detect_terms *t, const struct sight *before);
/*
 * for_ns: how long the witness has had no link with it, since the fault was ordered. A
 * link that is closed and made again at once is no effect of anything.
 */
bool detect_effect(const struct detect_terms *t, const struct sight *before,
	const struct sight *now, uint64_t for_ns);
/* `mark`: a sight of the moment at which it was over; for_ns: since then. */
bool detect_recovered(const struct detect_terms *t, const struct sight *before,
	const struct sight *mark, const struct sight *now, uint64_t for_ns);
/* Its target was lost, though it should not be. */
bool detect_lost(const struct detect_terms *t, const struct sight *now);

/*
 * Packets of both directions that were sent and did not arrive, in 1/10000, between two
 * sights of one link; -1 when fewer than packets_min were sent.
 */
int detect_loss(const struct sight *from, const struct sight *to, uint64_t packets_min);

/* "live, linked, 12.3ms", for evidence. */
#define DETECT_TEXT_CAP 160
char *detect_text(const struct sight *s, char to[static DETECT_TEXT_CAP]);

#endif
