/* SPDX-License-Identifier: MIT */
#ifndef WIRE_VARINT_H
#define WIRE_VARINT_H

#include "base/buf.h"

/*
 * LEB128 as postcard has it: at most 3 bytes for u16, 5 for u32, 10 for u64. Over-long
 * forms within that are accepted (PROTOCOL.md 3). Readers consume from the view only on
 * success.
 */
void varint_put(struct buf *b, uint64_t value);
size_t varint_len(uint64_t value);
int varint_u16(struct view *v, uint16_t *out); /* ERR_TRUNCATED, ERR_MALFORMED */
int varint_u32(struct view *v, uint32_t *out);
int varint_u64(struct view *v, uint64_t *out);

#endif
