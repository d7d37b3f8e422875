/* SPDX-License-Identifier: MIT */
#include "wire/span.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "wire/postcard.h"

/* Two ids, and six lengths and numbers: a count can be held against the bytes. */
#define SPAN_LEN_MIN (2 * SPAN_ID_LEN + 6)

const char *
span_state_text(enum span_state s)
{
	static const char *const texts[SPAN_STATES] = { "open", "ok", "failed" };

	assert(s < SPAN_STATES);
	return texts[s];
}

void
span_set_copy(struct span_set *to, const struct span_set *from)
{
	*to = *from;
	to->spans = NULL;
	if (from->count > 0)
		to->spans = mem_copy(from->spans, from->count * sizeof *from->spans);
}

void
span_set_fini(struct span_set *s)
{
	free(s->spans);
	*s = (struct span_set){ 0 };
}

bool
span_has_parent(const struct span *s)
{
	static const uint8_t none[SPAN_ID_LEN];

	return memcmp(s->parent, none, sizeof none) != 0;
}

void
span_put(struct buf *b, const struct span *s)
{
	buf_put(b, s->id, sizeof s->id);
	buf_put(b, s->parent, sizeof s->parent);
	postcard_put_text(b, s->name);
	varint_put(b, s->begin_us);
	varint_put(b, s->duration_us);
	buf_put_u8(b, (uint8_t)s->state);
	postcard_put_text(b, s->why);
	varint_put(b, s->attr_count);
	for (size_t k = 0; k < s->attr_count; k++) {
		postcard_put_text(b, s->attrs[k].key);
		postcard_put_text(b, s->attrs[k].value);
	}
}

void
span_set_put(struct buf *b, const struct span_set *s)
{
	assert(s->count <= SPANS_MAX);
	buf_put(b, s->trace, sizeof s->trace);
	varint_put(b, s->wall_us);
	varint_put(b, s->lost);
	varint_put(b, s->count);
	for (size_t i = 0; i < s->count; i++)
		span_put(b, &s->spans[i]);
}

static int
read_attrs(struct view *v, struct span *s)
{
	uint64_t n;
	int err = varint_u64(v, &n);

	if (err)
		return err;
	if (n > SPAN_ATTRS_MAX)
		return ERR_LIMIT;
	for (size_t k = 0; k < n; k++)
		if ((err = postcard_text(v, s->attrs[k].key, SPAN_KEY_CAP)) ||
			(err = postcard_text(v, s->attrs[k].value, SPAN_VALUE_CAP)))
			return err;
	s->attr_count = (size_t)n;
	return ERR_OK;
}

int
span_read(struct view *v, struct span *s)
{
	uint8_t state;
	int err;

	if ((err = postcard_fixed(v, s->id, sizeof s->id)) ||
		(err = postcard_fixed(v, s->parent, sizeof s->parent)) ||
		(err = postcard_text(v, s->name, sizeof s->name)) ||
		(err = varint_u64(v, &s->begin_us)) ||
		(err = varint_u64(v, &s->duration_us)) ||
		(err = postcard_u8(v, &state)) ||
		(err = postcard_text(v, s->why, sizeof s->why)))
		return err;
	if (state >= SPAN_STATES)
		return ERR_MALFORMED;
	s->state = (enum span_state)state;
	return read_attrs(v, s);
}

int
span_set_read(struct view *v, struct span_set *s)
{
	uint64_t n;
	int err;

	*s = (struct span_set){ 0 };
	if ((err = postcard_fixed(v, s->trace, sizeof s->trace)) ||
		(err = varint_u64(v, &s->wall_us)) || (err = varint_u64(v, &s->lost)) ||
		(err = varint_u64(v, &n)))
		return err;
	if (n > SPANS_MAX)
		return ERR_LIMIT;
	if (n > v->len / SPAN_LEN_MIN)
		return ERR_TRUNCATED;
	if (n > 0)
		s->spans = mem_array((size_t)n, sizeof *s->spans);
	s->count = (size_t)n;
	for (size_t i = 0; i < n && !err; i++)
		err = span_read(v, &s->spans[i]);
	if (err)
		span_set_fini(s);
	return err;
}
