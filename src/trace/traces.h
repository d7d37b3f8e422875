/* SPDX-License-Identifier: MIT */
#ifndef TRACE_TRACES_H
#define TRACE_TRACES_H

#include "base/id.h"
#include "wire/span.h"

/*
 * Spans of many nodes, put together by their trace ids: at most TRACES_SPANS_MAX, the
 * oldest dropped first and counted. Times are microseconds of one wall clock, ours: what
 * another node said was moved by how far its clock is ahead, and nothing is moved to
 * where it would look better. How wrong that may be is a bound beside it.
 */
struct traces;

struct traces *traces_new(void);	/* never NULL; traces_free accepts NULL */
void traces_free(struct traces *t);

struct traces_from {
	struct peer_id node;
	const char *name;	/* copied */
	int64_t wall_us;	/* of begin_us 0, by our wall clock */
	uint64_t bound_us;	/* plus or minus */
};
/* Copies. The same span of the same trace again is no news. */
void traces_add(struct traces *t, const struct traces_from *from,
	const uint8_t trace[static SPAN_TRACE_LEN], const struct span *span);

/* One trace, as far as its spans have come. */
struct traces_row {
	uint8_t trace[SPAN_TRACE_LEN];
	char name[SPAN_NAME_CAP];	/* of the span without a parent, else the first */
	char node[NAME_LEN_MAX + 1];	/* where that was */
	int64_t begin_us;		/* by our wall clock */
	uint64_t took_us;
	size_t spans, nodes, failed;
	uint64_t bound_us;		/* the widest of its nodes */
};
/* The latest begun first. Rows are made anew after each change, and live until then. */
const struct traces_row *traces_rows(struct traces *t, size_t *count);
/* Whether any span of this trace was on this node. */
bool traces_touches(const struct traces *t, const uint8_t trace[static SPAN_TRACE_LEN],
	const struct peer_id *node);
uint64_t traces_changes(const struct traces *t);	/* grows with each */
uint64_t traces_dropped(const struct traces *t);	/* spans */

/* A trace's spans for a waterfall, and where each was. For traces_spans_fini. */
struct traces_spans {
	struct span_set set;	/* begin_us from the row's begin_us on */
	char (*nodes)[NAME_LEN_MAX + 1];	/* as many as spans */
};
/* False: there is no such trace. */
bool traces_spans(const struct traces *t, const uint8_t trace[static SPAN_TRACE_LEN],
	struct traces_spans *to);
void traces_spans_fini(struct traces_spans *s);

#endif
