/* SPDX-License-Identifier: MIT */
#include "base/spread.h"

#include <stddef.h>

/* 0 to 3 have classes of their own, then come the quarters of each power of two. */
static size_t
class_of(uint64_t us)
{
	unsigned power;
	size_t at;

	if (us < 4)
		return (size_t)us;
	power = 63 - (unsigned)__builtin_clzll(us);
	at = (power - 1) * 4 + (size_t)(us >> (power - 2) & 3);
	return at < SPREAD_CLASSES ? at : SPREAD_CLASSES - 1;
}

/* The largest time that belongs to a class. */
static uint64_t
end_of(size_t at)
{
	unsigned power = (unsigned)(at / 4) + 1;

	if (at < 4)
		return at;
	return (((uint64_t)at % 4 + 5) << (power - 2)) - 1;
}

void
spread_add(struct spread *s, uint64_t us)
{
	s->at[class_of(us)]++;
	s->count++;
	if (us > s->max_us)
		s->max_us = us;
}

void
spread_merge(struct spread *to, const struct spread *from)
{
	for (size_t i = 0; i < SPREAD_CLASSES; i++)
		to->at[i] += from->at[i];
	to->count += from->count;
	if (from->max_us > to->max_us)
		to->max_us = from->max_us;
}

uint64_t
spread_percentile(const struct spread *s, unsigned percent)
{
	uint64_t below = 0, wanted = (s->count * percent + 99) / 100;

	for (size_t i = 0; i + 1 < SPREAD_CLASSES && s->count > 0; i++) {
		below += s->at[i];
		if (below >= wanted && below > 0)
			return end_of(i) < s->max_us ? end_of(i) : s->max_us;
	}
	return s->max_us;
}
