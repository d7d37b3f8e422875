/* SPDX-License-Identifier: MIT */
#include "wire/digest.h"

#include <assert.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "wire/envelope.h"
#include "wire/postcard.h"

/* 1 + 2 + 32 + 32 + 10 + 10 + 1 + 64 = 152 bytes today, and room to append. */
#define ACCUSATION_LEN_MAX 192

static const char digest_context[] = "meshtui digest 1";
static const char accusation_context[] = "meshtui accusation 1";

const char *
accusation_reason_text(enum accusation_reason reason)
{
	static const char *const texts[] = {
		[ACCUSED_NO_ANSWER] = "no answer",
		[ACCUSED_REFUSED] = "refused",
		[ACCUSED_RESET] = "reset",
	};

	return (unsigned)reason <= ACCUSED_RESET ? texts[reason] : "unknown";
}

/* The fields before the addresses. */
static void
put_head(struct buf *b, const struct digest *d)
{
	postcard_put_id(b, &d->id);
	varint_put(b, d->incarnation);
	varint_put(b, d->seq);
	postcard_put_text(b, d->mesh);
	postcard_put_text(b, d->type);
}

/* The fields after the neighbors. */
static void
put_tail(struct buf *b, const struct digest *d)
{
	varint_put(b, d->frames_sent);
	varint_put(b, d->frames_received);
	varint_put(b, d->cpu_used_mc);
	varint_put(b, d->cpu_budget_mc);
	varint_put(b, d->memory_used_kib);
	varint_put(b, d->memory_budget_kib);
	varint_put(b, d->loop_lag_ms);
	varint_put(b, d->flags);
	postcard_put_bytes(b, NULL, 0); /* no extension */
}

static void
put_build(struct buf *b, const struct digest *d)
{
	postcard_put_text(b, d->build);
	varint_put(b, d->uptime_s);
}

/*
 * How many neighbors and addresses fit. Everything else is at most 247 bytes of body (32
 * id, 2 x 10, 2 x 64 names, 13 build, 5, 2 x 10, 4 x 5, 2 x 3, 1, and a count byte each),
 * 314 with the envelope, so it always fits in DIGEST_LEN_MAX; 8 neighbors are 96 bytes
 * more and 4 IPv6 addresses 80. With names of ordinary length all of it fits. Where it
 * does not, neighbors go first, because topology has no other source, and addresses are
 * learned from gossip as well.
 */
static void
fit(const struct digest *d, size_t fixed_len, size_t *neighbors, size_t *addresses)
{
	size_t room = DIGEST_LEN_MAX - ENVELOPE_LEN - fixed_len;

	*neighbors = *addresses = 0;
	while (*neighbors < d->neighbor_count && *neighbors < DIGEST_NEIGHBORS_MAX) {
		size_t len = 9 + varint_len(d->neighbors[*neighbors].rtt_100us);

		if (len > room)
			break;
		room -= len;
		++*neighbors;
	}
	while (*addresses < d->address_count && *addresses < ADDRESSES_MAX) {
		const struct address *a = &d->addresses[*addresses];
		size_t len = 1 + (a->family == 4 ? 4 : 16) + varint_len(a->port);

		if (len > room)
			break;
		room -= len;
		++*addresses;
	}
}

void
digest_sign(struct buf *b, const struct digest *d, const struct peer_id *topic,
	const uint8_t secret_key[static 64])
{
	size_t neighbors, addresses;
	struct buf body;

	buf_init(&body, DIGEST_LEN_MAX - ENVELOPE_LEN);
	put_head(&body, d);
	put_build(&body, d);
	put_tail(&body, d);
	buf_put(&body, "\0", 2); /* the two counts, one byte each */
	assert(!body.failed);
	fit(d, body.len, &neighbors, &addresses);

	buf_clear(&body);
	put_head(&body, d);
	postcard_put_addresses(&body, d->addresses, addresses);
	put_build(&body, d);
	varint_put(&body, neighbors);
	for (size_t i = 0; i < neighbors; i++) {
		buf_put(&body, d->neighbors[i].id_prefix,
			sizeof d->neighbors[i].id_prefix);
		buf_put_u8(&body, d->neighbors[i].path_kind);
		varint_put(&body, d->neighbors[i].rtt_100us);
	}
	put_tail(&body, d);
	envelope_seal(b, PAYLOAD_DIGEST, digest_context, &body, topic, secret_key);
	buf_fini(&body);
}

static int
read_neighbors(struct view *v, struct digest *d)
{
	uint64_t n;
	int err = varint_u64(v, &n);

	if (err)
		return err;
	if (n > DIGEST_NEIGHBORS_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		struct digest_neighbor *at = &d->neighbors[i];

		if ((err = postcard_fixed(v, at->id_prefix, sizeof at->id_prefix)) ||
			(err = postcard_u8(v, &at->path_kind)) ||
			(err = varint_u16(v, &at->rtt_100us)))
			return err;
	}
	d->neighbor_count = (size_t)n;
	return ERR_OK;
}

