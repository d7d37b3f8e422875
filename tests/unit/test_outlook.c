/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "base/rng.h"
#include "mesh/outlook.h"
#include "wire/varint.h"

#define NOW SECONDS(100)
#define WALL UINT64_C(5000000)

static const struct peer_id node = { { 7 } };
static const struct outlook_sink nobody;

struct seen {
	unsigned events, spans;
	uint64_t at_ns;
	char text[WATCHED_TEXT_CAP];
};

static void
on_event(void *ctx, const struct outlook *o, const struct watched_event *e,
	uint64_t at_ns)
{
	struct seen *s = ctx;

	assert_true(id_equal(&o->id, &node));
	s->events++;
	s->at_ns = at_ns;
	memcpy(s->text, e->text, sizeof s->text);
}

static void
on_span(void *ctx, const struct outlook *o, const struct watched_span *w)
{
	struct seen *s = ctx;

	(void)o;
	(void)w;
	s->spans++;
}

static void
begin(struct buf *b)
{
	buf_init(b, WATCH_FRAME_LEN_MAX);
	watched_head_put(b, WALL);
}

static void
put(struct buf *frame, enum watched_topic topic, uint64_t lost, struct buf *body)
{
	watched_item_put(frame, topic, lost, body);
	buf_clear(body);
}

/* One item of each topic. */
static void
put_all(struct buf *frame)
{
	struct span spans[2] = { { .id = { 1 }, .name = "mesh.node.ready" },
		{ .id = { 2 }, .parent = { 1 }, .name = "mesh.boot.joined" } };
	struct span_set boot = { .spans = spans, .count = 2, .trace = { 9 } };
	struct watched_event e = { .seq = 4, .wall_us = WALL - 2000000,
		.kind = "view.up", .text = "evil\x1b[2J" };
	struct watched_message m = { .seq = 8, .wall_us = WALL - 1000, .kind = "ping" };
	struct watched_link k = { .remote = { .family = 4 }, .rtt_ns = 5 };
	struct watched_part p = { 0, 1 };
	struct watched_object o = { .name = "stream", .made = 3, .destroyed = 1 };
	struct buf b;

	buf_init(&b, 8192);
	span_set_put(&b, &boot);
	put(frame, WATCHED_BOOT, 0, &b);
	varint_put(&b, 11);
	varint_put(&b, WALL);
	buf_put(&b, boot.trace, sizeof boot.trace);
	span_put(&b, &spans[1]);
	put(frame, WATCHED_SPANS, 17, &b);
	watched_event_put(&b, &e);
	put(frame, WATCHED_EVENTS, 3, &b);
	watched_part_put(&b, &p);
	watched_link_put(&b, &k);
	put(frame, WATCHED_LINKS, 0, &b);
	watched_part_put(&b, &p);
	watched_object_put(&b, &o);
	put(frame, WATCHED_OBJECTS, 0, &b);
	watched_message_put(&b, &m);
	put(frame, WATCHED_MESSAGES, 2, &b);
	buf_fini(&b);
}

/* Each topic becomes its rows; texts are harmless, times are on our clock. */
static void
topics_become_rows(void **state)
{
	struct seen seen = { .events = 0 };
	const struct outlook_sink sink = { on_span, on_event, &seen };
	struct outlook o;
	struct buf frame;

	(void)state;
	outlook_init(&o, &node, "mesh1.broker.070000");
	begin(&frame);
	put_all(&frame);
	outlook_take(&o, (struct view){ frame.data, frame.len }, NOW, &sink);
	assert_int_equal(o.malformed, 0);
	assert_int_equal(o.boot.count, 2);
	assert_int_equal(o.boot_ns, NOW);
	assert_int_equal(seen.spans, 1);
	assert_int_equal(o.last_span, 11);
	assert_int_equal(o.lost[WATCHED_SPANS], 17);
	assert_int_equal(seen.events, 1);
	assert_int_equal(seen.at_ns, NOW - SECONDS(2));
	assert_null(strchr(seen.text, 0x1b));
	assert_int_equal(o.link_count, 1);
	assert_int_equal(o.links[0].rtt_ns, 5);
	assert_int_equal(o.object_count, 1);
	assert_int_equal(o.messages.count, 1);
	assert_int_equal(((struct outlook_message *)ring_at(&o.messages, 0))->at_ns,
		NOW - MILLISECONDS(1));
	buf_fini(&frame);
	outlook_fini(&o);
}

static void
on_event_kept(void *ctx, const struct outlook *o, const struct watched_event *e,
	uint64_t at_ns)
{
	(void)o;
	(void)at_ns;
	*(struct watched_event *)ctx = *e;
}

/* An event under another's name is the word of the node that was asked. */
static void
events_are_of_who_was_asked(void **state)
{
	struct watched_event e = { .seq = 1, .wall_us = WALL, .kind = "view.up",
		.source = "mesh1.gateway.ffffff", .node = "mesh1.gateway.eeeeee" }, got;
	const struct outlook_sink sink = { NULL, on_event_kept, &got };
	const struct peer_id other = { { 8 } };
	struct buf frame, b;
	struct outlook o;

	(void)state;
	outlook_init(&o, &node, "mesh1.broker.070000");
	for (int i = 0; i < 2; i++) {
		e.id = i == 0 ? node : other;
		begin(&frame);
		buf_init(&b, 1024);
		watched_event_put(&b, &e);
		put(&frame, WATCHED_EVENTS, 0, &b);
		outlook_take(&o, (struct view){ frame.data, frame.len }, NOW, &sink);
		assert_string_equal(got.source, "mesh1.broker.070000");
		assert_string_equal(got.node, i == 0 ? o.name : "mesh1.gateway.eeeeee");
		buf_fini(&b);
		buf_fini(&frame);
	}
	outlook_fini(&o);
}

