/* SPDX-License-Identifier: MIT */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/*
 * Seeded randomness for protocol choices (whom to shuffle with, jitter), so that a run
 * replays. ChaCha20 by libsodium's randombytes_buf_deterministic. Never for keys: those
 * come from randombytes_buf.
 */
struct rng {
	uint8_t seed[32];
	uint8_t block[256];
	size_t used;	/* bytes of the block given out */
};

void rng_init(struct rng *r, const uint8_t seed[static 32]);
void rng_init_u64(struct rng *r, uint64_t seed);	/* for tests and simulations */
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t bound);	/* uniform, bound > 0 */
/* value +- percent % of it, uniform; percent <= 100. */
uint64_t rng_jitter(struct rng *r, uint64_t value, unsigned percent);
void rng_bytes(struct rng *r, void *to, size_t len);
/* Shuffles `count` items of `size` bytes (size <= 64) in place. */
void rng_shuffle(struct rng *r, void *items, size_t count, size_t size);

#endif
