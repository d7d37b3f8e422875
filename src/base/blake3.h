/* SPDX-License-Identifier: MIT */
#ifndef BASE_BLAKE3_H
#define BASE_BLAKE3_H

#include <stddef.h>
#include <stdint.h>

/*
 * BLAKE3-256, hash mode only, portable C (Debian 12 has no library). From the BLAKE3
 * paper, section 2; the official vectors of PROTOCOL.md 3 are tests.
 */
void blake3(uint8_t out[static 32], const void *bytes, size_t len);

#endif
