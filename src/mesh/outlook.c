/* SPDX-License-Identifier: MIT */
#include "mesh/outlook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

/*
 * Until the year 38000. Moments are added and compared as int64_t, here and in traces: no
 * sum of a few overflows.
 */
#define MOMENT_US_MAX (UINT64_C(1) << 60)

void
outlook_init(struct outlook *o, const struct peer_id *id, const char *name)
{
	*o = (struct outlook){ .id = *id };
	text_printable(o->name, sizeof o->name, name, strlen(name));
}

void
outlook_fini(struct outlook *o)
{
	span_set_fini(&o->boot);
	free(o->links);
	free(o->objects);
	ring_fini(&o->messages);
	*o = (struct outlook){ .heard_ns = 0 };
}

/* In place: what is not printable never makes a text longer than its field. */
static void
make_printable(char *text, size_t cap)
{
	char copy[256];

	snprintf(copy, sizeof copy, "%s", text);
	text_printable(text, cap, copy, strlen(copy));
}

/* By the node's own clock, so it holds whatever the two wall clocks say. */
static uint64_t
moment(uint64_t told_us, uint64_t at_us, uint64_t now_ns)
{
	uint64_t age_us = told_us > at_us ? told_us - at_us : 0;

	return age_us < now_ns / 1000 ? now_ns - age_us * 1000 : 0;
}

/* ERR_LIMIT: its times are no times. */
static int
clean_span(struct span *s)
{
	if (s->begin_us > MOMENT_US_MAX || s->duration_us > MOMENT_US_MAX)
		return ERR_LIMIT;
	make_printable(s->name, sizeof s->name);
	make_printable(s->why, sizeof s->why);
	for (size_t i = 0; i < s->attr_count; i++) {
		make_printable(s->attrs[i].key, sizeof s->attrs[i].key);
		make_printable(s->attrs[i].value, sizeof s->attrs[i].value);
	}
	return ERR_OK;
}

static int
take_boot(struct outlook *o, struct view v, uint64_t now_ns)
{
	struct span_set set;
	int err = span_set_read(&v, &set);

	if (err)
		return err;
	if (set.wall_us > MOMENT_US_MAX)
		err = ERR_LIMIT;
	for (size_t i = 0; i < set.count && !err; i++)
		err = clean_span(&set.spans[i]);
	if (err) {
		span_set_fini(&set);
		return err;
	}
	span_set_fini(&o->boot);
	o->boot = set;
	o->boot_ns = now_ns;
	return ERR_OK;
}

static int
take_span(struct outlook *o, struct view v, const struct outlook_sink *sink)
{
	struct watched_span s;
	int err = watched_span_read(v, &s);

	if (!err)
		err = s.wall_us > MOMENT_US_MAX ? ERR_LIMIT : clean_span(&s.span);
	if (err)
		return err;
	o->last_span = s.seq;
	if (sink->span != NULL)
		sink->span(sink->ctx, o, &s);
	return ERR_OK;
}

static int
take_event(struct outlook *o, struct view v, uint64_t told_us, uint64_t now_ns,
	const struct outlook_sink *sink)
{
	struct watched_event e;
	int err = watched_event_read(v, &e);

	if (err)
		return err;
	make_printable(e.kind, sizeof e.kind);
	/* Whatever it says: it is the word of the one whom we asked. */
	memcpy(e.source, o->name, sizeof e.source);
	if (id_equal(&e.id, &o->id))
		memcpy(e.node, o->name, sizeof e.node);
	make_printable(e.node, sizeof e.node);
	make_printable(e.mesh, sizeof e.mesh);
	make_printable(e.text, sizeof e.text);
	o->last_event = e.seq;
	if (sink->event != NULL)
		sink->event(sink->ctx, o, &e, moment(told_us, e.wall_us, now_ns));
	return ERR_OK;
}

static int
take_message(struct outlook *o, struct view v, uint64_t told_us, uint64_t now_ns)
{
	struct watched_message m;
	struct outlook_message *to;
	int err = watched_message_read(v, &m);

	if (err)
		return err;
	if (o->messages.items == NULL)
		ring_init(&o->messages, sizeof *to, OUTLOOK_MESSAGES_MAX);
	make_printable(m.kind, sizeof m.kind);
	make_printable(m.summary, sizeof m.summary);
	to = ring_push(&o->messages);
	to->m = m;
	to->at_ns = moment(told_us, m.wall_us, now_ns);
	o->messages_seq++;
	return ERR_OK;
}

