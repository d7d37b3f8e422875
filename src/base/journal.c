/* SPDX-License-Identifier: MIT */
#include "base/journal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/*
 * Each record is a length and its bytes, in one piece. Where the end has no room for one,
 * the rest is skipped: by a length of SKIP, or because not even a length fits.
 */
#define HEAD sizeof(uint32_t)
#define SKIP UINT32_MAX

void
journal_init(struct journal *j, size_t cap)
{
	assert(cap > HEAD && cap < SKIP);
	*j = (struct journal){ .cap = cap, .first_seq = 1, .next_seq = 1 };
}

void
journal_fini(struct journal *j)
{
	free(j->bytes);
	j->bytes = NULL;
}

static uint32_t
len_at(const struct journal *j, size_t at)
{
	uint32_t len = SKIP;

	if (j->cap - at >= HEAD)
		memcpy(&len, j->bytes + at, HEAD);
	return len;
}

/* Where the record that begins at or is skipped to from `at` is. */
static size_t
settle(const struct journal *j, size_t at)
{
	return len_at(j, at) == SKIP ? 0 : at;
}

size_t
journal_count(const struct journal *j)
{
	return (size_t)(j->next_seq - j->first_seq);
}

static void
drop_oldest(struct journal *j)
{
	size_t at = settle(j, j->first);

	j->first = at + HEAD + len_at(j, at);
	j->first_seq++;
	if (journal_count(j) == 0)
		j->first = j->end = 0;
	else
		j->first = settle(j, j->first);
}

/* Room in one piece after the newest, without touching the oldest. */
static bool
has_room(const struct journal *j, size_t need)
{
	if (journal_count(j) == 0)
		return true;
	if (j->end > j->first)
		return j->cap - j->end >= need || j->first >= need;
	return j->first - j->end >= need;
}

uint64_t
journal_put(struct journal *j, const void *bytes, size_t len)
{
	size_t need = HEAD + len;
	uint32_t head = (uint32_t)len, skip = SKIP;

	if (len > j->cap - HEAD)
		return 0;
	if (j->bytes == NULL)
		j->bytes = mem_array(1, j->cap);
	while (!has_room(j, need))
		drop_oldest(j);
	if (j->end >= j->first && j->cap - j->end < need) {
		if (j->cap - j->end >= HEAD)
			memcpy(j->bytes + j->end, &skip, HEAD);
		j->end = 0;
	}
	memcpy(j->bytes + j->end, &head, HEAD);
	if (len > 0)
		memcpy(j->bytes + j->end + HEAD, bytes, len);
	j->end += need;
	return j->next_seq++;
}

struct journal_cursor
journal_end(const struct journal *j)
{
	return (struct journal_cursor){ j->next_seq, j->end };
}

struct journal_cursor
journal_seek(const struct journal *j, uint64_t seq)
{
	struct journal_cursor c = { j->first_seq, j->first };

	if (seq >= j->next_seq)
		return journal_end(j);
	if (seq <= j->first_seq)
		return (struct journal_cursor){ seq, j->first };
	for (; c.seq < seq; c.seq++) {
		c.at = settle(j, c.at);
		c.at += HEAD + len_at(j, c.at);
	}
	return c;
}

bool
journal_next(const struct journal *j, struct journal_cursor *c, struct view *record,
	uint64_t *seq, uint64_t *lost)
{
	if (c->seq <= j->first_seq) {
		if (c->seq != 0)
			*lost += j->first_seq - c->seq;
		c->seq = j->first_seq;
		c->at = j->first;
	}
	if (c->seq >= j->next_seq)
		return false;
	c->at = settle(j, c->at);
	*record = (struct view){ j->bytes + c->at + HEAD, len_at(j, c->at) };
	c->at += HEAD + record->len;
	*seq = c->seq++;
	return true;
}
