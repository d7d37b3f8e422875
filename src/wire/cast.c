/* SPDX-License-Identifier: MIT */
#include "wire/cast.h"

#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "wire/digest.h"
#include "wire/envelope.h"
#include "wire/letter.h"
#include "wire/postcard.h"

static const char cast_context[] = "meshtui cast 1";

void
cast_sign(struct buf *b, const struct cast *c, const struct peer_id *topic,
	const uint8_t secret_key[static 64])
{
	struct buf body;

	/* 32 + 3 x 10 + 64 + 2 + what is said. */
	buf_init(&body, ENVELOPE_BODY_LEN_MAX);
	postcard_put_id(&body, &c->speaker);
	varint_put(&body, c->run);
	varint_put(&body, c->number);
	varint_put(&body, c->sent_us);
	postcard_put_text(&body, c->kind);
	postcard_put_bytes(&body, c->body.data, c->body.len);
	assert(!body.failed && c->body.len <= CAST_BODY_LEN_MAX);
	envelope_seal(b, PAYLOAD_CAST, cast_context, &body, topic, secret_key);
	buf_fini(&body);
}

int
cast_read(struct cast *c, struct view payload)
{
	struct view body, signature;
	int err = envelope_open(payload, PAYLOAD_CAST, CAST_LEN_MAX, &body, &signature);

	memset(c, 0, sizeof *c);
	if (err || (err = postcard_id(&body, &c->speaker)) ||
		(err = varint_u64(&body, &c->run)) ||
		(err = varint_u64(&body, &c->number)) ||
		(err = varint_u64(&body, &c->sent_us)) ||
		(err = postcard_text(&body, c->kind, sizeof c->kind)) ||
		(err = postcard_bytes(&body, CAST_BODY_LEN_MAX, &c->body)))
		return err;
	return c->number > 0 && text_is_label(c->kind) ? ERR_OK : ERR_MALFORMED;
}

int
cast_check(const struct cast *c, struct view payload, const struct peer_id *topic,
	bool known)
{
	struct view body, signature;
	int err = envelope_open(payload, PAYLOAD_CAST, CAST_LEN_MAX, &body, &signature);

	if (!err && !known && !envelope_signer_valid(&c->speaker))
		err = ERR_MALFORMED;
	return err ? err
		   : envelope_check(cast_context, topic, body, signature, &c->speaker);
}

void
cast_put_count(struct buf *b, const struct cast_count *c)
{
	varint_put(b, c->run);
	varint_put(b, c->delivered);
	varint_put(b, c->duplicates);
	varint_put(b, c->late);
	varint_put(b, c->untimed);
	letter_put_spread(b, &c->took);
}

int
cast_read_count(struct view *v, struct cast_count *c)
{
	int err;

	if ((err = varint_u64(v, &c->run)) || (err = varint_u64(v, &c->delivered)) ||
		(err = varint_u64(v, &c->duplicates)) ||
		(err = varint_u64(v, &c->late)) || (err = varint_u64(v, &c->untimed)))
		return err;
	return letter_read_spread(v, &c->took);
}
