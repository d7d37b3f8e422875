/* SPDX-License-Identifier: MIT */
#ifndef QUIC_ENDPOINT_STATE_H
#define QUIC_ENDPOINT_STATE_H

#include <sys/queue.h>

#include "base/heap.h"
#include "quic/cidmap.h"
#include "quic/endpoint.h"
#include "quic/tls.h"

/*
 * What the files of this folder share about an endpoint; nobody else includes it.
 * Connections, tombstones, replies and events belong to the endpoint and are freed by it.
 */
struct conn;
struct handshake;
struct tombstone;
struct reply;
struct event_item;

TAILQ_HEAD(conn_queue, conn);
LIST_HEAD(handshake_list, handshake);
TAILQ_HEAD(tombstone_queue, tombstone);
STAILQ_HEAD(reply_queue, reply);
STAILQ_HEAD(event_queue, event_item);

struct endpoint {
	struct endpoint_config config;	/* with the defaults; the seed is wiped */
	struct tls_identity *tls;
	struct peer_id self;
	uint8_t reset_secret[32], retry_secret[32];	/* outlive a restart */
	uint64_t now_ns;	/* of the latest call that had a time */

	struct cidmap *cids;	/* destination ids -> connection or tombstone */
	struct cidmap *tokens;	/* stateless reset tokens of peers -> connection */
	struct conn *conns;	/* hash by number */
	uint64_t next_conn;
	struct conn_queue dirty;	/* may have something to send */
	struct heap conn_timers, stream_timers, tombstone_timers;

	struct handshake_list accepting;	/* by strangers */
	size_t accepting_count, dialing_count;
	size_t streams_count;
	size_t queued_len;	/* bytes in the send buffers of all connections */
	struct tombstone_queue tombstones;	/* oldest first */
	struct tombstone_queue answering;	/* those with a packet to repeat */
	size_t tombstones_count;
	struct reply_queue replies;
	size_t replies_count;
	uint64_t resets_since_ns;	/* a second begins, in which */
	unsigned resets_count;		/* so many were sent */

	struct event_queue events;
	struct event_item *current;	/* the one whose views are lent out */
	size_t events_count, events_len;
	struct endpoint_stats stats;
};

#endif
