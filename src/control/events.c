/* SPDX-License-Identifier: MIT */
#include "control/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "control/request.h"

/* Names, texts and keys of one event with every character escaped, and some. */
#define EVENT_LEN_MAX (2 * sizeof(struct timeline_event) + 512)

/* A timeline holds printable text only, so quotes and backslashes are all there is. */
static void
put_text(struct buf *to, const char *key, const char *text)
{
	buf_format(to, ",\"%s\":\"", key);
	for (;;) {
		size_t len = strcspn(text, "\"\\");

		buf_put(to, text, len);
		text += len;
		if (*text == '\0')
			break;
		buf_put_u8(to, '\\');
		buf_put_u8(to, (uint8_t)*text++);
	}
	buf_put_u8(to, '"');
}

/* RFC 3339, UTC: it compares as text. */
static void
put_time(struct buf *to, uint64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	char text[40] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_format(to, ",\"at\":\"%s.%03uZ\"", text, (unsigned)(wall_ms % 1000));
}

static void
put_event(struct buf *to, const struct timeline_event *e, uint64_t now_ns)
{
	uint64_t age_ns = now_ns > e->at_ns ? now_ns - e->at_ns : 0;

	buf_format(to, "\"seq\":%" PRIu64, e->seq);
	put_time(to, e->wall_ms);
	buf_format(to, ",\"age_ms\":%" PRIu64, age_ns / NS_PER_MS);
	put_text(to, "kind", timeline_kind_text(e->kind));
	put_text(to, "source", e->source);
	put_text(to, "node", e->node);
	put_text(to, "mesh", e->mesh);
	put_text(to, "text", e->text);
	buf_put_u8(to, '}');
}

void
control_events_line(struct buf *to, const struct timeline_event *e, uint64_t now_ns)
{
	buf_format(to, "{\"version\":%d,", CONTROL_VERSION);
	put_event(to, e, now_ns);
}

void
control_events_lost(struct buf *to, uint64_t lost)
{
	buf_format(to, "{\"version\":%d,\"lost\":%" PRIu64 "}", CONTROL_VERSION, lost);
}

/* The text of a buffer that nobody else will use any more. */
static char *
take_text(struct buf *b)
{
	char *text;

	buf_put_u8(b, '\0');
	text = mem_copy(b->data, b->len);
	buf_fini(b);
	return text;
}

char *
control_events_answer(const struct timeline *t, uint64_t now_ns)
{
	size_t count = t != NULL ? timeline_count(t) : 0;
	struct buf b;

	buf_init(&b, count * EVENT_LEN_MAX + 100);
	buf_format(&b, "{\"version\":%d,\"events\":[", CONTROL_VERSION);
	for (size_t i = 0; i < count; i++) {
		buf_format(&b, i > 0 ? ",{" : "{");
		put_event(&b, timeline_at(t, i), now_ns);
	}
	buf_format(&b, "],\"dropped\":%" PRIu64 "}",
		t != NULL ? timeline_dropped(t) : UINT64_C(0));
	return take_text(&b);
}

char *
control_events_after(const struct timeline *t, uint64_t *cursor, uint64_t now_ns)
{
	uint64_t first = timeline_first(t), last = timeline_last(t);
	struct buf b;

	if (*cursor >= last)
		return NULL;
	buf_init(&b, (CONTROL_EVENTS_BATCH + 1) * EVENT_LEN_MAX);
	if (*cursor + 1 < first) {
		control_events_lost(&b, first - 1 - *cursor);
		*cursor = first - 1;
	}
	for (size_t i = 0; i < CONTROL_EVENTS_BATCH && *cursor < last; i++) {
		if (b.len > 0)
			buf_put_u8(&b, '\n');
		control_events_line(&b, timeline_find(t, ++*cursor), now_ns);
	}
	return take_text(&b);
}
