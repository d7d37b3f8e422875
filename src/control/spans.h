/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_SPANS_H
#define CONTROL_SPANS_H

#include <jansson.h>

#include "base/id.h"
#include "trace/span_store.h"
#include "wire/span.h"

/*
 * A set of spans as JSON, there and back: "trace_id", "at" (of the anchor), "wall_us",
 * "lost" and "spans", each with "span_id", "parent_id" ("" for none), "name",
 * "begin_us", "duration_us", "state", "why" and "attributes".
 */

/* Adds these keys to an answer; NULL: an empty set. */
void control_spans_put(json_t *to, const struct span_set *s);

/*
 * "recent": spans that the node finished since, of any trace, oldest first, each with its
 * "trace_id", and begin_us counted from 1970; "recent_dropped": older ones that it keeps
 * no more. NULL: none.
 */
void control_spans_put_recent(json_t *to, const struct span_store *s);

/* What a node answered. Texts are made printable; what exceeds the bounds is refused. */
struct control_spans {
	struct peer_id id;
	char name[NAME_LEN_MAX + 1];
	struct span_set set;	/* the caller frees it: span_set_fini */
};
/* ERR_MALFORMED, ERR_LIMIT; ERR_REFUSED for an error document. Then nothing is owned. */
int control_spans_parse(struct control_spans *to, const char *answer, size_t len);

#endif
