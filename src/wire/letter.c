/* SPDX-License-Identifier: MIT */
#include "wire/letter.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "wire/postcard.h"

void
letter_put_order(struct buf *b, const struct letter_order *o)
{
	varint_put(b, o->number);
	buf_put_u8(b, (uint8_t)o->way);
	postcard_put_text(b, o->destination);
	postcard_put_text(b, o->kind);
	varint_put(b, o->len);
	varint_put(b, o->count);
	varint_put(b, o->every_us);
	varint_put(b, o->window);
	varint_put(b, o->for_us);
	varint_put(b, o->run);
}

void
letter_put_spread(struct buf *b, const struct spread *s)
{
	size_t used = 0;

	for (size_t i = 0; i < SPREAD_CLASSES; i++)
		used += s->at[i] > 0;
	varint_put(b, s->max_us);
	varint_put(b, used);
	for (size_t i = 0; i < SPREAD_CLASSES; i++) {
		if (s->at[i] == 0)
			continue;
		buf_put_u8(b, (uint8_t)i);
		varint_put(b, s->at[i]);
	}
}

int
letter_read_spread(struct view *v, struct spread *s)
{
	uint64_t used;
	int err;

	memset(s, 0, sizeof *s);
	if ((err = varint_u64(v, &s->max_us)) || (err = varint_u64(v, &used)))
		return err;
	if (used > SPREAD_CLASSES)
		return ERR_MALFORMED;
	for (size_t i = 0; i < used; i++) {
		uint64_t count;
		uint8_t at;

		if ((err = postcard_u8(v, &at)) || (err = varint_u64(v, &count)))
			return err;
		if (at >= SPREAD_CLASSES || s->at[at] != 0)
			return ERR_MALFORMED;
		s->at[at] = count;
		s->count += count;
	}
	return ERR_OK;
}

int
letter_read_order(struct view *v, struct letter_order *o)
{
	uint8_t way;
	int err;

	memset(o, 0, sizeof *o);
	if ((err = varint_u64(v, &o->number)) || (err = postcard_u8(v, &way)) ||
		(err = postcard_text(v, o->destination, sizeof o->destination)) ||
		(err = postcard_text(v, o->kind, sizeof o->kind)) ||
		(err = varint_u32(v, &o->len)) || (err = varint_u64(v, &o->count)) ||
		(err = varint_u64(v, &o->every_us)) ||
		(err = varint_u32(v, &o->window)) || (err = varint_u64(v, &o->for_us)) ||
		(err = varint_u64(v, &o->run)))
		return err;
	o->way = (enum letter_way)way;
	return o->number > 0 && way < LETTER_WAYS && o->len <= MESSAGE_BODY_LEN_MAX &&
			       o->count <= SENDING_COUNT_MAX &&
			       o->every_us <= UINT64_C(3600000000) &&
			       text_is_label(o->kind)
		       ? ERR_OK
		       : ERR_MALFORMED;
}

void
letter_put_report(struct buf *b, const struct letter_report *r)
{
	varint_put(b, r->number);
	varint_put(b, r->count);
	varint_put(b, r->acked);
	varint_put(b, r->failed);
	varint_put(b, r->retries);
	varint_put(b, r->different);
	buf_put_u8(b, (uint8_t)r->status);
	postcard_put_text(b, r->why);
	postcard_put_text(b, r->receiver);
	varint_put(b, r->rtt_min_us);
	varint_put(b, r->rtt_max_us);
	varint_put(b, r->rtt_mean_us);
	varint_put(b, r->took_us);
	buf_put(b, r->trace, sizeof r->trace);
	letter_put_spread(b, &r->rtt);
}

int
letter_read_report(struct view *v, struct letter_report *r)
{
	uint8_t status;
	int err;

	memset(r, 0, sizeof *r);
	if ((err = varint_u64(v, &r->number)) || (err = varint_u64(v, &r->count)) ||
		(err = varint_u64(v, &r->acked)) || (err = varint_u64(v, &r->failed)) ||
		(err = varint_u64(v, &r->retries)) ||
		(err = varint_u64(v, &r->different)) || (err = postcard_u8(v, &status)) ||
		(err = postcard_text(v, r->why, sizeof r->why)) ||
		(err = postcard_text(v, r->receiver, sizeof r->receiver)) ||
		(err = varint_u64(v, &r->rtt_min_us)) ||
		(err = varint_u64(v, &r->rtt_max_us)) ||
		(err = varint_u64(v, &r->rtt_mean_us)) ||
		(err = varint_u64(v, &r->took_us)) ||
		(err = postcard_fixed(v, r->trace, sizeof r->trace)) ||
		(err = letter_read_spread(v, &r->rtt)))
		return err;
	r->status = (enum delivery)status;
	return status < DELIVERY_COUNT ? ERR_OK : ERR_MALFORMED;
}