/* Bytes after the extension belong to a later version; they are signed and ignored. */
static int
read_digest(struct digest *d, struct view body)
{
	struct view extension;
	int err;

	memset(d, 0, sizeof *d);
	if ((err = postcard_id(&body, &d->id)) ||
		(err = varint_u64(&body, &d->incarnation)) ||
		(err = varint_u64(&body, &d->seq)) ||
		(err = postcard_text(&body, d->mesh, sizeof d->mesh)) ||
		(err = postcard_text(&body, d->type, sizeof d->type)) ||
		(err = postcard_addresses(
			 &body, d->addresses, ADDRESSES_MAX, &d->address_count)) ||
		(err = postcard_text(&body, d->build, sizeof d->build)) ||
		(err = varint_u32(&body, &d->uptime_s)) ||
		(err = read_neighbors(&body, d)) ||
		(err = varint_u64(&body, &d->frames_sent)) ||
		(err = varint_u64(&body, &d->frames_received)) ||
		(err = varint_u32(&body, &d->cpu_used_mc)) ||
		(err = varint_u32(&body, &d->cpu_budget_mc)) ||
		(err = varint_u32(&body, &d->memory_used_kib)) ||
		(err = varint_u32(&body, &d->memory_budget_kib)) ||
		(err = varint_u16(&body, &d->loop_lag_ms)) ||
		(err = varint_u16(&body, &d->flags)) ||
		(err = postcard_bytes(&body, DIGEST_LEN_MAX, &extension)))
		return err;
	return text_is_label(d->mesh) && text_is_label(d->type) ? ERR_OK : ERR_MALFORMED;
}

enum payload_kind
payload_kind(struct view payload)
{
	if (payload.len == 0)
		return PAYLOAD_UNKNOWN;
	switch (payload.data[0]) {
	case PAYLOAD_DIGEST:
		return PAYLOAD_DIGEST;
	case PAYLOAD_ACCUSATION:
		return PAYLOAD_ACCUSATION;
	case PAYLOAD_SUMMARY:
		return PAYLOAD_SUMMARY;
	case PAYLOAD_CAST:
		return PAYLOAD_CAST;
	default:
		return PAYLOAD_UNKNOWN;
	}
}

int
digest_verify(struct digest *d, struct view payload, const struct peer_id *topic)
{
	struct view body, signature;
	int err =
		envelope_open(payload, PAYLOAD_DIGEST, DIGEST_LEN_MAX, &body, &signature);

	if (!err)
		err = read_digest(d, body);
	if (!err && !envelope_signer_valid(&d->id))
		err = ERR_MALFORMED;
	return err ? err
		   : envelope_check(digest_context, topic, body, signature, &d->id);
}

int
digest_verify_known(struct digest *d, struct view payload, const struct peer_id *topic,
	const struct digest *known)
{
	struct view body, signature;
	int err =
		envelope_open(payload, PAYLOAD_DIGEST, DIGEST_LEN_MAX, &body, &signature);

	if (!err)
		err = read_digest(d, body);
	if (!err && !id_equal(&d->id, &known->id))
		err = ERR_ARGUMENT;
	return err ? err
		   : envelope_check(digest_context, topic, body, signature, &d->id);
}

int
digest_peek(struct peer_id *id, struct view payload)
{
	struct view body, signature;
	int err =
		envelope_open(payload, PAYLOAD_DIGEST, DIGEST_LEN_MAX, &body, &signature);

	return err ? err : postcard_id(&body, id);
}

int
digest_peek_mesh(char mesh[static LABEL_LEN_MAX + 1], struct view payload)
{
	struct view body, signature;
	uint64_t incarnation, seq;
	struct peer_id id;
	int err =
		envelope_open(payload, PAYLOAD_DIGEST, DIGEST_LEN_MAX, &body, &signature);

	if (err || (err = postcard_id(&body, &id)) ||
		(err = varint_u64(&body, &incarnation)) ||
		(err = varint_u64(&body, &seq)) ||
		(err = postcard_text(&body, mesh, LABEL_LEN_MAX + 1)))
		return err;
	return text_is_label(mesh) ? ERR_OK : ERR_MALFORMED;
}

int
digest_read(struct digest *d, struct view payload)
{
	struct view body, signature;
	int err =
		envelope_open(payload, PAYLOAD_DIGEST, DIGEST_LEN_MAX, &body, &signature);

	return err ? err : read_digest(d, body);
}

void
accusation_sign(struct buf *b, const struct accusation *a, const struct peer_id *topic,
	const uint8_t secret_key[static 64])
{
	struct buf body;

	buf_init(&body, ACCUSATION_LEN_MAX);
	postcard_put_id(&body, &a->accuser);
	postcard_put_id(&body, &a->subject);
	varint_put(&body, a->incarnation);
	varint_put(&body, a->seq);
	buf_put_u8(&body, (uint8_t)a->reason);
	envelope_seal(
		b, PAYLOAD_ACCUSATION, accusation_context, &body, topic, secret_key);
	buf_fini(&body);
}

static int
read_accusation(struct accusation *a, struct view body)
{
	uint8_t reason;
	int err;

	memset(a, 0, sizeof *a);
	if ((err = postcard_id(&body, &a->accuser)) ||
		(err = postcard_id(&body, &a->subject)) ||
		(err = varint_u64(&body, &a->incarnation)) ||
		(err = varint_u64(&body, &a->seq)) || (err = postcard_u8(&body, &reason)))
		return err;
	if (reason > ACCUSED_RESET)
		return ERR_MALFORMED;
	a->reason = (enum accusation_reason)reason;
	return ERR_OK;
}

int
accusation_verify(struct accusation *a, struct view payload, const struct peer_id *topic)
{
	struct view body, signature;
	int err = envelope_open(
		payload, PAYLOAD_ACCUSATION, ACCUSATION_LEN_MAX, &body, &signature);

	if (!err)
		err = read_accusation(a, body);
	if (!err && !envelope_signer_valid(&a->accuser))
		err = ERR_MALFORMED;
	return err ? err
		   : envelope_check(
			     accusation_context, topic, body, signature, &a->accuser);
}
