/* SPDX-License-Identifier: MIT */
#ifndef TRACE_EXPORTER_H
#define TRACE_EXPORTER_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * The queue of what is on its way to a collector, and the rules of OTLP/HTTP about it
 * (opentelemetry.io, OTLP 1.x, "Failures"; PROTOCOL.md 8). Packed items and answers in,
 * batches out; it knows no socket and no clock. One batch is under way at a time. It is
 * posted again after 429, 502, 503, 504 and when the connection was lost, never after
 * anything else. When the queue is full, what comes is dropped and counted.
 */
struct exporter;

struct exporter_limits {
	size_t queue_max;	/* items, those under way among them */
	size_t batch_max;	/* in one request */
	uint64_t delay_ns;	/* how long an item may wait for company */
};

/* Never NULL; exporter_free accepts NULL. seed: for the jitter of retries. */
struct exporter *exporter_new(
	const struct exporter_limits *l, const uint8_t seed[static 32]);
void exporter_free(struct exporter *x);

/* Copies the item. False: there is no room, it is dropped. */
bool exporter_add(struct exporter *x, const void *bytes, size_t len, uint64_t now_ns);
/* Items that were lost before they came here count as dropped, too. */
void exporter_missed(struct exporter *x, uint64_t count);
/* What is queued now goes at once, but not before a collector wants it again. */
void exporter_flush(struct exporter *x);
/* When there is something to take; NEVER while a batch is under way or all is gone. */
uint64_t exporter_deadline(const struct exporter *x);

/*
 * The items of a batch that is to be posted now: how many, 0 when none is due. It is
 * under way then until exporter_answer. *items is valid until the next call.
 */
size_t exporter_take(struct exporter *x, uint64_t now_ns, const struct view **items);

/* What became of a post. */
struct exporter_answer {
	enum exporter_fate {
		EXPORTER_ANSWERED,	/* status, body, retry_after_ns */
		EXPORTER_LOST,		/* no connection, none in time, or lost: why */
		EXPORTER_IMPOSSIBLE,	/* will not get better: why (TLS, too large) */
	} fate;
	unsigned status;
	struct view body;
	uint64_t retry_after_ns;	/* 0: it said nothing */
	char why[200];
};
void exporter_answer(
	struct exporter *x, const struct exporter_answer *a, uint64_t now_ns);

/* Gives up what is queued and under way, as dropped. */
void exporter_abandon(struct exporter *x);

/*
 * Items, but for posts and retries. taken = sent + rejected + failed + dropped + queued.
 */
struct exporter_stats {
	uint64_t taken;		/* offered to it */
	uint64_t sent;		/* and taken by the collector */
	uint64_t rejected;	/* of partial successes */
	uint64_t failed;	/* refused for good */
	uint64_t dropped;	/* no room, or left at the end */
	uint64_t posts, retries;
	size_t queued;
	char last_error[256];	/* printable; "" when there was none */
};
const struct exporter_stats *exporter_stats(const struct exporter *x);

/* The first thing that went wrong, for a warning: once, then NULL. */
const char *exporter_complaint(struct exporter *x);

#endif
