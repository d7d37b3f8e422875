/* SPDX-License-Identifier: MIT */
#include "wire/lifeline_use.h"

#include "base/err.h"
#include "wire/varint.h"

int
lifeline_use_read(struct view *v, struct lifeline_view *w)
{
	uint64_t n;
	int err = varint_u64(v, &n);

	if (!err && n > MEM_CLASSES)
		return ERR_LIMIT;
	for (size_t i = 0; !err && i < n; i++)
		err = varint_u32(v, &w->live[i]);
	if (err || (err = varint_u64(v, &w->cpu_us)) ||
		(err = varint_u32(v, &w->alerts_raised)) ||
		(err = varint_u64(v, &w->alerts_active)) ||
		(err = varint_u64(v, &w->refused)) ||
		(err = varint_u32(v, &w->unlinked)) ||
		(err = varint_u64(v, &w->casts_dropped)) || (err = varint_u64(v, &n)))
		return err;
	if (n > CAST_RUNS_MAX)
		return ERR_LIMIT;
	for (; !err && w->cast_count < n; w->cast_count++)
		err = cast_read_count(v, &w->casts[w->cast_count]);
	return err;
}

void
lifeline_use_put(struct buf *b, const struct lifeline_view *w)
{
	varint_put(b, MEM_CLASSES);
	for (size_t i = 0; i < MEM_CLASSES; i++)
		varint_put(b, w->live[i]);
	varint_put(b, w->cpu_us);
	varint_put(b, w->alerts_raised);
	varint_put(b, w->alerts_active);
	varint_put(b, w->refused);
	varint_put(b, w->unlinked);
	varint_put(b, w->casts_dropped);
	varint_put(b, w->cast_count);
	for (size_t i = 0; i < w->cast_count; i++)
		cast_put_count(b, &w->casts[i]);
}
