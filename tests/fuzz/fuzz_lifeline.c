/* SPDX-License-Identifier: MIT */
/* A stream of lifeline records; what decodes survives a round trip. */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "wire/lifeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
round_trip(const struct lifeline_record *r)
{
	struct lifeline_record again;
	struct buf once, twice;
	struct view v;

	buf_init(&once, 2 * LIFELINE_RECORD_LEN_MAX);
	buf_init(&twice, 2 * LIFELINE_RECORD_LEN_MAX);
	lifeline_encode(&once, r);
	assert(!once.failed);
	v = (struct view){once.data, once.len};
	assert(lifeline_decode(&v, &again) == 0 && v.len == 0 && again.tag == r->tag);
	lifeline_encode(&twice, &again);
	assert(twice.len == once.len && memcmp(twice.data, once.data, once.len) == 0);
	lifeline_fini(&again);
	buf_fini(&once);
	buf_fini(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct view v = {bytes, len};
	struct lifeline_record r;
	int err;

	do {
		size_t before = v.len;

		err = lifeline_decode(&v, &r);
		assert(err == ERR_OK || err == ERR_UNKNOWN ? v.len < before
							   : v.len == before);
		if (err == ERR_OK)
			round_trip(&r);
		lifeline_fini(&r);
	} while (err == ERR_OK || err == ERR_UNKNOWN);
	return 0;
}
