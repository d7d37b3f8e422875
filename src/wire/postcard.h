/* SPDX-License-Identifier: MIT */
#ifndef WIRE_POSTCARD_H
#define WIRE_POSTCARD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"
#include "wire/varint.h"

/*
 * postcard values over varints. Readers: ERR_TRUNCATED, ERR_MALFORMED, ERR_LIMIT; views
 * alias the input.
 */
int postcard_u8(struct view *v, uint8_t *out);
/* u8 below `count`; else ERR_UNKNOWN. */
int postcard_enum(struct view *v, unsigned count, unsigned *out);
int postcard_bool(struct view *v, bool *out);		   /* 00 | 01 */
int postcard_fixed(struct view *v, void *out, size_t len); /* raw bytes */
int postcard_id(struct view *v, struct peer_id *out);
int postcard_bytes(struct view *v, size_t len_max, struct view *out);
/*
 * UTF-8 is not checked here; copies at most cap - 1 bytes, ERR_LIMIT when longer, NUL
 * inside is malformed.
 */
int postcard_text(struct view *v, char *out, size_t cap);
int postcard_address(struct view *v, struct address *out);

void postcard_put_bool(struct buf *b, bool value);
void postcard_put_id(struct buf *b, const struct peer_id *id);
void postcard_put_bytes(struct buf *b, const void *bytes, size_t len);
void postcard_put_text(struct buf *b, const char *text);
void postcard_put_address(struct buf *b, const struct address *a);

/* A sequence<SocketAddr> of at most `max` addresses. More is ERR_LIMIT. */
int postcard_addresses(struct view *v, struct address *out, size_t max, size_t *count);
void postcard_put_addresses(struct buf *b, const struct address *a, size_t count);

#endif
