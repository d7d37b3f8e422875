/* SPDX-License-Identifier: MIT */
#include "unit/watch_told.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"

static void
note_seq(struct told *t, enum watched_topic topic, uint64_t seq)
{
	if (t->first_seq[topic] == 0)
		t->first_seq[topic] = seq;
	assert_true(seq > t->last_seq[topic]);
	t->last_seq[topic] = seq;
}

static void
take_message(struct told *t, struct view v)
{
	struct watched_message m;
	size_t k = 0;

	assert_int_equal(watched_message_read(v, &m), ERR_OK);
	note_seq(t, WATCHED_MESSAGES, m.seq);
	if (!id_is_zero(&t->only) && !id_equal(&t->only, &m.peer))
		return;
	while (k < KINDS_MAX && t->kinds[k].kind[0] && strcmp(t->kinds[k].kind, m.kind))
		k++;
	assert_true(k < KINDS_MAX);
	memcpy(t->kinds[k].kind, m.kind, sizeof m.kind);
	if (m.sent)
		t->kinds[k].sent++;
	else
		t->kinds[k].received++;
	if (strcmp(m.kind, "payload") == 0)
		memcpy(t->summary, m.summary, sizeof t->summary);
}

static void
take_parts(struct told *t, enum watched_topic topic, struct view v)
{
	struct watched_part p;
	struct watched_object o;

	assert_int_equal(watched_part_read(&v, &p), ERR_OK);
	if (topic == WATCHED_LINKS)
		for (t->links_count = 0; v.len > 0; t->links_count++)
			assert_int_equal(
				watched_link_read(&v, &t->links[t->links_count]), ERR_OK);
	while (topic == WATCHED_OBJECTS && v.len > 0) {
		assert_int_equal(watched_object_read(&v, &o), ERR_OK);
		if (strcmp(o.name, "connection") == 0)
			t->connections = o.made - o.destroyed;
	}
}

static void
take_item(struct told *t, const struct watched_item *i)
{
	struct view v = i->body;
	struct watched_event e;
	struct watched_span s;

	assert_true(i->topic < WATCHED_TOPICS);
	t->items[i->topic]++;
	t->lost[i->topic] += i->lost;
	switch (i->topic) {
	case WATCHED_BOOT:
		span_set_fini(&t->boot);
		assert_int_equal(span_set_read(&v, &t->boot), ERR_OK);
		break;
	case WATCHED_SPANS:
		assert_int_equal(watched_span_read(v, &s), ERR_OK);
		note_seq(t, WATCHED_SPANS, s.seq);
		break;
	case WATCHED_EVENTS:
		assert_int_equal(watched_event_read(v, &e), ERR_OK);
		assert_string_equal(e.kind, "view.up");
		note_seq(t, WATCHED_EVENTS, e.seq);
		break;
	case WATCHED_MESSAGES:
		take_message(t, v);
		break;
	default:
		take_parts(t, (enum watched_topic)i->topic, v);
		break;
	}
}

void
watch_told(struct told *t, struct view v)
{
	struct watched_item item;
	uint64_t wall_us;

	t->frames++;
	assert_int_equal(watched_head_read(&v, &wall_us), ERR_OK);
	while (v.len > 0) {
		assert_int_equal(watched_item_read(&v, &item), ERR_OK);
		take_item(t, &item);
	}
}
