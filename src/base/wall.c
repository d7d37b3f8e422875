/* SPDX-License-Identifier: MIT */
#include "base/wall.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t skew_ms;

uint64_t
wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)(now.tv_nsec / 1000) +
	       (uint64_t)atomic_load_explicit(&skew_ms, memory_order_relaxed) * 1000;
}

uint64_t
wall_ms(void)
{
	return wall_us() / 1000;
}

void
wall_skew(int64_t ms)
{
	atomic_store_explicit(&skew_ms, ms, memory_order_relaxed);
}