/* A topic of a later version is stepped over; what comes after it is read. */
static void
unknown_topics_are_skipped(void **state)
{
	struct outlook o;
	struct buf frame, b;

	(void)state;
	outlook_init(&o, &node, "x");
	begin(&frame);
	buf_init(&b, 16);
	buf_put(&b, "what", 4);
	put(&frame, (enum watched_topic)200, 5, &b);
	put_all(&frame);
	outlook_take(&o, (struct view){ frame.data, frame.len }, NOW, &nobody);
	assert_int_equal(o.malformed, 0);
	assert_int_equal(o.link_count, 1);
	buf_fini(&b);
	buf_fini(&frame);
	outlook_fini(&o);
}

/* A frame that is cut or bent at any place is counted, and harms nobody. */
static void
broken_frames_do_no_harm(void **state)
{
	uint8_t seed[32] = "outlook";
	struct outlook o;
	struct buf frame;
	struct rng r;
	uint64_t cut = 0;

	(void)state;
	rng_init(&r, seed);
	outlook_init(&o, &node, "x");
	begin(&frame);
	put_all(&frame);
	for (size_t len = 0; len < frame.len; len++)
		outlook_take(&o, (struct view){ frame.data, len }, NOW, &nobody);
	cut = o.malformed;
	/* But for those that end where an item does. */
	assert_in_range(cut, frame.len - 8, frame.len);
	for (int i = 0; i < 20000; i++) {
		size_t at = rng_below(&r, frame.len);
		uint8_t was = frame.data[at];

		frame.data[at] ^= (uint8_t)(1u << rng_below(&r, 8));
		outlook_take(&o, (struct view){ frame.data, frame.len }, NOW, &nobody);
		assert_true(o.link_count <= LINKS_MAX);
		assert_true(o.object_count <= OUTLOOK_OBJECTS_MAX);
		assert_true(o.messages.count <= OUTLOOK_MESSAGES_MAX);
		frame.data[at] = was;
	}
	buf_fini(&frame);
	outlook_fini(&o);
}

/* The clock lies within half a round trip, and the best answer so far counts. */
static void
clocks_have_a_bound(void **state)
{
	struct outlook o;
	struct buf frame;
	struct view v;

	(void)state;
	outlook_init(&o, &node, "x");
	begin(&frame);
	v = (struct view){ frame.data, frame.len };
	outlook_clock(&o, v, WALL - 3000, WALL + 1000);
	assert_true(o.clock_known);
	assert_int_equal(o.ahead_us, 1000);
	assert_int_equal(o.bound_us, 2001);
	outlook_clock(&o, v, WALL - 100, WALL + 100);
	assert_int_equal(o.ahead_us, 0);
	assert_int_equal(o.bound_us, 101);
	outlook_clock(&o, v, WALL - 9000, WALL + 100);
	assert_int_equal(o.bound_us, 101);
	/* A clock that was set back meanwhile says nothing. */
	outlook_clock(&o, v, WALL, WALL - 1);
	assert_int_equal(o.bound_us, 101);
	buf_fini(&frame);
	outlook_fini(&o);
}

/* Times that no clock can show are malformed: nobody reckons with them. */
static void
impossible_times_are_refused(void **state)
{
	static const uint64_t bad[][4] = { { UINT64_C(1) << 63, 1, 1, 1 },
		{ WALL, UINT64_MAX, 1, 1 }, { WALL, WALL, (uint64_t)INT64_MAX, 1 },
		{ WALL, WALL, 1, (uint64_t)INT64_MAX } };
	struct seen seen = { .events = 0 };
	const struct outlook_sink sink = { on_span, on_event, &seen };

	(void)state;
	for (size_t i = 0; i <= sizeof bad / sizeof bad[0]; i++) {
		/* The last one is as it should be: the control. */
		const uint64_t sane[4] = { WALL, WALL, 1, 1 };
		const uint64_t *t = i < sizeof bad / sizeof bad[0] ? bad[i] : sane;
		struct span span = { .id = { 1 }, .name = "x", .begin_us = t[2],
			.duration_us = t[3] };
		struct span_set boot = { .spans = &span, .count = 1, .wall_us = t[1] };
		struct outlook o;
		struct buf frame, b;

		outlook_init(&o, &node, "x");
		buf_init(&frame, WATCH_FRAME_LEN_MAX);
		buf_init(&b, 8192);
		watched_head_put(&frame, t[0]);
		outlook_clock(&o, (struct view){ frame.data, frame.len }, WALL, WALL);
		assert_int_equal(o.clock_known, t[0] == WALL);
		span_set_put(&b, &boot);
		put(&frame, WATCHED_BOOT, 0, &b);
		outlook_take(&o, (struct view){ frame.data, frame.len }, NOW, &sink);
		assert_int_equal(o.boot.count, t == sane);
		buf_clear(&frame);
		watched_head_put(&frame, t[0]);
		varint_put(&b, 11);
		varint_put(&b, t[1]);
		buf_put(&b, boot.trace, sizeof boot.trace);
		span_put(&b, &span);
		put(&frame, WATCHED_SPANS, 0, &b);
		outlook_take(&o, (struct view){ frame.data, frame.len }, NOW, &sink);
		assert_int_equal(o.malformed, t == sane ? 0 : 2);
		assert_int_equal(seen.spans, t == sane);
		buf_fini(&b);
		buf_fini(&frame);
		outlook_fini(&o);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topics_become_rows),
		cmocka_unit_test(events_are_of_who_was_asked),
		cmocka_unit_test(unknown_topics_are_skipped),
		cmocka_unit_test(broken_frames_do_no_harm),
		cmocka_unit_test(clocks_have_a_bound),
		cmocka_unit_test(impossible_times_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
