/* SPDX-License-Identifier: MIT */
#ifndef TRACE_SPAN_STORE_H
#define TRACE_SPAN_STORE_H

#include "base/journal.h"
#include "trace/tracer.h"
#include "wire/frame.h"

/*
 * The finished spans of one process, of whatever trace, the oldest dropped first
 * (SPAN_STORE_LEN_MAX bytes). It is read by cursors: one for each watcher, one for an
 * exporter. A span under way is a mark in the hands of who began it.
 */
struct span_store;

/* seed: for ids. wall_us: now by the wall clock; the only use of that clock. */
struct span_store *span_store_new(
	const uint8_t seed[static 32], uint64_t now_ns, uint64_t wall_us);
void span_store_free(struct span_store *s);	/* accepts NULL */
/* From now on nothing is recorded: to measure what it costs. */
void span_store_mute(struct span_store *s);
uint64_t span_store_wall_us(const struct span_store *s);	/* of begin_us 0 */
/* A moment of our clock on the wall clock of that anchor. */
uint64_t span_store_wall_at(const struct span_store *s, uint64_t at_ns);

/*
 * A span that was begun. `context` is what its children get, here or on another node; a
 * mark whose flags are 0 is not recorded.
 */
struct span_mark {
	struct trace_context context;
	uint8_t parent[8];
	uint64_t begin_ns;
	enum trace_span kind;
};

/* W3C trace context, level 1: the flag that says that this trace is recorded. */
#define TRACE_SAMPLED 0x01

/* A context under which a new trace begins: no span yet. */
struct trace_context span_store_root(struct span_store *s);
/* A child of `above`. Nothing happens under a context that is not sampled. */
void span_store_begin(struct span_store *s, struct span_mark *m, enum trace_span kind,
	const struct trace_context *above, uint64_t now_ns);

struct span_note {
	enum trace_attr attr;
	const char *text;
};
/* why: NULL when it went well. Only attributes that names.def gives the span. */
void span_store_end(struct span_store *s, const struct span_mark *m, const char *why,
	const struct span_note *notes, size_t count, uint64_t now_ns);

/*
 * A span that was finished elsewhere in this process (a boot's), begin_us counted from
 * `wall_us`.
 */
void span_store_put(struct span_store *s, const uint8_t trace[static SPAN_TRACE_LEN],
	uint64_t wall_us, const struct span *span);

struct span_record {
	uint8_t trace[SPAN_TRACE_LEN];
	uint64_t seq;		/* 1, 2, ... */
	struct span span;	/* begin_us from span_store_wall_us on */
};
const struct journal *span_store_journal(const struct span_store *s);
/* Reads a record as the journal has it. ERR_TRUNCATED, ERR_MALFORMED, ERR_LIMIT. */
int span_store_read(struct view v, struct span_record *to);
/* The next of a reader. False when there is none; *lost grows by what was dropped. */
bool span_store_next(const struct span_store *s, struct journal_cursor *c,
	struct span_record *to, uint64_t *lost);

#endif
