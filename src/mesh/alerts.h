/* SPDX-License-Identifier: MIT */
#ifndef MESH_ALERTS_H
#define MESH_ALERTS_H

#include "base/id.h"
#include "base/limits.h"
#include "mesh/facts.h"

/*
 * Figures that are too high for too long, each excursion raised once and cleared once.
 * Fed by what directories say of nodes, by whoever judges (alerts_raise) and by the
 * clock.
 */
enum alert_kind {
#define ALERT(id, text, unit, raise, clear, raise_ms, clear_ms, meaning) ALERT_##id,
#include "mesh/alerts.def"
#undef ALERT
	ALERT_KINDS
};
const char *alerts_kind_text(enum alert_kind kind);	/* "cpu.budget" */
const char *alerts_kind_meaning(enum alert_kind kind);
uint64_t alerts_threshold(enum alert_kind kind);
/* "93 %", "1.2 GiB", "0.97 cores", "340 ms"; "" for what has no figure. Returns `to`. */
#define ALERTS_FIGURE_CAP 32
char *alerts_figure(char to[static ALERTS_FIGURE_CAP], enum alert_kind kind,
	uint64_t value);

#define ALERTS_TEXT_CAP 120

/* Of whom; for a verdict the name of the test, and no id. */
struct alert_subject {
	struct peer_id id;
	char name[NAME_LEN_MAX + 1];
	char mesh[LABEL_LEN_MAX + 1];
};

struct alert {
	uint64_t seq;		/* 1, 2, ... in order of raising */
	enum alert_kind kind;
	struct alert_subject subject;
	uint64_t value, worst;	/* the latest figure, and the highest */
	uint64_t raised_ns, cleared_ns;		/* cleared: 0 while it is active */
	uint64_t raised_wall_ms;
	bool acknowledged;
	char text[ALERTS_TEXT_CAP];	/* why, of a verdict; or why it ended */
};

struct alerts;

/* How many may be active, and how many of those that are over are kept. Never NULL. */
struct alerts *alerts_new(size_t active_max, size_t history_max);
void alerts_free(struct alerts *a);	/* accepts NULL */

/* A figure as it is now. Nothing is kept of figures that are low. */
void alerts_observe(struct alerts *a, enum alert_kind kind,
	const struct alert_subject *s, uint64_t value, uint64_t now_ns, uint64_t wall_ms);
/*
 * All figures of the live nodes in these directories; `only`: of this node, NULL: of
 * all. What is no longer live, or in none of them, has no figures: its alerts end.
 */
void alerts_look(struct alerts *a, const struct mesh_row *rows, size_t count,
	const struct peer_id *only, uint64_t now_ns, uint64_t wall_ms);
/*
 * What has no figure: raised with a reason, unless it is active already; lowered by
 * alerts_lower, or when a person acknowledges it.
 */
void alerts_raise(struct alerts *a, enum alert_kind kind, const struct alert_subject *s,
	const char *text, uint64_t now_ns, uint64_t wall_ms);
void alerts_lower(struct alerts *a, enum alert_kind kind, const struct alert_subject *s,
	uint64_t now_ns);

/* Raised, or cleared, since the last call; oldest first. False when there is none. */
bool alerts_next_change(struct alerts *a, struct alert *to);

/* By seq, active or over; false when it is not known (any more). */
bool alerts_acknowledge(struct alerts *a, uint64_t seq, uint64_t now_ns);
void alerts_acknowledge_all(struct alerts *a, uint64_t now_ns);

/* Active ones first, then those that are over; the newest first in both. */
size_t alerts_count(const struct alerts *a);
const struct alert *alerts_at(const struct alerts *a, size_t i);
size_t alerts_active(const struct alerts *a);
size_t alerts_unacknowledged(const struct alerts *a);
/* Not raised for want of room, and forgotten from history. */
uint64_t alerts_dropped(const struct alerts *a);
/* Changes with everything that is shown of alerts but their ages. */
uint64_t alerts_version(const struct alerts *a);

#endif
