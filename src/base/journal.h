/* SPDX-License-Identifier: MIT */
#ifndef BASE_JOURNAL_H
#define BASE_JOURNAL_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Records of any length in memory of one size: a new one drops the oldest until it
 * fits. Records are numbered 1, 2, ... for ever, so a reader knows what it missed. The
 * memory is allocated with the first record and never grows.
 */
struct journal {
	uint8_t *bytes;
	size_t cap;
	size_t first, end;	/* offsets of the oldest record, and after the newest */
	uint64_t first_seq;	/* of the oldest kept; next_seq when there is none */
	uint64_t next_seq;	/* of the record that comes next */
};

/* Where a reader is: {0} begins with the oldest kept and has missed nothing. */
struct journal_cursor {
	uint64_t seq;		/* the next to read; 0: whatever is the oldest */
	size_t at;
};

void journal_init(struct journal *j, size_t cap);
void journal_fini(struct journal *j);
/* Its number; 0 when it is longer than the journal can hold. */
uint64_t journal_put(struct journal *j, const void *bytes, size_t len);
size_t journal_count(const struct journal *j);
/*
 * A cursor whose next record is `seq`. What is kept no more counts as lost when it is
 * read; with seq 0 it does not.
 */
struct journal_cursor journal_seek(const struct journal *j, uint64_t seq);
/* A cursor for what is yet to come. */
struct journal_cursor journal_end(const struct journal *j);
/*
 * The next record, its number in *seq. False when there is none. What was dropped before
 * the reader came to it is added to *lost. The view lives until the next put.
 */
bool journal_next(const struct journal *j, struct journal_cursor *c, struct view *record,
	uint64_t *seq, uint64_t *lost);

#endif
