/* SPDX-License-Identifier: MIT */
#include "wire/hello.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "wire/postcard.h"

static int
check(const struct hello *h)
{
	if (h->version == 0 || !text_is_label(h->type))
		return ERR_MALFORMED;
	if (h->mesh[0] == 0 && h->role == HELLO_OBSERVER)
		return ERR_OK;
	return text_is_label(h->mesh) ? ERR_OK : ERR_MALFORMED;
}

static int
read_role(struct view *v, enum hello_role *role)
{
	uint32_t value;
	int err = varint_u32(v, &value);

	if (err)
		return err;
	if (value > HELLO_VISITOR)
		return ERR_MALFORMED;
	*role = (enum hello_role)value;
	return ERR_OK;
}

static int
read_proof(struct view *v, struct hello *h)
{
	struct view proof;
	int err = postcard_bytes(v, HELLO_PROOF_LEN, &proof);

	if (err)
		return err;
	if (proof.len != 0 && proof.len != HELLO_PROOF_LEN)
		return ERR_MALFORMED;
	h->has_proof = proof.len > 0;
	if (h->has_proof)
		memcpy(h->proof, proof.data, HELLO_PROOF_LEN);
	return ERR_OK;
}

int
hello_decode(struct hello *h, struct view payload)
{
	struct view *v = &payload;
	int err;

	memset(h, 0, sizeof *h);
	if ((err = varint_u16(v, &h->version)) ||
		(err = postcard_text(v, h->mesh, sizeof h->mesh)) ||
		(err = postcard_text(v, h->type, sizeof h->type)) ||
		(err = read_role(v, &h->role)) ||
		(err = varint_u64(v, &h->incarnation)) ||
		(err = postcard_text(v, h->build, sizeof h->build)) ||
		(err = postcard_addresses(
			 v, h->addresses, ADDRESSES_MAX, &h->address_count)) ||
		(err = read_proof(v, h)))
		return err;
	/* Bytes that follow belong to a later version, which may only append. */
	return check(h);
}

void
hello_encode(struct buf *b, const struct hello *h)
{
	varint_put(b, h->version);
	postcard_put_text(b, h->mesh);
	postcard_put_text(b, h->type);
	varint_put(b, h->role);
	varint_put(b, h->incarnation);
	postcard_put_text(b, h->build);
	postcard_put_addresses(b, h->addresses, h->address_count);
	postcard_put_bytes(b, h->proof, h->has_proof ? HELLO_PROOF_LEN : 0);
}
