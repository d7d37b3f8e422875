/* SPDX-License-Identifier: MIT */
#include "wire/varint.h"

#include "base/err.h"

void
varint_put(struct buf *b, uint64_t value)
{
	uint8_t bytes[10];
	size_t len = 0;

	while (value >= 0x80) {
		bytes[len++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	bytes[len++] = (uint8_t)value;
	buf_put(b, bytes, len);
}

size_t
varint_len(uint64_t value)
{
	size_t len = 1;

	while (value >= 0x80) {
		value >>= 7;
		len++;
	}
	return len;
}

/*
 * `len_max` bytes hold the type, and the last of them has room for `last_max` only: what
 * is above does not fit the type, and a continuation bit there is above it as well.
 */
static int
read_varint(struct view *v, size_t len_max, uint8_t last_max, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len_max; i++) {
		uint8_t byte;

		if (i == v->len)
			return ERR_TRUNCATED;
		byte = v->data[i];
		if (i == len_max - 1 && byte > last_max)
			return ERR_MALFORMED;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			v->data += i + 1;
			v->len -= i + 1;
			*out = value;
			return ERR_OK;
		}
	}
	return ERR_MALFORMED;
}

int
varint_u16(struct view *v, uint16_t *out)
{
	uint64_t value;
	int err = read_varint(v, 3, 0x03, &value);

	if (!err)
		*out = (uint16_t)value;
	return err;
}

int
varint_u32(struct view *v, uint32_t *out)
{
	uint64_t value;
	int err = read_varint(v, 5, 0x0f, &value);

	if (!err)
		*out = (uint32_t)value;
	return err;
}

int
varint_u64(struct view *v, uint64_t *out)
{
	return read_varint(v, 10, 0x01, out);
}
