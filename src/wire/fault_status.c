/* SPDX-License-Identifier: MIT */
#include "wire/fault_status.h"

#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "wire/postcard.h"

/* id, kind, origin, end, and a byte for each of the rest: no state is shorter. */
#define STATE_LEN_MIN (FAULT_ID_LEN + 12)

static const char *const origins[FAULT_ORIGINS] = { "lifeline", "command" };
static const char *const ends[FAULT_ENDS] = { "active", "lease", "order", "halt",
	"done" };

const char *
fault_status_origin(enum fault_origin o)
{
	return origins[o];
}

const char *
fault_status_end(enum fault_end e)
{
	return ends[e];
}

static int
read_state(struct view *v, struct fault_state *s)
{
	unsigned kind, origin, end;
	int err;

	if ((err = postcard_fixed(v, s->id.bytes, sizeof(s->id.bytes))) ||
		(err = postcard_enum(v, FAULT_KINDS, &kind)) ||
		(err = postcard_enum(v, FAULT_ORIGINS, &origin)) ||
		(err = postcard_enum(v, FAULT_ENDS, &end)) ||
		(err = postcard_text(v, s->primitive, sizeof(s->primitive))) ||
		(err = varint_u32(v, &s->age_ms)) ||
		(err = varint_u32(v, &s->lease_left_ms)) ||
		(err = varint_u32(v, &s->ended_ms)) ||
		(err = varint_u64(v, &s->matched)) ||
		(err = varint_u64(v, &s->dropped)) ||
		(err = varint_u64(v, &s->delayed)) ||
		(err = varint_u64(v, &s->reordered)))
		return err;
	s->kind = (enum fault_kind)kind;
	s->origin = (enum fault_origin)origin;
	s->end = (enum fault_end)end;
	return varint_u64(v, &s->duplicated);
}

static void
put_state(struct buf *b, const struct fault_state *s)
{
	buf_put(b, s->id.bytes, sizeof(s->id.bytes));
	buf_put_u8(b, (uint8_t)s->kind);
	buf_put_u8(b, (uint8_t)s->origin);
	buf_put_u8(b, (uint8_t)s->end);
	postcard_put_text(b, s->primitive);
	varint_put(b, s->age_ms);
	varint_put(b, s->lease_left_ms);
	varint_put(b, s->ended_ms);
	varint_put(b, s->matched);
	varint_put(b, s->dropped);
	varint_put(b, s->delayed);
	varint_put(b, s->reordered);
	varint_put(b, s->duplicated);
}

const struct fault_state *
fault_status_find(const struct fault_status *s, const struct fault_id *id)
{
	for (size_t i = 0; i < s->count; i++)
		if (fault_id_equal(&s->faults[i].id, id))
			return &s->faults[i];
	return NULL;
}

int
fault_status_read(struct view *v, struct fault_status *s)
{
	uint8_t result;
	uint64_t n;
	int err;

	memset(s, 0, sizeof(*s));
	if ((err = postcard_fixed(v, s->nonce, sizeof(s->nonce))) ||
		(err = postcard_u8(v, &result)) ||
		(err = postcard_text(v, s->why, sizeof(s->why))) ||
		(err = postcard_bool(v, &s->halted)) ||
		(err = varint_u64(v, &s->injected)) ||
		(err = varint_u64(v, &s->reverted)) ||
		(err = varint_u64(v, &s->refused)) || (err = varint_u64(v, &n)))
		return err;
	s->result = -(int)result;
	if (n > FAULTS_MAX + FAULTS_ENDED_MAX)
		return ERR_LIMIT;
	if (n > v->len / STATE_LEN_MIN)
		return ERR_TRUNCATED;
	for (size_t i = 0; i < n; i++)
		if ((err = read_state(v, &s->faults[i])))
			return err;
	s->count = (size_t)n;
	return ERR_OK;
}

void
fault_status_put(struct buf *b, const struct fault_status *s)
{
	assert(s->result <= 0 && s->result >= -UINT8_MAX);
	assert(s->count <= FAULTS_MAX + FAULTS_ENDED_MAX);
	buf_put(b, s->nonce, sizeof(s->nonce));
	buf_put_u8(b, (uint8_t)-s->result);
	postcard_put_text(b, s->why);
	postcard_put_bool(b, s->halted);
	varint_put(b, s->injected);
	varint_put(b, s->reverted);
	varint_put(b, s->refused);
	varint_put(b, s->count);
	for (size_t i = 0; i < s->count; i++)
		put_state(b, &s->faults[i]);
}
