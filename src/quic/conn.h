/* SPDX-License-Identifier: MIT */
#ifndef QUIC_CONN_H
#define QUIC_CONN_H

#include <uthash.h>

#include "quic/endpoint_state.h"
#include "quic/rtt.h"
#include "quic/stream.h"

/*
 * One connection. Nothing here frees a connection or its TLS session inside a callback of
 * ngtcp2: callbacks leave wishes (close_wanted, tls_done), and conn_io.c grants them
 * after ngtcp2 has returned.
 */

/* A handshake under way; freed when the connection is up or ends. */
struct handshake {
	LIST_ENTRY(handshake) link;	/* in endpoint.accepting, unless we dialed */
	uint8_t net[9];			/* path_net of the stranger */
	uint64_t deadline_ns;
};

TAILQ_HEAD(stream_queue, stream);

struct conn {
	ngtcp2_crypto_conn_ref ref;	/* what the TLS glue finds us by */
	ngtcp2_conn *quic;
	gnutls_session_t tls;		/* NULL again after the handshake: 10 KB */
	struct endpoint *endpoint;
	uint64_t number;
	UT_hash_handle hh;
	TAILQ_ENTRY(conn) by_turn;	/* in endpoint.dirty */
	struct heap_entry timer;
	struct cidmap_owner cids, tokens;
	struct handshake *handshake;

	struct peer_id peer;		/* dialed: whom we expect, from the start */
	struct path path;
	enum quic_alpn alpn;
	uint8_t exporter[32];
	bool dialed;
	bool dirty;
	bool completed;		/* TLS is through on our side */
	bool up;		/* told upward */
	bool mismatch;		/* the peer showed another key than the one we dialed */
	bool reset;		/* by a stateless reset */
	bool tls_done;		/* wish: free the TLS session */
	bool reap_wanted;	/* wish: free streams that are over */
	bool deadlines_wanted;	/* wish: start the deadlines of new requests */
	bool close_wanted;	/* wish: close with close_code */
	enum quic_close_code close_code;
	const char *close_text;

	struct stream_queue streams, ready, blocked;
	struct stream *control_out, *control_in;
	size_t queued_len;	/* bytes in the send buffers of all streams */
	uint64_t ended_uni;	/* streams of the peer that ngtcp2 0.12 still holds */
	size_t burst_len;	/* sent in this turn */
	bool took_data, took_ack;	/* by the packet that was read last */
	uint64_t ahead_ns;	/* while it is closed: what waits for its pace does not */
	uint64_t held_ns;	/* what may wait does until then; 0 nothing waits */
	bool calm;		/* all that is ready to be sent may wait */
	uint64_t held_since_ns;	/* the first packet whose acknowledgment does */
	unsigned held_packets;
	unsigned hurried;	/* acknowledgments that went at once at first */
	uint64_t hurry_ns, hurry_wait_ns;	/* when the next one may; the wait */
	unsigned ended_requests;	/* since the last packet left; see hold() */
	uint64_t burst_ns;	/* when a burst ended that is not paced yet; 0 none */

	uint64_t bytes_sent, bytes_received, packets_sent, packets_received;
	uint64_t last_received_ns;
	struct rtt rtt;
};

/* NULL when the TLS session or ngtcp2 refuses. */
struct conn *conn_dial(
	struct endpoint *e, const struct peer_id *peer, const struct path *path);
/*
 * `odcid` is the id of the client's very first packet when it comes with a Retry token.
 */
struct conn *conn_accept(struct endpoint *e, const ngtcp2_pkt_hd *hd,
	const ngtcp2_cid *odcid, const struct path *path);
/* The peer check in the middle of the handshake; it is repeated at the end. */
int conn_verify_peer(gnutls_session_t session);
/* No event, no packet. Its ids leave the tables. */
void conn_free(struct conn *c);
struct conn *conn_find(const struct endpoint *e, uint64_t number);

void conn_mark(struct conn *c);		/* it may have something to send */
void conn_unmark(struct conn *c);
void conn_schedule(struct conn *c);	/* arms the timer anew */
void conn_handshake_end(struct conn *c);
/* Tells upward that it is there; once. */
void conn_up(struct conn *c);
/* For callbacks: closes as soon as ngtcp2 has returned. The first wish counts. */
void conn_want_close(struct conn *c, enum quic_close_code code, const char *text);
/* An event of this connection, with the fields every event has. */
struct quic_event conn_event(const struct conn *c, enum quic_event_kind kind);

#endif
