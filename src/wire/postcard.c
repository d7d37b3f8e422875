/* SPDX-License-Identifier: MIT */
#include "wire/postcard.h"

#include <assert.h>
#include <string.h>

#include "base/err.h"

/* Discriminants of SocketAddr (PROTOCOL.md 3). */
enum { SOCKET_V4 = 0, SOCKET_V6 = 1 };

int
postcard_u8(struct view *v, uint8_t *out)
{
	return postcard_fixed(v, out, 1);
}

int
postcard_enum(struct view *v, unsigned count, unsigned *out)
{
	uint8_t value;
	int err = postcard_u8(v, &value);

	if (err)
		return err;
	*out = value;
	return value < count ? ERR_OK : ERR_UNKNOWN;
}

int
postcard_bool(struct view *v, bool *out)
{
	if (v->len < 1)
		return ERR_TRUNCATED;
	if (v->data[0] > 1)
		return ERR_MALFORMED;
	*out = v->data[0] == 1;
	v->data++;
	v->len--;
	return ERR_OK;
}

int
postcard_fixed(struct view *v, void *out, size_t len)
{
	if (v->len < len)
		return ERR_TRUNCATED;
	memcpy(out, v->data, len);
	v->data += len;
	v->len -= len;
	return ERR_OK;
}

int
postcard_id(struct view *v, struct peer_id *out)
{
	return postcard_fixed(v, out->bytes, sizeof out->bytes);
}

int
postcard_bytes(struct view *v, size_t len_max, struct view *out)
{
	struct view w = *v;
	uint64_t len;
	int err = varint_u64(&w, &len);

	if (err)
		return err;
	if (len > len_max)
		return ERR_LIMIT;
	if (len > w.len)
		return ERR_TRUNCATED;
	*out = (struct view){.data = w.data, .len = (size_t)len};
	v->data = w.data + len;
	v->len = w.len - (size_t)len;
	return ERR_OK;
}

int
postcard_text(struct view *v, char *out, size_t cap)
{
	struct view w = *v, text;
	int err = postcard_bytes(&w, cap - 1, &text);

	if (err)
		return err;
	if (text.len > 0 && memchr(text.data, 0, text.len))
		return ERR_MALFORMED;
	if (text.len > 0)
		memcpy(out, text.data, text.len);
	out[text.len] = 0;
	*v = w;
	return ERR_OK;
}

int
postcard_address(struct view *v, struct address *out)
{
	struct view w = *v;
	struct address a = {0};
	uint32_t kind;
	int err = varint_u32(&w, &kind);

	if (err)
		return err;
	if (kind != SOCKET_V4 && kind != SOCKET_V6)
		return ERR_MALFORMED;
	a.family = kind == SOCKET_V4 ? 4 : 6;
	err = postcard_fixed(&w, a.ip, kind == SOCKET_V4 ? 4 : 16);
	if (!err)
		err = varint_u16(&w, &a.port);
	if (err)
		return err;
	*out = a;
	*v = w;
	return ERR_OK;
}

void
postcard_put_bool(struct buf *b, bool value)
{
	buf_put_u8(b, value ? 1 : 0);
}

void
postcard_put_id(struct buf *b, const struct peer_id *id)
{
	buf_put(b, id->bytes, sizeof id->bytes);
}

void
postcard_put_bytes(struct buf *b, const void *bytes, size_t len)
{
	varint_put(b, len);
	if (len > 0)
		buf_put(b, bytes, len);
}

void
postcard_put_text(struct buf *b, const char *text)
{
	postcard_put_bytes(b, text, strlen(text));
}

void
postcard_put_address(struct buf *b, const struct address *a)
{
	assert(a->family == 4 || a->family == 6);
	varint_put(b, a->family == 4 ? SOCKET_V4 : SOCKET_V6);
	buf_put(b, a->ip, a->family == 4 ? 4 : 16);
	varint_put(b, a->port);
}

int
postcard_addresses(struct view *v, struct address *out, size_t max, size_t *count)
{
	struct view w = *v;
	uint64_t n;
	int err = varint_u64(&w, &n);

	if (err)
		return err;
	if (n > max)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		err = postcard_address(&w, &out[i]);
		if (err)
			return err;
	}
	*count = (size_t)n;
	*v = w;
	return ERR_OK;
}

void
postcard_put_addresses(struct buf *b, const struct address *a, size_t count)
{
	varint_put(b, count);
	for (size_t i = 0; i < count; i++)
		postcard_put_address(b, &a[i]);
}
