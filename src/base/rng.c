/* SPDX-License-Identifier: MIT */
#include "base/rng.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

/* The next seed is taken from the same stream and never given out: fast key erasure. */
static void
refill(struct rng *r)
{
	uint8_t fresh[sizeof r->seed + sizeof r->block];

	randombytes_buf_deterministic(fresh, sizeof fresh, r->seed);
	memcpy(r->seed, fresh, sizeof r->seed);
	memcpy(r->block, fresh + sizeof r->seed, sizeof r->block);
	r->used = 0;
}

void
rng_init(struct rng *r, const uint8_t seed[static 32])
{
	memset(r, 0, sizeof *r);
	memcpy(r->seed, seed, sizeof r->seed);
	r->used = sizeof r->block;
}

void
rng_init_u64(struct rng *r, uint64_t seed)
{
	uint8_t bytes[32] = {0};

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(seed >> (8 * i));
	rng_init(r, bytes);
}

void
rng_bytes(struct rng *r, void *to, size_t len)
{
	uint8_t *out = to;

	while (len > 0) {
		size_t n = sizeof r->block - r->used;

		if (n == 0) {
			refill(r);
			continue;
		}
		if (n > len)
			n = len;
		memcpy(out, r->block + r->used, n);
		r->used += n;
		out += n;
		len -= n;
	}
}

uint64_t
rng_u64(struct rng *r)
{
	uint8_t bytes[8];
	uint64_t value = 0;

	rng_bytes(r, bytes, sizeof bytes);
	for (int i = 0; i < 8; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

uint64_t
rng_below(struct rng *r, uint64_t bound)
{
	uint64_t value, unfair;

	assert(bound > 0);
	/* 2^64 mod bound: values below it would make small results more likely. */
	unfair = -bound % bound;
	do
		value = rng_u64(r);
	while (value < unfair);
	return value % bound;
}

uint64_t
rng_jitter(struct rng *r, uint64_t value, unsigned percent)
{
	uint64_t span, low, high;

	assert(percent <= 100);
	span = value / 100 * percent + value % 100 * percent / 100;
	low = value - span;
	high = span > UINT64_MAX - value ? UINT64_MAX : value + span;
	if (low == 0 && high == UINT64_MAX)
		return rng_u64(r);
	return low + rng_below(r, high - low + 1);
}

void
rng_shuffle(struct rng *r, void *items, size_t count, size_t size)
{
	uint8_t *at = items, swap[64];

	assert(size <= sizeof swap);
	for (size_t i = count; i > 1; i--) {
		size_t j = rng_below(r, i);

		if (j == i - 1)
			continue;
		memcpy(swap, at + j * size, size);
		memcpy(at + j * size, at + (i - 1) * size, size);
		memcpy(at + (i - 1) * size, swap, size);
	}
}
