/* SPDX-License-Identifier: MIT */
#ifndef BASE_SPREAD_H
#define BASE_SPREAD_H

#include <stdint.h>

/*
 * How times are spread: counts by size, four classes for each power of two microseconds,
 * so that a percentile is at most a fifth too large and never too small. A value; no
 * memory of its own.
 */
#define SPREAD_CLASSES 108	/* the last: from 134 s on */

struct spread {
	uint64_t count, max_us;
	uint64_t at[SPREAD_CLASSES];
};

void spread_add(struct spread *s, uint64_t us);
void spread_merge(struct spread *to, const struct spread *from);
/*
 * The upper end of the class in which the percentile lies, and never more than the
 * largest; 0 for an empty one. percent: 1 to 100.
 */
uint64_t spread_percentile(const struct spread *s, unsigned percent);

#endif
