/* SPDX-License-Identifier: MIT */
#ifndef BASE_WALL_H
#define BASE_WALL_H

#include <stdint.h>

/*
 * The wall clock, as the time since 1970. There is no other reader of it in the
 * program, so a skew (FAULT_SKEW) reaches all of it: logs, timelines, spans, digests.
 * Whoever decides by time uses the monotonic clock (io/loop.h).
 */
uint64_t wall_ms(void);
uint64_t wall_us(void);
/* Sets it off for this process from now on, 0 ends that. Any thread may read. */
void wall_skew(int64_t ms);

#endif
