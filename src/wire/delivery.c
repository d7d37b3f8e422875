/* SPDX-License-Identifier: MIT */
#include "wire/delivery.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "wire/postcard.h"

static const struct {
	const char *name, *text;
	int exit_status;
} rows[DELIVERY_COUNT] = {
#define DELIVERY(id, value, exit_status_, name_, text_) \
	[value] = { .name = name_, .text = text_, .exit_status = exit_status_ },
#include "wire/delivery.def"
#undef DELIVERY
};

const char *
delivery_name(enum delivery d)
{
	return rows[d].name;
}

const char *
delivery_text(enum delivery d)
{
	return rows[d].text;
}

int
delivery_exit(enum delivery d)
{
	return rows[d].exit_status;
}

static int
read_status(struct view *v, enum delivery *status)
{
	uint8_t value;
	int err = postcard_u8(v, &value);

	if (err)
		return err;
	if (value >= DELIVERY_COUNT)
		return ERR_MALFORMED;
	*status = (enum delivery)value;
	return ERR_OK;
}

void
delivery_put_resolve(struct buf *b, const struct resolve_ask *a)
{
	postcard_put_text(b, a->pattern);
	buf_put_u8(b, a->most);
	postcard_put_bool(b, a->fresh);
}

int
delivery_read_resolve(struct resolve_ask *a, struct view v)
{
	int err;

	memset(a, 0, sizeof *a);
	if ((err = postcard_text(&v, a->pattern, sizeof a->pattern)) ||
		(err = postcard_u8(&v, &a->most)))
		return err;
	return postcard_bool(&v, &a->fresh);
}

void
delivery_put_resolved(struct buf *b, const struct resolve_answer *a)
{
	varint_put(b, a->count);
	for (size_t i = 0; i < a->count; i++) {
		postcard_put_bytes(b, a->nodes[i].payload.data, a->nodes[i].payload.len);
		varint_put(b, a->nodes[i].age_ms);
	}
	buf_put_u8(b, (uint8_t)a->status);
	postcard_put_text(b, a->why);
}

int
delivery_read_resolved(struct resolve_answer *a, struct view v)
{
	uint32_t count;
	int err = varint_u32(&v, &count);

	memset(a, 0, sizeof *a);
	if (err)
		return err;
	if (count > RESOLVED_MAX)
		return ERR_LIMIT;
	for (; a->count < count; a->count++) {
		struct resolve_node *n = &a->nodes[a->count];

		if ((err = postcard_bytes(&v, DIGEST_LEN_MAX, &n->payload)) ||
			(err = varint_u32(&v, &n->age_ms)))
			return err;
	}
	if ((err = read_status(&v, &a->status)))
		return err;
	return postcard_text(&v, a->why, sizeof a->why);
}

void
delivery_put_message(struct buf *b, const struct message *m)
{
	postcard_put_text(b, m->destination);
	postcard_put_text(b, m->kind);
	postcard_put_bytes(b, m->body.data, m->body.len);
	buf_put(b, m->id, sizeof m->id);
}

int
delivery_read_message(struct message *m, struct view v)
{
	int err;

	memset(m, 0, sizeof *m);
	if ((err = postcard_text(&v, m->destination, sizeof m->destination)) ||
		(err = postcard_text(&v, m->kind, sizeof m->kind)) ||
		(err = postcard_bytes(&v, MESSAGE_BODY_LEN_MAX, &m->body)) ||
		(err = postcard_fixed(&v, m->id, sizeof m->id)))
		return err;
	return text_is_label(m->kind) ? ERR_OK : ERR_MALFORMED;
}

uint64_t
delivery_message_number(const struct message *m)
{
	uint64_t number = 0;

	for (size_t i = MESSAGE_ID_LEN / 2; i < MESSAGE_ID_LEN; i++)
		number = number << 8 | m->id[i];
	return number;
}

void
delivery_put_ack(struct buf *b, const struct message_ack *a)
{
	buf_put_u8(b, (uint8_t)a->status);
	postcard_put_text(b, a->name);
}

int
delivery_read_ack(struct message_ack *a, struct view v)
{
	int err;

	memset(a, 0, sizeof *a);
	if ((err = read_status(&v, &a->status)))
		return err;
	return postcard_text(&v, a->name, sizeof a->name);
}
