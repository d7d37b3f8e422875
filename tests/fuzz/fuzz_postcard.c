/* SPDX-License-Identifier: MIT */
/* Every reader of a single value, at the front of the same bytes. */
#include <assert.h>
#include <string.h>

#include "wire/postcard.h"
#include "wire/varint.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A value that was read is written in no more bytes, and is read back from them. */
static void
varints(struct view in)
{
	struct view v = in, w;
	uint64_t u64, back;
	uint32_t u32;
	uint16_t u16;
	struct buf b;

	if (varint_u64(&v, &u64) == 0) {
		buf_init(&b, 10);
		varint_put(&b, u64);
		assert(!b.failed && b.len == varint_len(u64));
		assert(b.len <= in.len - v.len);
		w = (struct view){b.data, b.len};
		assert(varint_u64(&w, &back) == 0 && back == u64 && w.len == 0);
		buf_fini(&b);
	} else {
		assert(v.data == in.data && v.len == in.len);
	}
	v = in;
	if (varint_u32(&v, &u32) == 0) {
		w = in;
		assert(varint_u64(&w, &back) == 0 && back == u32 && w.len == v.len);
	}
	v = in;
	if (varint_u16(&v, &u16) == 0) {
		w = in;
		assert(varint_u32(&w, &u32) == 0 && u32 == u16 && w.len == v.len);
	}
}

static void
addresses(struct view in)
{
	struct address list[4], back[4];
	size_t count, again;
	struct view v = in;
	struct buf b;

	if (postcard_addresses(&v, list, 4, &count) < 0) {
		assert(v.data == in.data && v.len == in.len);
		return;
	}
	buf_init(&b, 100);
	postcard_put_addresses(&b, list, count);
	v = (struct view){b.data, b.len};
	assert(!b.failed && postcard_addresses(&v, back, 4, &again) == 0);
	assert(again == count && v.len == 0);
	for (size_t i = 0; i < count; i++)
		assert(address_equal(&list[i], &back[i]));
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct view in = {bytes, len}, v = in, out;
	char text[16];
	bool flag;

	varints(in);
	addresses(in);
	postcard_bool(&v, &flag);
	v = in;
	if (postcard_bytes(&v, 100, &out) == 0)
		assert(out.len <= 100 && out.data + out.len == v.data);
	v = in;
	if (postcard_text(&v, text, sizeof text) == 0)
		assert(strlen(text) < sizeof text);
	return 0;
}
