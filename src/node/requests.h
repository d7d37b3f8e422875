/* SPDX-License-Identifier: MIT */
#ifndef NODE_REQUESTS_H
#define NODE_REQUESTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"
#include "wire/frame.h"

/*
 * Questions to other nodes (PROTOCOL.md 5, tags 10-7F), each on a stream of its own. A
 * link is made when there is none; when the peer grants no more streams, a question waits
 * for one. Each ends exactly once, at its deadline at the latest.
 */
struct node;
struct request_answer;

enum request_end {
	REQUEST_GOES_ON,	/* a frame of the answer; more may come */
	REQUEST_ANSWERED,	/* the peer finished its answer */
	REQUEST_REFUSED,	/* the peer, or its QUIC, reset the stream */
	REQUEST_TIMEOUT,	/* our patience ended */
	REQUEST_LOST,		/* the connection ended before the answer did */
	REQUEST_UNREACHABLE,	/* no link could be made */
	REQUEST_CANCELLED,	/* by requests_cancel, or the node went away */
	REQUEST_ENDS
};
const char *requests_end_text(enum request_end end);	/* "no answer in time", ... */

struct request_spec {
	struct peer_id peer;
	uint8_t tag;
	const void *payload;	/* copied; what follows the trace context */
	size_t len;
	/*
	 * Until the end of the answer; of a streaming one until the next frame. 0:
	 * REQUEST_DEADLINE.
	 */
	uint64_t patience_ns;
	bool streaming;
	/*
	 * The span above: the peer goes on with the trace. NULL or not sampled: nothing
	 * is recorded.
	 */
	const struct trace_context *trace;
	uint64_t cookie;	/* comes back with each answer */
	/*
	 * Who is answered, inside of the node; it may ask again. NULL: the answer waits
	 * in requests_next.
	 */
	void (*take)(struct node *n, const struct request_answer *a, uint64_t now_ns);
};

struct request_answer {
	uint64_t number, cookie;
	struct peer_id peer;
	uint8_t tag;		/* of the question */
	enum request_end end;
	struct view bytes;	/* the frame's payload, while it goes on */
	uint64_t asked_ns, sent_ns, at_ns;	/* sent 0: it never was */
	struct trace_context trace;	/* what the peer was given; all zero: none */
};

/*
 * ERR_ARGUMENT: larger than the tag's limit, or to ourselves. ERR_UNKNOWN: no address of
 * the peer is known. ERR_LIMIT: REQUESTS_MAX, REQUESTS_LEN_MAX, or too many connections.
 * ERR_STATE: the peer does not speak meshtui/1, or we are leaving. With an error nothing
 * follows; else *number is that of all its answers.
 */
int requests_ask(struct node *n, const struct request_spec *spec, uint64_t now_ns,
	uint64_t *number);
/* Ends it without a further answer. Unknown numbers are ignored. */
void requests_cancel(struct node *n, uint64_t number, uint64_t now_ns);
/* Answers for the outside, in order. The view lives until the next call. */
bool requests_next(struct node *n, struct request_answer *a);

#endif
