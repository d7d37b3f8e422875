/* SPDX-License-Identifier: MIT */
#ifndef QUIC_ENDPOINT_H
#define QUIC_ENDPOINT_H

#include "base/limits.h"
#include "quic/event.h"
#include "wire/traffic.h"

/*
 * One QUIC endpoint: many connections over the packets it is given. Sans-IO: bytes and
 * time in, packets, a deadline and events out. TLS 1.3 with Ed25519 raw public keys both
 * ways (PROTOCOL.md 1, RFC 7250), QUIC v1 (RFC 9000). It knows streams and frames, not
 * what they mean.
 */
struct endpoint;

struct endpoint_config {
	uint8_t seed[32];	/* Ed25519: the identity; reset tokens derive from it */
	/* 0: the defaults of limits.h */
	uint64_t idle_timeout_ns, keep_alive_ns, handshake_deadline_ns;
	uint32_t handshakes_max;	/* 0: QUIC_HANDSHAKES_MAX; dials have as many */
	size_t answers_len_max;	/* 0: QUIC_ANSWERS_LEN_MAX */
	bool offer_gossip;	/* as a dialer offer /iroh-gossip/1 beside meshtui/1 */
};

/* NULL and *err (ERR_CRYPTO) when the key cannot be used. endpoint_free accepts NULL. */
struct endpoint *endpoint_new(const struct endpoint_config *c, int *err);
void endpoint_free(struct endpoint *e);

/*
 * Begins a handshake with `peer` over `path`; the result comes as QUIC_UP or QUIC_DOWN
 * with *conn. ERR_ARGUMENT (bad id, unspecified remote), ERR_LIMIT (too many handshakes
 * or connections).
 */
int endpoint_dial(struct endpoint *e, const struct peer_id *peer, const struct path *path,
	uint64_t now_ns, uint64_t *conn);

/* One datagram as it came. Never fails: what is not for us is counted and dropped. */
void endpoint_recv(struct endpoint *e, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn, uint64_t now_ns);
/*
 * The next datagram to send, or 0 when there is none. `to` has at least
 * QUIC_PACKET_LEN_MAX bytes. Call until 0 after any other call, also after
 * endpoint_tick, then sleep until endpoint_deadline: timers are armed while sending.
 */
size_t endpoint_send(
	struct endpoint *e, uint8_t *to, size_t cap, struct path *path, uint64_t now_ns);
uint64_t endpoint_deadline(const struct endpoint *e);	/* NEVER when nothing is due */
void endpoint_tick(struct endpoint *e, uint64_t now_ns);
/* False when there is none. The event's views live until the next call. */
bool endpoint_next_event(struct endpoint *e, struct quic_event *ev);

/*
 * Sending. All copy. ERR_UNKNOWN: no such connection or stream (any more). ERR_LIMIT: the
 * send buffer of that stream is full (QUIC_STREAM_SEND_LEN_MAX): nothing was queued, the
 * peer is slow.
 */
int endpoint_control(
	struct endpoint *e, uint64_t conn, uint8_t tag, const void *payload, size_t len);
/*
 * One body on our gossip stream of `topic`; opens it with its header when there is none.
 */
int endpoint_gossip(struct endpoint *e, uint64_t conn, const struct peer_id *topic,
	const void *body, size_t len);
/* The same for what may wait: it leaves with the next packet to that peer, or then. */
int endpoint_gossip_calm(struct endpoint *e, uint64_t conn, const struct peer_id *topic,
	const void *body, size_t len, uint64_t now_ns);
/*
 * The next of the moments at which endpoints let go of what waits on any of their
 * connections; at most QUIC_MOMENTS later. All processes of a machine have the same ones,
 * because they have the same clock: who wakes up to speak is there to listen, one after
 * the other with warm caches. 18 nodes with moments of their own woke up 17 times a
 * second each instead of 11, and took 1.4 times the CPU.
 */
uint64_t endpoint_moment(uint64_t now_ns);
/* How far our gossip stream is: given to it, and acknowledged. ERR_UNKNOWN: none. */
int endpoint_gossip_offsets(const struct endpoint *e, uint64_t conn,
	const struct peer_id *topic, uint64_t *end, uint64_t *acked);
