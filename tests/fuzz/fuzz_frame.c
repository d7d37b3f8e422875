/* SPDX-License-Identifier: MIT */
/* A stream of frames, and each payload as each of the small frames. */
#include <assert.h>
#include <string.h>

#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
payload(struct view in)
{
	struct frame_ping ping, ping2;
	struct frame_pong pong, pong2;
	struct trace_context context, context2;
	struct view v = in;
	struct buf b;

	buf_init(&b, 64);
	if (frame_ping_decode(in, &ping) == 0) {
		frame_ping_encode(&b, &ping);
		assert(frame_ping_decode((struct view){b.data, b.len}, &ping2) == 0);
		assert(memcmp(&ping, &ping2, sizeof ping) == 0);
	}
	buf_clear(&b);
	if (frame_pong_decode(in, &pong) == 0) {
		frame_pong_encode(&b, &pong);
		assert(frame_pong_decode((struct view){b.data, b.len}, &pong2) == 0);
		assert(memcmp(&pong, &pong2, sizeof pong) == 0);
	}
	buf_clear(&b);
	if (trace_context_decode(&v, &context) == 0) {
		assert(v.len == in.len - TRACE_CONTEXT_LEN);
		trace_context_encode(&b, &context);
		v = (struct view){b.data, b.len};
		assert(trace_context_decode(&v, &context2) == 0);
		assert(memcmp(&context, &context2, sizeof context) == 0);
	}
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct view v = {bytes, len}, before = v;
	struct frame f, again;
	struct buf b;

	while (frame_decode(&v, &f) == 0) {
		struct view w;

		assert(v.len < before.len && f.payload.len <= frame_limit(f.tag));
		buf_init(&b, 2 * FRAME_LEN_MAX);
		frame_encode(&b, f.tag, f.payload.data, f.payload.len);
		assert(!b.failed && b.len <= before.len - v.len);
		w = (struct view){b.data, b.len};
		assert(frame_decode(&w, &again) == 0 && w.len == 0 && again.tag == f.tag);
		assert(again.payload.len == f.payload.len);
		payload(f.payload);
		buf_fini(&b);
		before = v;
	}
	assert(v.data == before.data && v.len == before.len);
	return 0;
}
