/* SPDX-License-Identifier: MIT */
/* An accusation, as raw bytes and as the body of a signed payload. */
#include "tests/fuzz/sealed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sealer s = sealer();
	struct accusation a, again;
	struct buf b;

	accusation_verify(&a, (struct view){bytes, len}, &s.topic);
	buf_init(&b, len + 256);
	seal_bytes(&b, &s, PAYLOAD_ACCUSATION, "meshtui accusation 1", bytes, len);
	if (accusation_verify(&a, (struct view){b.data, b.len}, &s.topic) == 0) {
		assert(id_equal(&a.accuser, &s.id));
		buf_clear(&b);
		accusation_sign(&b, &a, &s.topic, s.secret_key);
		assert(accusation_verify(
			       &again, (struct view){b.data, b.len}, &s.topic) == 0);
		assert(id_equal(&a.subject, &again.subject) && a.reason == again.reason);
		assert(a.incarnation == again.incarnation && a.seq == again.seq);
		assert(accusation_reason_text(a.reason));
	}
	buf_fini(&b);
	return 0;
}
