/* SPDX-License-Identifier: MIT */
#ifndef SIM_PLAIN_STATE_H
#define SIM_PLAIN_STATE_H

#include <sys/queue.h>

#include "base/heap.h"
#include "base/idmap.h"
#include "quic/endpoint.h"

/*
 * An endpoint without cryptography, put in the place of quic/endpoint when a simulation
 * links: the same calls, events and datagrams, so that thousands of whole nodes fit into
 * one process. A handshake takes one round trip; a connection is one ordered stream of
 * records in both directions, acknowledged and sent again (all from the first hole on,
 * after probe timeouts that double while nothing is heard); silence of 30 s ends it, a
 * packet for nobody is answered with a reset. What QUIC is more than that (streams that
 * do not wait for each other, congestion, Retry, probes of a new path) is judged
 * elsewhere, with the real one.
 */
struct plain_early; /* a part of the stream that came before what precedes it */
#define PLAIN_EARLY_MAX 64

struct plain_conn {
	struct heap_entry timer; /* first */
	TAILQ_ENTRY(plain_conn) dirty_link;
	struct endpoint *endpoint;
	uint64_t number, peer_number; /* number: also our connection id */
	struct peer_id peer;
	struct path path;
	enum { PLAIN_DIALING, PLAIN_ACCEPTED, PLAIN_UP } state;
	bool dialed, dirty, answer_now, ping_now;
	struct buf out;		  /* from out_base on: not acknowledged */
	uint64_t out_base, sent;  /* offsets in the stream we send; sent >= out_base */
	struct buf in;		  /* an incomplete record */
	uint64_t received;	  /* the offset we expect */
	TAILQ_HEAD(, plain_early) early;
	size_t early_count;
	uint64_t ack_ns, probe_ns, began_ns, heard_ns, unanswered_ns, busy_ns, rtt_ns;
	unsigned probes; /* since the last acknowledgment */
	int64_t next_stream;
	uint64_t bytes_sent, bytes_received, packets_sent, packets_received;
};

struct plain_event {
	STAILQ_ENTRY(plain_event) link;
	struct quic_event ev;
	uint8_t bytes[];
};

struct endpoint {
	struct endpoint_config config;
	struct peer_id self;
	struct idmap *conns; /* number -> conn; {peer's number, 1} -> accepted conn */
	size_t conn_count, handshakes;
	uint64_t made;
	struct heap timers;
	TAILQ_HEAD(, plain_conn) dirty;
	STAILQ_HEAD(, plain_event) events;
	STAILQ_HEAD(, plain_event) replies; /* datagrams without a connection */
	struct plain_event *current;
	struct endpoint_stats stats;
};

enum plain_record {
	PLAIN_CONTROL,
	PLAIN_GOSSIP,
	PLAIN_GOSSIP_END,
	PLAIN_REQUEST,
	PLAIN_RESPONSE,
	PLAIN_END,   /* of a request; the tag says whether it is clean */
};
/* kind, tag, stream, length */
#define PLAIN_RECORD_HEAD (1 + 1 + 8 + 4)

/* Keys of endpoint.conns; theirs: by the number that the peer gave it. */
struct peer_id plain_key(uint64_t number, uint8_t theirs);
struct plain_conn *plain_new(struct endpoint *e, const struct peer_id *peer,
	const struct path *path, bool dialed, uint64_t now_ns);
void plain_free(struct plain_conn *c);
/* QUIC_UP; QUIC_DOWN, which frees it. */
void plain_up(struct plain_conn *c, uint64_t now_ns);
void plain_end(struct plain_conn *c, enum quic_end reason, uint64_t code, bool by_peer,
	struct view text);
void plain_arm(struct plain_conn *c); /* sets its timer to what is due first */
uint64_t plain_idle_due(const struct plain_conn *c);
struct plain_conn *plain_find(const struct endpoint *e, uint64_t number);
/* Queues a record. ERR_UNKNOWN, ERR_STATE (not up), ERR_LIMIT (the peer is slow). */
int plain_put(struct endpoint *e, uint64_t conn, enum plain_record kind, uint8_t tag,
	int64_t stream, struct view head, struct view body);
/* Part of the stream came: whether that has brought it further. */
bool plain_order(struct plain_conn *c, uint64_t offset, struct view part);
void plain_order_fini(struct plain_conn *c);
/* Takes the complete records that came and makes events of them. */
void plain_records(struct plain_conn *c);
void plain_push(struct endpoint *e, const struct quic_event *ev);
struct quic_event plain_event_of(const struct plain_conn *c, enum quic_event_kind kind);
/* Marks the connection as having something to send. */
void plain_dirty(struct plain_conn *c);

#endif
