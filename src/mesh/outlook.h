/* SPDX-License-Identifier: MIT */
#ifndef MESH_OUTLOOK_H
#define MESH_OUTLOOK_H

#include "base/ring.h"
#include "wire/watched.h"

/*
 * What one watched node tells of itself (WATCH): the reading half, bytes and time in,
 * rows out. All of it is that node's word. Texts are made printable here. Times are put
 * on our own monotonic clock by the age that the node itself gives; how far the two wall
 * clocks are apart is known from the first answer, within half of its round trip.
 */
struct outlook_message {
	struct watched_message m;
	uint64_t at_ns;
};

struct outlook {
	struct peer_id id;
	char name[NAME_LEN_MAX + 1];
	uint64_t heard_ns;		/* when it last told anything; 0 never */
	bool clock_known;
	int64_t ahead_us;		/* its wall clock minus ours, */
	uint64_t bound_us;		/* plus or minus this much */
	struct span_set boot;		/* no spans: not told */
	uint64_t boot_ns;		/* when that came; 0 never */
	struct watched_link *links;	/* the order is the node's */
	size_t link_count;
	uint64_t links_ns;		/* 0: not told */
	struct watched_object *objects;
	size_t object_count;
	uint64_t objects_ns;
	struct ring messages;		/* of struct outlook_message, when any came */
	uint64_t messages_seq;		/* changes with each that comes */
	uint64_t lost[WATCHED_TOPICS];	/* as the node says, in all */
	uint64_t last_span, last_event;	/* their numbers, for asking again; 0 none */
	uint64_t malformed;		/* frames or items that could not be read */
};

void outlook_init(struct outlook *o, const struct peer_id *id, const char *name);
void outlook_fini(struct outlook *o);

/* Who gets what is kept elsewhere. Each may be NULL. */
struct outlook_sink {
	void (*span)(void *ctx, const struct outlook *o, const struct watched_span *s);
	/*
	 * at_ns: when it happened, on our clock. Texts are printable, and the source is
	 * the watched node: an event under another name is its word, too.
	 */
	void (*event)(void *ctx, const struct outlook *o, const struct watched_event *e,
		uint64_t at_ns);
	void *ctx;
};

/* An EVENT frame. What cannot be read ends it and is counted. */
void outlook_take(struct outlook *o, struct view frame, uint64_t now_ns,
	const struct outlook_sink *sink);
/*
 * The first frame after a question, both by our wall clock: the node's clock was read
 * between the two. The narrowest bound is kept.
 */
void outlook_clock(struct outlook *o, struct view frame, uint64_t asked_wall_us,
	uint64_t answered_wall_us);

#endif
