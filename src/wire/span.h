/* SPDX-License-Identifier: MIT */
#ifndef WIRE_SPAN_H
#define WIRE_SPAN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/limits.h"

/*
 * A span: a piece of work with a name, a beginning, a duration and how it ended. A set is
 * one trace of one process. Times are microseconds of that process's monotonic clock,
 * from the anchor of the set; the anchor alone has a wall-clock time. Vocabulary and
 * rules are those of trace/names.def; here are only the values and their bytes.
 */
#define SPAN_TRACE_LEN 16
#define SPAN_ID_LEN 8
#define SPAN_NAME_CAP 40
#define SPAN_KEY_CAP 24
#define SPAN_VALUE_CAP 144
#define SPAN_WHY_CAP 200
#define SPAN_ATTRS_MAX 8

enum span_state { SPAN_OPEN, SPAN_OK, SPAN_FAILED, SPAN_STATES };
const char *span_state_text(enum span_state s);	/* "open", "ok", "failed" */

struct span_attr {
	char key[SPAN_KEY_CAP];
	char value[SPAN_VALUE_CAP];
};

struct span {
	uint8_t id[SPAN_ID_LEN];
	uint8_t parent[SPAN_ID_LEN];	/* zero: none */
	char name[SPAN_NAME_CAP];
	uint64_t begin_us;
	uint64_t duration_us;		/* 0 while open */
	enum span_state state;
	char why[SPAN_WHY_CAP];		/* of a failed one, for a person */
	struct span_attr attrs[SPAN_ATTRS_MAX];
	size_t attr_count;
};

struct span_set {
	uint8_t trace[SPAN_TRACE_LEN];
	uint64_t wall_us;		/* the anchor by the wall clock, since 1970 */
	uint64_t lost;			/* spans that had no room */
	struct span *spans;		/* owned, in order of their beginning */
	size_t count;			/* at most SPANS_MAX */
};

void span_set_copy(struct span_set *to, const struct span_set *from);
void span_set_fini(struct span_set *s);	/* accepts a zeroed one */
bool span_has_parent(const struct span *s);

/* Postcard. Reading: ERR_TRUNCATED, ERR_MALFORMED, ERR_LIMIT; then nothing is owned. */
void span_put(struct buf *b, const struct span *s);
int span_read(struct view *v, struct span *s);	/* into a zeroed one */
void span_set_put(struct buf *b, const struct span_set *s);
int span_set_read(struct view *v, struct span_set *s);

#endif
