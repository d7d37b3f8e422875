/* SPDX-License-Identifier: MIT */
#ifndef WIRE_CAST_H
#define WIRE_CAST_H

#include "base/buf.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/spread.h"

/*
 * What a node says to its whole mesh and nobody acknowledges: a fourth kind of gossip
 * payload beside those of wire/digest.h and wire/summary.h, version 4, context "meshtui
 * cast 1". body (postcard) = speaker[32], run u64, number u64, sent u64, kind string,
 * body bytes. Casts of one speaker and run are numbered from 1. `sent` is the monotonic
 * clock of the speaker in microseconds: on one machine it is everybody's, elsewhere it
 * says nothing.
 */
#define CAST_LEN_MAX (CAST_BODY_LEN_MAX + 256)

struct cast {
	struct peer_id speaker;
	uint64_t run, number, sent_us;
	char kind[LABEL_LEN_MAX + 1];
	struct view body;	/* at most CAST_BODY_LEN_MAX; aliases what was read */
};

/* The payload is appended to `b`. */
void cast_sign(struct buf *b, const struct cast *c, const struct peer_id *topic,
	const uint8_t secret_key[static 64]);
/* Its form, not the signature. ERR_TRUNCATED, ERR_MALFORMED, ERR_LIMIT. */
int cast_read(struct cast *c, struct view payload);
/*
 * The signature of one that was read. known: the speaker's key was found to be sound
 * before. ERR_SIGNATURE, ERR_MALFORMED: no sound key.
 */
int cast_check(const struct cast *c, struct view payload, const struct peer_id *topic,
	bool known);

/* What a node counted of one run, of all speakers together. */
struct cast_count {
	uint64_t run;
	uint64_t delivered, duplicates;
	uint64_t late;		/* so old that nobody knows whether it came before */
	uint64_t untimed;	/* of the delivered: `sent` was of another clock */
	struct spread took;	/* from `sent` to here */
};
void cast_put_count(struct buf *b, const struct cast_count *c);
/* ERR_TRUNCATED, ERR_MALFORMED. */
int cast_read_count(struct view *v, struct cast_count *c);

#endif
