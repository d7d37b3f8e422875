/* SPDX-License-Identifier: MIT */
#ifndef WIRE_WATCHED_H
#define WIRE_WATCHED_H

#include "base/id.h"
#include "wire/span.h"

/*
 * What goes over a WATCH (PROTOCOL.md 5, tag 14): the question, and EVENT frames, each
 * one moment of the watched node's clock and items of the topics asked for. Readers give
 * ERR_TRUNCATED, ERR_MALFORMED or ERR_LIMIT; texts come as they are, unfiltered.
 */
enum watched_topic {
	WATCHED_BOOT,		/* a span_set: the node's boot as it is now */
	WATCHED_SPANS,		/* watched_span: one that has finished */
	WATCHED_EVENTS,		/* watched_event */
	WATCHED_LINKS,		/* watched_links: all of them, every second */
	WATCHED_OBJECTS,	/* watched_objects: the same */
	WATCHED_MESSAGES,	/* watched_message: a frame that came or went */
	WATCHED_TOPICS
};
#define WATCHED_ALL ((1u << WATCHED_TOPICS) - 1)

/*
 * since: the last number that is known already; 0: whatever is kept, NEVER: only what is
 * yet to come. Messages always begin with those to come.
 */
struct watched_ask {
	uint32_t topics;	/* bits 1 << topic; unknown ones are ignored */
	uint64_t since_spans, since_events;
};
void watched_ask_put(struct buf *b, const struct watched_ask *a);
int watched_ask_read(struct view *v, struct watched_ask *a);

/* An EVENT frame: the head, then items to its end. */
struct watched_item {
	uint8_t topic;		/* may be one that we do not know */
	uint64_t lost;		/* of this topic, before this item */
	struct view body;
};
void watched_head_put(struct buf *b, uint64_t wall_us);
int watched_head_read(struct view *v, uint64_t *wall_us);
void watched_item_put(struct buf *b, enum watched_topic topic, uint64_t lost,
	const struct buf *body);
int watched_item_read(struct view *v, struct watched_item *i);

struct watched_span {
	uint64_t seq;
	uint64_t wall_us;	/* of begin_us 0 */
	uint8_t trace[SPAN_TRACE_LEN];
	struct span span;
};
int watched_span_read(struct view v, struct watched_span *s);

#define WATCHED_KIND_CAP 24
#define WATCHED_TEXT_CAP 160

struct watched_event {
	uint64_t seq, wall_us;
	char kind[WATCHED_KIND_CAP];	/* "peer.connected" */
	struct peer_id id;		/* zero: of nobody */
	char source[NAME_LEN_MAX + 1], node[NAME_LEN_MAX + 1], mesh[LABEL_LEN_MAX + 1];
	char text[WATCHED_TEXT_CAP];
};
void watched_event_put(struct buf *b, const struct watched_event *e);
int watched_event_read(struct view v, struct watched_event *e);

struct watched_link {
	struct peer_id peer;
	char name[NAME_LEN_MAX + 1];	/* "" when not known */
	bool dialed, overlay, observer;
	struct address remote;
	uint64_t rtt_ns, cwnd_bytes, age_ms, bytes_sent, bytes_received;
	uint64_t packets_sent, packets_received, packets_lost;
};
/* A part of all: `first` of `total`, then rows to the end of the body. */
struct watched_part {
	uint32_t first, total;
};
void watched_part_put(struct buf *b, const struct watched_part *p);
int watched_part_read(struct view *v, struct watched_part *p);
void watched_link_put(struct buf *b, const struct watched_link *k);
int watched_link_read(struct view *v, struct watched_link *k);

/* One figure: objects of a class (made, destroyed), or a count of counts.def (made). */
#define WATCHED_NAME_CAP 32
struct watched_object {
	char name[WATCHED_NAME_CAP];
	bool count;		/* not a class of objects */
	uint64_t made, destroyed;
};
void watched_object_put(struct buf *b, const struct watched_object *o);
int watched_object_read(struct view *v, struct watched_object *o);

#define WATCHED_SUMMARY_CAP 96
struct watched_message {
	uint64_t seq, wall_us;
	bool sent;		/* by the watched node; else it came */
	char kind[WATCHED_KIND_CAP];
	struct peer_id peer;
	uint32_t bytes;
	char summary[WATCHED_SUMMARY_CAP];
};
void watched_message_put(struct buf *b, const struct watched_message *m);
int watched_message_read(struct view v, struct watched_message *m);

#endif
