/* SPDX-License-Identifier: MIT */
#ifndef TRACE_WATERFALL_H
#define TRACE_WATERFALL_H

#include "wire/span.h"

/*
 * A set of spans as rows: parents before their children, in order of time. Raw times: no
 * row is moved to where it would look better.
 */
struct waterfall_row {
	const struct span *span;
	unsigned depth;
	uint64_t begin_us, end_us;	/* end of an open one: of the scale, or later */
	bool orphan;			/* its parent is not in the set */
};

struct waterfall {
	struct waterfall_row rows[WATERFALL_ROWS_MAX];
	size_t count;
	/*
	 * What bars are drawn against: the first span without a parent, if it has ended;
	 * else everything, up to now.
	 */
	uint64_t from_us, to_us;
	size_t open, failed, orphans;
	uint64_t lost;
};

/*
 * now_us: how late it is in the set's own time, as far as one knows; open spans last
 * until then. Lives as long as the set.
 */
void waterfall_build(struct waterfall *w, const struct span_set *s, uint64_t now_us);

/* Where the bar of a row is among `width` cells; at least one cell, never outside. */
struct waterfall_bar {
	int from, len;
	bool beyond;	/* it goes on after the scale's end */
};
struct waterfall_bar waterfall_bar(
	const struct waterfall *w, const struct waterfall_row *row, int width);

#endif
