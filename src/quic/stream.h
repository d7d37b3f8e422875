/* SPDX-License-Identifier: MIT */
#ifndef QUIC_STREAM_H
#define QUIC_STREAM_H

#include <sys/queue.h>

#include "base/buf.h"
#include "base/heap.h"
#include "quic/endpoint.h"
#include "quic/sendbuf.h"

/*
 * One stream: what is to be sent, and the part of an incoming frame that has come so far.
 * It is freed when ngtcp2 says that the stream is closed, or with its connection.
 */
struct conn;

enum stream_kind {
	STREAM_NEW,		/* incoming, unidirectional, first byte not seen */
	STREAM_CONTROL,
	STREAM_GOSSIP,
	STREAM_REQUEST,		/* the peer asks, we answer */
	STREAM_RESPONSE,	/* we ask, the peer answers */
	STREAM_DEAD,		/* aborted; waits for the peer to notice */
	STREAM_KINDS
};

/* First byte of a unidirectional stream on meshtui/1 (PROTOCOL.md 2). */
#define STREAM_FIRST_BYTE_CONTROL 0x01
#define STREAM_FIRST_BYTE_GOSSIP 0x02

struct stream {
	struct conn *conn;
	TAILQ_ENTRY(stream) by_age;	/* in conn.streams */
	TAILQ_ENTRY(stream) by_turn;	/* in conn.ready or conn.blocked */
	struct heap_entry timer;	/* opened and left: aborted when it is due */
	int64_t id;
	enum stream_kind kind;
	bool local;		/* opened by us */
	bool told;		/* the layer above knows it and awaits its end */
	bool requested;		/* STREAM_REQUEST: the request frame is whole */
	bool over;		/* wish: free it (COMPAT_REMOTE_UNI_STAYS) */
	bool deadline_wanted;	/* wish: start its deadline at the next known time */
	bool has_topic;
	struct peer_id topic;	/* STREAM_GOSSIP */

	enum { STREAM_IDLE, STREAM_READY, STREAM_BLOCKED } turn;
	bool fin, fin_sent;
	struct sendbuf out;
	struct buf in;		/* the beginning of a frame */
	size_t uncredited_len;	/* bytes the peer has had no new credit for */
};

/* By the peer. Callable inside callbacks. */
struct stream *stream_accept(struct conn *c, int64_t id);
/* ERR_LIMIT when the peer grants no more streams. */
int stream_open(struct conn *c, enum stream_kind kind, bool bidi, struct stream **s);
void stream_free(struct stream *s);
struct stream *stream_find(const struct conn *c, int64_t id);
struct stream *stream_find_gossip(const struct conn *c, const struct peer_id *topic);

/*
 * Copies. ERR_LIMIT when the stream's or the connection's bound is reached: nothing is
 * queued.
 */
int stream_put(struct stream *s, const void *bytes, size_t len);
/* The same, but it only leaves with others, or at endpoint_moment. */
int stream_put_calm(struct stream *s, const void *bytes, size_t len, uint64_t now_ns);
void stream_put_fin(struct stream *s);
/* Takes it out of the turn, or puts it into it when there is something to send. */
void stream_ready(struct stream *s);
void stream_unready(struct stream *s);
void stream_block(struct stream *s);	/* no flow control credit */
void stream_acked(struct stream *s, uint64_t offset);

/* Both directions, as far as there are; tells upward. It stays until ngtcp2 closes it. */
void stream_abort(struct stream *s, enum quic_close_code code);
void stream_expire(struct stream *s);	/* its timer was due */
/* Gives it REQUEST_DEADLINE from now on. */
void stream_progress(struct stream *s);
/* The same for calls without a time: from the next packet out. */
void stream_progress_soon(struct stream *s);
void stream_start_deadlines(struct conn *c);
/*
 * Where ngtcp2 does not end a stream of the peer, we do: marked in callbacks, freed
 * later.
 */
void stream_over(struct stream *s);
void stream_reap(struct conn *c);
/* QUIC_STREAM_END or QUIC_GOSSIP_END, once, if the layer above knows the stream. */
void stream_tell_end(struct stream *s, bool clean);

/*
 * New flow control credit for `len` bytes that were consumed, or for all when it is over.
 */
void stream_credit(struct stream *s, size_t len);
void stream_credit_all(struct stream *s);

/* What ngtcp2 reports. stream_closed frees it. */
void stream_closed(struct stream *s, bool clean);
void stream_peer_reset(struct stream *s);
void stream_peer_stop(struct stream *s);

#endif
