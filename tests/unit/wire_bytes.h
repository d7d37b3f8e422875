/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_WIRE_BYTES_H
#define TESTS_UNIT_WIRE_BYTES_H

/* Bytes written as hex in the tests of decoders. Included after cmocka.h. */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"

#define WIRE_BYTES_MAX 4096

struct bytes {
	uint8_t data[WIRE_BYTES_MAX];
	size_t len;
};

/* Spaces between digits are for the reader. */
static inline void
bytes_from(struct bytes *b, const char *hex)
{
	char digits[2 * WIRE_BYTES_MAX + 1];
	size_t n = 0;

	for (; *hex; hex++)
		if (*hex != ' ' && n < sizeof digits - 1)
			digits[n++] = *hex;
	digits[n] = 0;
	b->len = n / 2;
	assert_int_equal(hex_decode(b->data, b->len, digits), ERR_OK);
}

static inline struct view
bytes_view(const struct bytes *b)
{
	return (struct view){.data = b->data, .len = b->len};
}

/*
 * Runs a decoder on a heap block of just that length, so that a sanitizer sees a read
 * past the end.
 */
static inline int
bytes_decode(const void *data, size_t len, int (*decode)(struct view v))
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	int err;

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, data, len);
	err = decode((struct view){.data = exact, .len = len});
	free(exact);
	return err;
}

/* Whole it decodes; cut anywhere it does not. */
static inline void
bytes_refuse_cuts(const void *data, size_t len, int (*decode)(struct view v))
{
	assert_int_equal(bytes_decode(data, len, decode), ERR_OK);
	for (size_t n = 0; n < len; n++)
		if (bytes_decode(data, n, decode) == ERR_OK)
			fail_msg("decoded from %zu of %zu bytes", n, len);
}

/* A table of bad bytes, and what a decoder says to each. */
struct bad_bytes {
	const char *what, *hex;
	int err;
};

static inline void
bytes_refuse(const struct bad_bytes *bad, size_t count, int (*decode)(struct view v))
{
	for (size_t i = 0; i < count; i++) {
		struct bytes b;
		int err;

		bytes_from(&b, bad[i].hex);
		err = bytes_decode(b.data, b.len, decode);
		if (err != bad[i].err)
			fail_msg("%s: %s, expected %s", bad[i].what, err_name(err),
				err_name(bad[i].err));
	}
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

#endif
