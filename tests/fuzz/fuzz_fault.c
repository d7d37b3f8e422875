/* SPDX-License-Identifier: MIT */
/* The first byte chooses order or status; what decodes survives a round trip. */
#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "wire/fault_status.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define CAP (64u * 1024)

union record {
	struct fault_order order;
	struct fault_status status;
};

static int
record_read(bool status, struct view *v, union record *r)
{
	return status ? fault_status_read(v, &r->status)
		      : fault_order_read(v, &r->order);
}

static void
record_put(bool status, struct buf *b, const union record *r)
{
	if (status)
		fault_status_put(b, &r->status);
	else
		fault_order_put(b, &r->order);
	assert(!b->failed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	union record once, again;
	struct buf first, second;
	struct view v;
	bool status;

	if (len == 0)
		return 0;
	status = bytes[0] & 1;
	v = (struct view){ bytes + 1, len - 1 };
	if (record_read(status, &v, &once) != ERR_OK)
		return 0;
	if (!status) {
		char why[FAULT_WHY_CAP];
		int err = fault_order_check(&once.order, why);

		assert((err == ERR_OK) == (why[0] == '\0'));
	}
	buf_init(&first, CAP);
	buf_init(&second, CAP);
	record_put(status, &first, &once);
	v = (struct view){ first.data, first.len };
	assert(record_read(status, &v, &again) == ERR_OK && v.len == 0);
	record_put(status, &second, &again);
	assert(first.len == second.len &&
		memcmp(first.data, second.data, first.len) == 0);
	buf_fini(&first);
	buf_fini(&second);
	return 0;
}
