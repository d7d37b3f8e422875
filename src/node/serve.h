/* SPDX-License-Identifier: MIT */
#ifndef NODE_SERVE_H
#define NODE_SERVE_H

#include <sys/queue.h>

#include "base/heap.h"
#include "quic/event.h"
#include "trace/span_store.h"

struct node;

/*
 * What others ask of this node: a table of handlers by tag (serve.c). Only who was
 * admitted asks. A handler answers at once or keeps the question and answers later; a
 * question that is not answered by its deadline is refused.
 */
struct serving {
	struct heap_entry timer;
	TAILQ_ENTRY(serving) by_age;
	uint64_t conn;
	int64_t stream;
	struct peer_id peer;
	uint8_t tag;
	uint64_t asked_ns, patience_ns;
	/* For what the handler does next: its spans, its own requests. */
	struct trace_context trace;
	struct span_mark received, handled;
	size_t asked_len, answered_len;
	/*
	 * What a handler keeps with it. `over` is called once when it ends otherwise than
	 * by the handler's own last answer or refusal: the asker left, or it was late.
	 */
	void *state;
	void (*over)(struct node *n, struct serving *s, uint64_t now_ns);
};

/*
 * A frame of the answer; `last` ends it and frees `s`. ERR_LIMIT: the asker is slow, or
 * too much is queued for all: nothing was queued, `s` lives; refuse it or try later.
 */
int serve_answer(struct node *n, struct serving *s, const void *payload, size_t len,
	bool last, uint64_t now_ns);
/* Resets the stream, counts and frees `s`. */
void serve_refuse(struct node *n, struct serving *s, const char *why, uint64_t now_ns);
/* A streaming handler: so much longer from now on. */
void serve_extend(
	struct node *n, struct serving *s, uint64_t patience_ns, uint64_t now_ns);
/* Bytes of the answer that the asker has not acknowledged. */
size_t serve_queued(const struct node *n, const struct serving *s);

/* For the node: QUIC_REQUEST, QUIC_STREAM_END, QUIC_DOWN; others are ignored. */
struct serve {
	TAILQ_HEAD(serving_queue, serving) all;
	size_t count;
	struct idmap *by_stream;
	struct heap timers;
	uint64_t served, late, full;
};
void serve_init(struct serve *s);
void serve_fini(struct serve *s);
void serve_quic(struct node *n, const struct quic_event *ev, uint64_t now_ns);
void serve_tick(struct node *n, uint64_t now_ns);
uint64_t serve_deadline(const struct node *n);

#endif
