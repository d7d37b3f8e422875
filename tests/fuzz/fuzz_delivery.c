/* SPDX-License-Identifier: MIT */
/* RESOLVE, SEND and their answers; the first byte says which. And names as text. */
#include <assert.h>
#include <string.h>

#include "mesh/pattern.h"
#include "wire/delivery.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void
message(struct view v)
{
	struct message m, again;
	struct buf b;

	if (delivery_read_message(&m, v) != 0)
		return;
	buf_init(&b, FRAME_LEN_MAX + 256);
	delivery_put_message(&b, &m);
	assert(delivery_read_message(&again, (struct view){b.data, b.len}) == 0);
	assert(again.body.len == m.body.len);
	assert(delivery_message_number(&again) == delivery_message_number(&m));
	buf_fini(&b);
}

static void
resolved(struct view v)
{
	struct resolve_answer a, again;
	struct buf b;

	if (delivery_read_resolved(&a, v) != 0)
		return;
	buf_init(&b, FRAME_LEN_MAX);
	delivery_put_resolved(&b, &a);
	assert(delivery_read_resolved(&again, (struct view){b.data, b.len}) == 0);
	assert(again.count == a.count && again.status == a.status);
	buf_fini(&b);
}

static void
pattern(struct view v)
{
	char text[200], why[PATTERN_WHY_CAP];
	size_t len = v.len < sizeof text - 1 ? v.len : sizeof text - 1;
	struct peer_id id = {{1}};
	struct pattern p;

	memcpy(text, v.data, len);
	text[len] = '\0';
	if (pattern_parse(&p, text, why) == 0)
		(void)pattern_matches(&p, "mesh1", "broker", &id);
	else
		assert(why[0] != '\0' && strchr(why, '\033') == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct view v = {bytes + 1, len - 1};
	struct resolve_ask ask;
	struct message_ack ack;

	if (len == 0)
		return 0;
	switch (bytes[0]) {
	case 'm':
		message(v);
		break;
	case 'r':
		resolved(v);
		break;
	case 'p':
		pattern(v);
		break;
	case 'a':
		(void)delivery_read_ack(&ack, v);
		break;
	default:
		(void)delivery_read_resolve(&ask, v);
		break;
	}
	return 0;
}
