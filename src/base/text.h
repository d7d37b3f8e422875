/* SPDX-License-Identifier: MIT */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Text from peers is data. Everything here that writes also terminates, and cap is > 0.
 */

/*
 * Copies `len` bytes for a person's eyes: valid UTF-8 stays, control characters, escapes,
 * bidi overrides (U+202A-202E, U+2066-2069, U+200E/F, U+061C) and broken bytes become
 * '?'. Cut at a character boundary. Returns the length written.
 */
size_t text_printable(char *to, size_t cap, const void *bytes, size_t len);

/* "850us", "12ms", "4.2s", "3m07s", "2h05m", "3d04h" into `to`, which it returns. */
char *text_duration(char *to, size_t cap, uint64_t ns);
/* "512 B", "4.0 KiB", "1.3 GiB"; binary units. */
char *text_bytes(char *to, size_t cap, uint64_t bytes);

/* strtoull on the whole text only: ERR_MALFORMED, ERR_LIMIT when above max. */
int text_u64(const char *text, uint64_t max, uint64_t *out);
/*
 * "20s", "1.5s", "300ms", "2m", "1h": a number and a unit, no space. ERR_MALFORMED
 * without unit.
 */
int text_parse_duration(const char *text, uint64_t *ns);

/*
 * The closest of `count` words within an edit distance of 1 + len/4 (a swap of neighbors
 * counts as one), or NULL. For "did you mean".
 */
const char *text_closest(const char *word, const char *const *words, size_t count);

/* Label of PROTOCOL.md 6: [a-z0-9][a-z0-9-]{0,62}. */
bool text_is_label(const char *text);

#endif
