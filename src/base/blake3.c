/* SPDX-License-Identifier: MIT */
#include "base/blake3.h"

#include <string.h>

#define BLOCK_LEN 64
#define CHUNK_LEN 1024
#define DEPTH_MAX 54	/* 2^64 bytes are 2^54 chunks */

/* Domain flags, BLAKE3 paper table 3. */
enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };

static const uint32_t iv[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
	0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static const uint8_t permutation[16] = {
	2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};

/*
 * What a node of the tree is compressed from; kept whole, because only the last one is
 * ROOT.
 */
struct output {
	uint32_t cv[8];
	uint32_t words[16];
	uint64_t counter;
	uint32_t len, flags;
};

static uint32_t
rotate(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void
mix(uint32_t *v, int a, int b, int c, int d, uint32_t x, uint32_t y)
{
	v[a] += v[b] + x;
	v[d] = rotate(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = rotate(v[b] ^ v[c], 12);
	v[a] += v[b] + y;
	v[d] = rotate(v[d] ^ v[a], 8);
	v[c] += v[d];
	v[b] = rotate(v[b] ^ v[c], 7);
}

static void
compress(uint32_t cv[static 8], const struct output *o)
{
	uint32_t v[16], m[16], next[16];

	memcpy(v, o->cv, sizeof o->cv);
	memcpy(v + 8, iv, 4 * sizeof iv[0]);
	v[12] = (uint32_t)o->counter;
	v[13] = (uint32_t)(o->counter >> 32);
	v[14] = o->len;
	v[15] = o->flags;
	memcpy(m, o->words, sizeof m);
	for (int round = 0; round < 7; round++) {
		mix(v, 0, 4, 8, 12, m[0], m[1]);
		mix(v, 1, 5, 9, 13, m[2], m[3]);
		mix(v, 2, 6, 10, 14, m[4], m[5]);
		mix(v, 3, 7, 11, 15, m[6], m[7]);
		mix(v, 0, 5, 10, 15, m[8], m[9]);
		mix(v, 1, 6, 11, 12, m[10], m[11]);
		mix(v, 2, 7, 8, 13, m[12], m[13]);
		mix(v, 3, 4, 9, 14, m[14], m[15]);
		for (int i = 0; i < 16; i++)
			next[i] = m[permutation[i]];
		memcpy(m, next, sizeof m);
	}
	for (int i = 0; i < 8; i++)
		cv[i] = v[i] ^ v[i + 8];
}

static void
load(uint32_t words[static 16], const uint8_t *bytes, size_t len)
{
	uint8_t block[BLOCK_LEN] = {0};

	if (len > 0)
		memcpy(block, bytes, len);
	for (int i = 0; i < 16; i++)
		words[i] = (uint32_t)block[4 * i] | (uint32_t)block[4 * i + 1] << 8 |
			   (uint32_t)block[4 * i + 2] << 16 |
			   (uint32_t)block[4 * i + 3] << 24;
}

/* A chunk of at most CHUNK_LEN bytes, all but its last block compressed. */
static struct output
chunk(const uint8_t *bytes, size_t len, uint64_t counter)
{
	struct output o = {.counter = counter, .flags = CHUNK_START};

	memcpy(o.cv, iv, sizeof iv);
	for (; len > BLOCK_LEN; bytes += BLOCK_LEN, len -= BLOCK_LEN) {
		load(o.words, bytes, BLOCK_LEN);
		o.len = BLOCK_LEN;
		compress(o.cv, &o);
		o.flags = 0;
	}
	load(o.words, bytes, len);
	o.len = (uint32_t)len;
	o.flags |= CHUNK_END;
	return o;
}

static struct output
parent(const uint32_t left[static 8], const uint32_t right[static 8])
{
	struct output o = {.len = BLOCK_LEN, .flags = PARENT};

	memcpy(o.cv, iv, sizeof iv);
	memcpy(o.words, left, 8 * sizeof left[0]);
	memcpy(o.words + 8, right, 8 * sizeof right[0]);
	return o;
}

void
blake3(uint8_t out[static 32], const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	uint32_t stack[DEPTH_MAX][8], cv[8];
	size_t depth = 0;
	uint64_t done = 0;
	struct output o;

	for (; len > CHUNK_LEN; from += CHUNK_LEN, len -= CHUNK_LEN) {
		o = chunk(from, CHUNK_LEN, done);
		compress(cv, &o);
		done++;
		/*
		 * As many merges as the count of chunks has trailing zeros: paper, 5.1.2.
		 */
		for (uint64_t n = done; (n & 1) == 0; n >>= 1) {
			o = parent(stack[--depth], cv);
			compress(cv, &o);
		}
		memcpy(stack[depth++], cv, sizeof cv);
	}
	o = chunk(from, len, done);
	while (depth > 0) {
		compress(cv, &o);
		o = parent(stack[--depth], cv);
	}
	o.flags |= ROOT;
	compress(cv, &o);
	for (int i = 0; i < 8; i++)
		for (int j = 0; j < 4; j++)
			out[4 * i + j] = (uint8_t)(cv[i] >> (8 * j));
}