/* Finishes our gossip stream of `topic`. A later body opens a new one. */
int endpoint_gossip_finish(
	struct endpoint *e, uint64_t conn, const struct peer_id *topic);
/* A request frame and FIN on a new bidirectional stream. */
int endpoint_request(struct endpoint *e, uint64_t conn, uint8_t tag, const void *payload,
	size_t len, int64_t *stream);
/* A response frame; `last` adds FIN. ERR_LIMIT also beyond answers_len_max. */
int endpoint_respond(struct endpoint *e, uint64_t conn, int64_t stream, uint8_t tag,
	const void *payload, size_t len, bool last);
int endpoint_reset_stream(struct endpoint *e, uint64_t conn, int64_t stream);
/*
 * A request stream is aborted at due_ns and not REQUEST_DEADLINE after its last frame;
 * the next frame sets it back. Whoever answers slowly, or keeps a stream, calls it again.
 */
int endpoint_stream_deadline(
	struct endpoint *e, uint64_t conn, int64_t stream, uint64_t due_ns);
/* Bytes that are queued there and not acknowledged; 0 for an unknown one. */
size_t endpoint_stream_queued(const struct endpoint *e, uint64_t conn, int64_t stream);
/*
 * Closes with an application code; QUIC_DOWN follows (by_peer false). Unknown conn:
 * no-op.
 */
void endpoint_close(struct endpoint *e, uint64_t conn, enum quic_close_code code,
	const char *text, uint64_t now_ns);
/*
 * Goes on over another local address (RFC 9000 9.2); the connection was dialed and is up.
 * ERR_UNKNOWN; ERR_STATE: it was accepted, is not confirmed, or has no spare id.
 */
int endpoint_migrate(
	struct endpoint *e, uint64_t conn, const struct address *local, uint64_t now_ns);
/*
 * An ICMP error for a destination: a hint. Connections there are named; returns how many.
 */
size_t endpoint_conns_to(const struct endpoint *e, const struct address *remote,
	uint64_t *conns, size_t cap);

struct endpoint_conn_info {
	struct peer_id peer;
	enum quic_alpn alpn;
	bool dialed;
	struct path path;
	uint64_t rtt_ns, rtt_min_ns, cwnd_bytes;	/* rtt_ns: see quic/rtt.h */
	uint64_t bytes_sent, bytes_received, packets_sent, packets_received;
	uint64_t packets_lost;		/* 0: these versions of ngtcp2 do not tell */
	uint64_t last_received_ns;	/* when a packet of it last came in */
	uint8_t exporter[32];		/* TLS exporter "EXPORTER-meshtui-admission" */
	uint64_t in_flight_bytes;	/* sent, wants an acknowledgment, has none yet */
	bool idle;	/* nothing queued or unacknowledged on our streams */
};
int endpoint_conn_info(
	const struct endpoint *e, uint64_t conn, struct endpoint_conn_info *info);

struct endpoint_stats {
	uint64_t packets_received, packets_sent, bytes_received, bytes_sent;
	uint64_t handshakes_started, handshakes_completed, handshakes_failed;
	uint64_t handshakes_accepted;	/* of the completed, those the peer dialed */
	uint64_t refused_limit, retries_sent, resets_sent, resets_received;
	uint64_t dropped_malformed, dropped_unknown, dropped_events, dropped_replies;
	/* Streams of peers that were aborted: for a frame, or for opening and leaving. */
	uint64_t streams_broken, streams_stalled;
	uint64_t ended[END_REASONS];
	/* Given to a connection, and come whole over one, by kind. */
	uint64_t frames_sent[TRAFFIC_KINDS], frames_received[TRAFFIC_KINDS];
	/* now */
	size_t connections, handshakes, streams, tombstones, cids, reset_tokens;
};
void endpoint_stats(const struct endpoint *e, struct endpoint_stats *s);
/* "ngtcp2 0.12.1, gnutls 3.7.9": what it was built with, for --version. */
const char *endpoint_library_versions(void);

#endif
