/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "scenario/registry.h"
#include "wire/frame.h"

#define FRAMES 10000
#define CUT_FRAMES 1000
#define PAYLOAD_MAX 512

static const uint8_t tags[] = {
#define FRAME(name, tag, limit, text) tag,
#include "wire/frame.def"
#undef FRAME
};

/* A frame of a known tag with a payload by chance; `payload` has PAYLOAD_MAX bytes. */
static void
frame_by_chance(
	struct rng *rng, struct buf *b, uint8_t *tag, uint8_t *payload, size_t *len)
{
	*tag = tags[rng_below(rng, sizeof(tags))];
	*len = rng_below(rng, PAYLOAD_MAX);
	if (*len > frame_limit(*tag))
		*len = frame_limit(*tag);
	rng_bytes(rng, payload, *len);
	buf_clear(b);
	frame_encode(b, *tag, payload, *len);
}

bool
registry_framer_roundtrip(uint64_t seed, char why[static REPORT_TEXT_CAP])
{
	uint8_t payload[PAYLOAD_MAX], tag;
	bool good = true;
	struct rng rng;
	struct buf b;
	size_t len;

	rng_init_u64(&rng, seed);
	buf_init(&b, FRAME_LEN_MAX);
	for (size_t i = 0; i < FRAMES && good; i++) {
		struct frame f;
		struct view v;

		frame_by_chance(&rng, &b, &tag, payload, &len);
		v = (struct view){ b.data, b.len };
		good = frame_decode(&v, &f) == ERR_OK && v.len == 0 && f.tag == tag &&
			f.payload.len == len && memcmp(f.payload.data, payload, len) == 0;
		if (!good)
			snprintf(why, REPORT_TEXT_CAP,
				"frame %zu, tag %02x, %zu bytes, did not come back", i,
				tag, len);
	}
	buf_fini(&b);
	return good;
}

bool
registry_framer_truncation(uint64_t seed, char why[static REPORT_TEXT_CAP])
{
	uint8_t payload[PAYLOAD_MAX], tag;
	bool good = true;
	struct rng rng;
	struct buf b;
	size_t len;

	rng_init_u64(&rng, seed);
	buf_init(&b, FRAME_LEN_MAX);
	for (size_t i = 0; i < CUT_FRAMES && good; i++) {
		frame_by_chance(&rng, &b, &tag, payload, &len);
		for (size_t cut = 0; cut < b.len && good; cut++) {
			struct view v = { b.data, cut };
			struct frame f;

			good = frame_decode(&v, &f) == ERR_TRUNCATED && v.len == cut;
			if (!good)
				snprintf(why, REPORT_TEXT_CAP,
					"frame %zu of %zu bytes, cut after %zu, was not "
					"refused",
					i, b.len, cut);
		}
	}
	buf_fini(&b);
	return good;
}

bool
registry_traced_frame_roundtrip(uint64_t seed, char why[static REPORT_TEXT_CAP])
{
	bool good = true;
	struct rng rng;
	struct buf b;

	rng_init_u64(&rng, seed);
	buf_init(&b, FRAME_LEN_MAX);
	for (size_t i = 0; i < FRAMES && good; i++) {
		struct trace_context c, back;
		struct view v;

		rng_bytes(&rng, c.trace_id, sizeof(c.trace_id));
		rng_bytes(&rng, c.span_id, sizeof(c.span_id));
		c.flags = (uint8_t)rng_below(&rng, 256);
		buf_clear(&b);
		trace_context_encode(&b, &c);
		v = (struct view){ b.data, b.len };
		good = b.len == TRACE_CONTEXT_LEN &&
			trace_context_decode(&v, &back) == ERR_OK && v.len == 0 &&
			memcmp(c.trace_id, back.trace_id, sizeof(c.trace_id)) == 0 &&
			memcmp(c.span_id, back.span_id, sizeof(c.span_id)) == 0 &&
			c.flags == back.flags;
		if (!good)
			snprintf(
				why, REPORT_TEXT_CAP, "context %zu did not come back", i);
	}
	buf_fini(&b);
	return good;
}

bool
registry_unknown_tag_rejected(uint64_t seed, char why[static REPORT_TEXT_CAP])
{
	bool good = true;
	struct buf b;

	(void)seed;
	buf_init(&b, FRAME_LEN_MAX);
	for (unsigned tag = 0; tag < 256 && good; tag++) {
		struct frame f;
		struct view v;

		if (memchr(tags, (int)tag, sizeof(tags)))
			continue;
		buf_clear(&b);
		frame_encode(&b, (uint8_t)tag, "what", 4);
		frame_encode(&b, FRAME_PING, "known", 5);
		v = (struct view){ b.data, b.len };
		good = strcmp(frame_name((uint8_t)tag), "unknown") == 0 &&
			frame_limit((uint8_t)tag) == FRAME_CONTROL_LEN_MAX &&
			frame_decode(&v, &f) == ERR_OK && f.tag == tag &&
			frame_decode(&v, &f) == ERR_OK && f.tag == FRAME_PING;
		if (!good)
			snprintf(why, REPORT_TEXT_CAP, "tag %02x is not skipped", tag);
	}
	buf_fini(&b);
	return good;
}
