/* SPDX-License-Identifier: MIT */
/* A hello: what decodes has names that are labels, and survives a round trip. */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "wire/frame.h"
#include "wire/hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct hello h, again;
	struct buf once, twice;

	if (hello_decode(&h, (struct view){bytes, len}) < 0)
		return 0;
	assert(text_is_label(h.type));
	assert(text_is_label(h.mesh) || (!h.mesh[0] && h.role == HELLO_OBSERVER));
	buf_init(&once, frame_limit(FRAME_HELLO));
	buf_init(&twice, frame_limit(FRAME_HELLO));
	hello_encode(&once, &h);
	assert(!once.failed);
	assert(hello_decode(&again, (struct view){once.data, once.len}) == 0);
	hello_encode(&twice, &again);
	assert(twice.len == once.len && memcmp(twice.data, once.data, once.len) == 0);
	buf_fini(&once);
	buf_fini(&twice);
	return 0;
}
