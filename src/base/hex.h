/* SPDX-License-Identifier: MIT */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Lower case, terminated; `to` has 2 * len + 1 bytes. Returns `to`. */
char *hex_encode(char *to, const void *bytes, size_t len);
/* Exactly 2 * len hex digits, upper or lower case, then the end. ERR_MALFORMED else. */
int hex_decode(void *to, size_t len, const char *hex);

#endif
