/* SPDX-License-Identifier: MIT */
#ifndef NODE_TELLING_H
#define NODE_TELLING_H

#include "node/serve.h"
#include "wire/lifeline.h"

/*
 * What a node tells of what it sees: its directory, its links and what it counts, in its
 * own words. A parent asks over the lifeline; whoever else was admitted, by VIEW (tag
 * 16), with the same bytes:
 *
 *	VIEW   = trace context, a lifeline record ASK
 *	answer = a lifeline record VIEW, in pieces of at most VIEW_FRAME_LEN_MAX
 *
 * Who asks may name peers to be looked after (a link, and PING); that costs packets, so
 * it is done for operators alone.
 */
struct node;

/* `v->nodes` is the caller's to free. */
void telling_view(
	const struct node *n, struct lifeline_view *v, uint64_t ask, uint64_t now_ns);

/* For the table of serve.c. */
void telling_serve(
	struct node *n, struct serving *s, struct view body, uint64_t now_ns);

/*
 * Asks a peer, with a number that comes back in the view. The pieces come by
 * requests_next, with `cookie`. Errors of requests_ask.
 */
struct telling_ask {
	struct peer_id peer;
	uint64_t ask, cookie, patience_ns;
	const struct peer_id *probes;
	size_t probe_count;
};
int telling_ask(struct node *n, const struct telling_ask *a, uint64_t now_ns,
	uint64_t *number);
/*
 * All pieces, in order: a record VIEW that the caller ends with lifeline_fini. Errors of
 * lifeline_decode; ERR_MALFORMED when it is another record, or more than one.
 */
int telling_read(struct view pieces, struct lifeline_record *r);

#endif
