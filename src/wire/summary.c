/* SPDX-License-Identifier: MIT */
#include "wire/summary.h"

#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "wire/digest.h"
#include "wire/envelope.h"
#include "wire/postcard.h"

static const char summary_context[] = "meshtui summary 1";

static void
add(struct summary_counts *to, const struct summary_counts *n)
{
	to->live += n->live;
	to->suspect += n->suspect;
	to->gone += n->gone;
}

struct summary_counts
summary_total(const struct summary *s)
{
	struct summary_counts all = s->others;

	for (size_t i = 0; i < s->type_count; i++)
		add(&all, &s->types[i].nodes);
	return all;
}

static void
put_counts(struct buf *b, const struct summary_counts *n)
{
	varint_put(b, n->live);
	varint_put(b, n->suspect);
	varint_put(b, n->gone);
}

static void
put_body(struct buf *b, const struct summary *s, size_t types)
{
	struct summary_counts others = s->others;

	postcard_put_id(b, &s->speaker);
	varint_put(b, s->incarnation);
	varint_put(b, s->seq);
	postcard_put_text(b, s->mesh);
	varint_put(b, types);
	for (size_t i = 0; i < s->type_count; i++) {
		if (i >= types) {
			add(&others, &s->types[i].nodes);
			continue;
		}
		postcard_put_text(b, s->types[i].type);
		put_counts(b, &s->types[i].nodes);
	}
	put_counts(b, &others);
	varint_put(b, s->gateway_count);
	for (size_t i = 0; i < s->gateway_count; i++) {
		postcard_put_id(b, &s->gateways[i].id);
		postcard_put_addresses(
			b, s->gateways[i].addresses, s->gateways[i].address_count);
	}
	buf_put(b, s->hash, sizeof s->hash);
	postcard_put_bytes(b, NULL, 0);	/* no extension */
}

void
summary_sign(struct buf *b, const struct summary *s, const struct peer_id *topic,
	const uint8_t secret_key[static 64])
{
	size_t types = s->type_count;
	struct buf body;

	/*
	 * Without types it is at most 32 + 20 + 64 + 1 + 15 + 1 + 4 x (32 + 1 + 4 x 20) +
	 * 17 = 602 bytes.
	 */
	buf_init(&body, SUMMARY_LEN_MAX - ENVELOPE_LEN);
	put_body(&body, s, types);
	while (body.failed && types > 0) {
		buf_clear(&body);
		put_body(&body, s, --types);
	}
	assert(!body.failed);
	envelope_seal(b, PAYLOAD_SUMMARY, summary_context, &body, topic, secret_key);
	buf_fini(&body);
}

static int
read_counts(struct view *v, struct summary_counts *n)
{
	int err;

	if ((err = varint_u32(v, &n->live)) || (err = varint_u32(v, &n->suspect)))
		return err;
	return varint_u32(v, &n->gone);
}

static int
read_types(struct view *v, struct summary *s)
{
	uint32_t count;
	int err = varint_u32(v, &count);

	if (err)
		return err;
	if (count > SUMMARY_TYPES_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < count; i++) {
		struct summary_type *t = &s->types[i];

		if ((err = postcard_text(v, t->type, sizeof t->type)) ||
			(err = read_counts(v, &t->nodes)))
			return err;
		if (!text_is_label(t->type))
			return ERR_MALFORMED;
	}
	s->type_count = count;
	return read_counts(v, &s->others);
}

static int
read_gateways(struct view *v, struct summary *s)
{
	uint32_t count;
	int err = varint_u32(v, &count);

	if (err)
		return err;
	if (count > SUMMARY_GATEWAYS_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < count; i++) {
		struct summary_gateway *g = &s->gateways[i];

		if ((err = postcard_id(v, &g->id)) ||
			(err = postcard_addresses(v, g->addresses, ADDRESSES_MAX,
				 &g->address_count)))
			return err;
	}
	s->gateway_count = count;
	return ERR_OK;
}

/* Bytes after the extension belong to a later version; they are signed and ignored. */
static int
read_summary(struct summary *s, struct view body)
{
	struct view extension;
	int err;

	memset(s, 0, sizeof *s);
	if ((err = postcard_id(&body, &s->speaker)) ||
		(err = varint_u64(&body, &s->incarnation)) ||
		(err = varint_u64(&body, &s->seq)) ||
		(err = postcard_text(&body, s->mesh, sizeof s->mesh)) ||
		(err = read_types(&body, s)) || (err = read_gateways(&body, s)) ||
		(err = postcard_fixed(&body, s->hash, sizeof s->hash)) ||
		(err = postcard_bytes(&body, SUMMARY_LEN_MAX, &extension)))
		return err;
	return text_is_label(s->mesh) ? ERR_OK : ERR_MALFORMED;
}

int
summary_verify(struct summary *s, struct view payload, const struct peer_id *topic)
{
	struct view body, signature;
	int err = envelope_open(
		payload, PAYLOAD_SUMMARY, SUMMARY_LEN_MAX, &body, &signature);

	if (!err)
		err = read_summary(s, body);
	if (!err && !envelope_signer_valid(&s->speaker))
		err = ERR_MALFORMED;
	return err ? err
		   : envelope_check(summary_context, topic, body, signature, &s->speaker);
}
