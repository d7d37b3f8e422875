/* SPDX-License-Identifier: MIT */
#ifndef NODE_REQUESTS_STATE_H
#define NODE_REQUESTS_STATE_H

#include <sys/queue.h>

#include "base/heap.h"
#include "base/idmap.h"
#include "node/links.h"
#include "node/requests.h"

/* What requests.c keeps; for the node alone, which hands it events. */
struct request;
struct answer;

struct requests {
	TAILQ_HEAD(request_queue, request) waiting, sent;	/* by age */
	size_t count, waiting_count, waiting_len;
	struct idmap *by_stream;	/* of sent */
	struct heap timers;
	uint64_t last_number;
	TAILQ_HEAD(, answer) answers;
	struct answer *current;
	size_t answers_len;
	uint64_t asked, ended[REQUEST_ENDS], answers_dropped;
};

void requests_init(struct requests *r);
void requests_fini(struct requests *r);
/* QUIC_RESPONSE, QUIC_STREAM_END, QUIC_DOWN; others are ignored. */
void requests_quic(struct node *n, const struct quic_event *ev, uint64_t now_ns);
void requests_linked(struct node *n, const struct peer_id *peer, uint64_t now_ns);
/* There is no link to the peer: what was not sent yet ends so. */
void requests_unlinked(struct node *n, const struct peer_id *peer, enum request_end end,
	uint64_t now_ns);
/* Sends what waited for a stream; ends what is due. */
void requests_turn(struct node *n, uint64_t now_ns);
void requests_tick(struct node *n, uint64_t now_ns);
uint64_t requests_deadline(const struct node *n);

/* A key of by_stream, and of the server's table. */
struct peer_id requests_key(uint64_t conn, int64_t stream);

#endif
