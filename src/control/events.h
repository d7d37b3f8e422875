/* SPDX-License-Identifier: MIT */
#ifndef CONTROL_EVENTS_H
#define CONTROL_EVENTS_H

#include "base/buf.h"
#include "mesh/timeline.h"

/*
 * A timeline as JSON. One event is
 * {"seq":7,"at":"2026-11-20T12:00:00.123Z","age_ms":5,"kind":"node.ready",
 *  "source":"...","node":"...","mesh":"mesh1","text":"..."}.
 */

/* Written by hand, not by way of a tree: 10,000 events must not hold up a loop. */
#define CONTROL_EVENTS_BATCH 256

/* {"version":1,"events":[...],"dropped":N}, oldest first; from malloc. */
char *control_events_answer(const struct timeline *t, uint64_t now_ns);

/* {"version":1,"seq":...}: one line for a file, without newline. */
void control_events_line(struct buf *to, const struct timeline_event *e, uint64_t now_ns);
/* {"version":1,"lost":N}: that many events were not told. */
void control_events_lost(struct buf *to, uint64_t lost);

/*
 * The lines of up to CONTROL_EVENTS_BATCH events after seq *cursor, with newlines
 * between, from malloc; NULL when there is none. Moves the cursor. Events that were
 * dropped before they could be told are said with a line of control_events_lost.
 */
char *control_events_after(const struct timeline *t, uint64_t *cursor, uint64_t now_ns);

#endif
