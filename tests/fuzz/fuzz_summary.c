/* SPDX-License-Identifier: MIT */
/* A summary, as raw bytes and as the body of a signed payload. */
#include "tests/fuzz/sealed.h"

#include "wire/summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sealer s = sealer();
	struct summary one, again;
	struct buf b;

	summary_verify(&one, (struct view){bytes, len}, &s.topic);
	buf_init(&b, len + 256 + SUMMARY_LEN_MAX);
	seal_bytes(&b, &s, PAYLOAD_SUMMARY, "meshtui summary 1", bytes, len);
	if (summary_verify(&one, (struct view){b.data, b.len}, &s.topic) == 0) {
		struct summary_counts all = summary_total(&one), sum;

		assert(id_equal(&one.speaker, &s.id));
		buf_clear(&b);
		summary_sign(&b, &one, &s.topic, s.secret_key);
		assert(b.len <= SUMMARY_LEN_MAX);
		assert(summary_verify(
			       &again, (struct view){b.data, b.len}, &s.topic) == 0);
		sum = summary_total(&again);
		assert(again.gateway_count == one.gateway_count);
		assert(sum.live == all.live && sum.gone == all.gone);
		assert(again.seq == one.seq && strcmp(again.mesh, one.mesh) == 0);
	}
	buf_fini(&b);
	return 0;
}
