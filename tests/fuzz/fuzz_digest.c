/* SPDX-License-Identifier: MIT */
/* A digest, as raw bytes and as the body of a signed payload. */
#include "base/text.h"
#include "tests/fuzz/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sealer s = sealer();
	struct digest d, again;
	struct buf b, twice;

	payload_kind((struct view){bytes, len});
	digest_verify(&d, (struct view){bytes, len}, &s.topic);
	buf_init(&b, len + 256);
	seal_bytes(&b, &s, PAYLOAD_DIGEST, "meshtui digest 1", bytes, len);
	if (digest_verify(&d, (struct view){b.data, b.len}, &s.topic) < 0) {
		buf_fini(&b);
		return 0;
	}
	assert(text_is_label(d.mesh) && text_is_label(d.type));
	assert(d.address_count <= ADDRESSES_MAX &&
		d.neighbor_count <= DIGEST_NEIGHBORS_MAX);
	buf_clear(&b);
	digest_sign(&b, &d, &s.topic, s.secret_key);
	assert(!b.failed && b.len <= DIGEST_LEN_MAX);
	assert(digest_verify(&again, (struct view){b.data, b.len}, &s.topic) == 0);
	/* What was read from within the bound is written within it: nothing is left out.
	 */
	buf_init(&twice, DIGEST_LEN_MAX);
	digest_sign(&twice, &again, &s.topic, s.secret_key);
	assert(twice.len == b.len && memcmp(twice.data, b.data, b.len) == 0);
	assert(again.address_count == d.address_count);
	assert(again.neighbor_count == d.neighbor_count);
	buf_fini(&twice);
	buf_fini(&b);
	return 0;
}
