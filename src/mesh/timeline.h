/* SPDX-License-Identifier: MIT */
#ifndef MESH_TIMELINE_H
#define MESH_TIMELINE_H

#include "base/id.h"
#include "base/limits.h"

/*
 * What one witness saw, in the order in which it came: a ring that drops its oldest and
 * counts it. Times are those of receiving, by the witness's own clocks.
 */
enum timeline_kind {
#define EVENT(name, text, meaning) TIMELINE_##name,
#include "mesh/timeline.def"
#undef EVENT
	TIMELINE_KINDS
};
const char *timeline_kind_text(enum timeline_kind kind);	/* "node.ready" */
const char *timeline_kind_meaning(enum timeline_kind kind);

#define TIMELINE_TEXT_CAP 160

struct timeline_event {
	uint64_t seq;		/* 1, 2, ... as long as the witness lives */
	uint64_t at_ns;		/* monotonic */
	uint64_t wall_ms;	/* the same moment by the wall clock, for people */
	enum timeline_kind kind;
	struct peer_id id;	/* of the node that it is about; zero: not known */
	char source[NAME_LEN_MAX + 1];	/* who saw it */
	char node[NAME_LEN_MAX + 1];	/* whom it is about */
	char mesh[LABEL_LEN_MAX + 1];	/* "" when not known */
	char text[TIMELINE_TEXT_CAP];
};

struct timeline;

/* cap > 0. Never NULL; timeline_free accepts NULL. */
struct timeline *timeline_new(size_t cap);
void timeline_free(struct timeline *t);

/*
 * Copies the event; its texts are made printable here, for they may be a peer's. The seq
 * is given here. Returns what was kept; valid until the next add.
 */
const struct timeline_event *timeline_add(
	struct timeline *t, const struct timeline_event *event);

/* i = 0 is the oldest that is kept; i < count. */
size_t timeline_count(const struct timeline *t);
const struct timeline_event *timeline_at(const struct timeline *t, size_t i);
/* Seq of the oldest kept and of the newest; last is 0 and first 1 when there is none. */
uint64_t timeline_first(const struct timeline *t);
uint64_t timeline_last(const struct timeline *t);
/* By seq; NULL when it was dropped or has not come. */
const struct timeline_event *timeline_find(const struct timeline *t, uint64_t seq);
uint64_t timeline_dropped(const struct timeline *t);

#endif