/* The first part begins anew; one that does not follow on what is there is dropped. */
static int
take_links(struct outlook *o, struct view v, uint64_t now_ns)
{
	struct watched_part p;
	struct watched_link k;
	int err = watched_part_read(&v, &p);

	if (err || p.total > LINKS_MAX)
		return err ? err : ERR_LIMIT;
	if (o->links == NULL)
		o->links = mem_array(LINKS_MAX, sizeof *o->links);
	if (p.first == 0)
		o->link_count = 0;
	while (v.len > 0 && o->link_count == p.first && p.first < LINKS_MAX) {
		memset(&k, 0, sizeof k);
		if ((err = watched_link_read(&v, &k)) != ERR_OK)
			return err;
		make_printable(k.name, sizeof k.name);
		o->links[o->link_count++] = k;
		p.first++;
	}
	o->links_ns = now_ns;
	return ERR_OK;
}

static int
take_objects(struct outlook *o, struct view v, uint64_t now_ns)
{
	struct watched_part p;
	int err = watched_part_read(&v, &p);

	if (err)
		return err;
	if (o->objects == NULL)
		o->objects = mem_array(OUTLOOK_OBJECTS_MAX, sizeof *o->objects);
	for (o->object_count = 0;
		v.len > 0 && o->object_count < OUTLOOK_OBJECTS_MAX; o->object_count++) {
		struct watched_object *to = &o->objects[o->object_count];

		if ((err = watched_object_read(&v, to)) != ERR_OK)
			return err;
		make_printable(to->name, sizeof to->name);
	}
	o->objects_ns = now_ns;
	return ERR_OK;
}

static int
take_item(struct outlook *o, const struct watched_item *i, uint64_t told_us,
	uint64_t now_ns, const struct outlook_sink *sink)
{
	switch (i->topic) {
	case WATCHED_BOOT:
		return take_boot(o, i->body, now_ns);
	case WATCHED_SPANS:
		return take_span(o, i->body, sink);
	case WATCHED_EVENTS:
		return take_event(o, i->body, told_us, now_ns, sink);
	case WATCHED_LINKS:
		return take_links(o, i->body, now_ns);
	case WATCHED_OBJECTS:
		return take_objects(o, i->body, now_ns);
	case WATCHED_MESSAGES:
		return take_message(o, i->body, told_us, now_ns);
	default:
		return ERR_OK;	/* of a later version */
	}
}

void
outlook_take(struct outlook *o, struct view frame, uint64_t now_ns,
	const struct outlook_sink *sink)
{
	struct watched_item i;
	uint64_t told_us;
	int err = watched_head_read(&frame, &told_us);

	if (!err && told_us > MOMENT_US_MAX)
		err = ERR_LIMIT;
	o->heard_ns = now_ns;
	while (!err && frame.len > 0) {
		err = watched_item_read(&frame, &i);
		if (err)
			break;
		if (i.topic < WATCHED_TOPICS)
			o->lost[i.topic] += i.lost;
		err = take_item(o, &i, told_us, now_ns, sink);
	}
	o->malformed += err != ERR_OK;
}

void
outlook_clock(struct outlook *o, struct view frame, uint64_t asked_wall_us,
	uint64_t answered_wall_us)
{
	uint64_t told_us, bound_us;

	if (watched_head_read(&frame, &told_us) != ERR_OK || told_us > MOMENT_US_MAX ||
		answered_wall_us < asked_wall_us)
		return;
	/* One more for what the division drops. */
	bound_us = (answered_wall_us - asked_wall_us) / 2 + 1;
	if (o->clock_known && o->bound_us <= bound_us)
		return;
	o->clock_known = true;
	o->bound_us = bound_us;
	o->ahead_us = (int64_t)(told_us - asked_wall_us) -
		(int64_t)((answered_wall_us - asked_wall_us) / 2);
}
