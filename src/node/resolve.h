/* SPDX-License-Identifier: MIT */
#ifndef NODE_RESOLVE_H
#define NODE_RESOLVE_H

#include <sys/queue.h>

#include "base/idmap.h"
#include "mesh/letters.h"
#include "mesh/pattern.h"
#include "node/serve.h"

struct node;

/*
 * "Where do I send to reach X?" (PROTOCOL.md 7). Of the own mesh the directory knows.
 * For other meshes a node asks a gateway of its own (RESOLVE), which asks one of theirs:
 * known from the backbone, answered out of its directory, kept for RESOLVE_KEPT, refusals
 * as well. Who does not answer within RESOLVE_PATIENCE is followed by the next gateway.
 * What comes back are signed digests, and each is checked against the topic of its mesh:
 * an answer can be old, not forged.
 */

/* Called exactly once for each question, perhaps before resolve_ask returns. */
typedef void resolve_take(
	struct node *n, uint64_t cookie, const struct resolved *r, uint64_t now_ns);

struct resolve_spec {
	const char *pattern;
	size_t most;		/* nodes wanted, 1 to RESOLVED_MAX; live ones first */
	bool fresh;		/* no answer that was kept: the last one was of no use */
	const struct trace_context *trace;	/* NULL: none */
	resolve_take *take;
	uint64_t cookie;
};
void resolve_ask(struct node *n, const struct resolve_spec *spec, uint64_t now_ns);

/* The handler of FRAME_RESOLVE. Who is of another mesh is told of ours alone. */
void resolve_serve(
	struct node *n, struct serving *s, struct view body, uint64_t now_ns);

/* Inside of it: resolve*.c and the node. */
struct resolution {
	TAILQ_ENTRY(resolution) entry;
	uint64_t number, cookie, deadline_ns;
	char text[NAME_LEN_MAX + 1];
	struct pattern p;
	size_t most;
	bool fresh;
	resolve_take *take;	/* NULL: `serving` is answered */
	struct serving *serving;
	struct span_mark span;
	char mesh[LABEL_LEN_MAX + 1];	/* the one that is asked now, "" none yet */
	struct peer_id tried[RESOLVED_MAX];
	size_t tried_count;
	bool mesh_done;		/* it answered: of any mesh, the next one is asked */
	bool answered;		/* a frame of the present question came */
	struct resolved r;
};

struct resolve {
	TAILQ_HEAD(resolution_queue, resolution) all;
	size_t count;
	uint64_t last_number;
	struct idmap *kept;	/* of gateways; oldest first */
	uint64_t asked, answered, failed, served, forged, kept_used, kept_full;
};
void resolve_init(struct resolve *r);
void resolve_fini(struct node *n);

/* Looks beyond our own directory: asks whoever is next, or finishes. */
void resolve_away_next(struct node *n, struct resolution *q, uint64_t now_ns);
/* Ends it: status and why are in q->r. Frees it. */
void resolve_finish(struct node *n, struct resolution *q, uint64_t now_ns);
void resolve_fail(struct node *n, struct resolution *q, enum delivery status,
	uint64_t now_ns, const char *format, ...) __attribute__((format(printf, 5, 6)));
struct resolution *resolve_find(struct node *n, uint64_t number);
/* A checked digest to the answer; false: full or known. */
bool resolve_add(struct resolved *r, const struct digest *g, struct view payload,
	uint32_t age_ms);

/* resolve_kept.c: answers of other meshes, in a gateway. */
bool resolve_kept_find(
	struct node *n, const char *pattern, struct resolved *r, uint64_t now_ns);
void resolve_kept_put(
	struct node *n, const char *pattern, const struct resolved *r, uint64_t now_ns);
void resolve_kept_fini(struct resolve *r);

#endif
