/* SPDX-License-Identifier: MIT */
#ifndef QUIC_EVENT_H
#define QUIC_EVENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"

/* "meshtui/1", "/iroh-gossip/1" */
enum quic_alpn { ALPN_MESHTUI, ALPN_GOSSIP, ALPN_COUNT };
const char *quic_alpn_text(enum quic_alpn alpn);

/* Application close codes of PROTOCOL.md 2. */
enum quic_close_code {
	CLOSE_GOING_AWAY = 0,
	CLOSE_SUPERSEDED = 1,
	CLOSE_NOT_ADMITTED = 2,
	CLOSE_PROTOCOL = 3,
	CLOSE_LIMIT = 4,
	CLOSE_STALLED = 5,
	CLOSE_IDLE = 6,
};

/* Why a connection ended: one reason for each end, told upward once. */
enum quic_end {
	END_GRACEFUL, END_IDLE, END_REFUSED, END_RESET, END_SUPERSEDED, END_PROTOCOL,
	END_LIMIT, END_HANDSHAKE_TIMEOUT, END_KEY_MISMATCH, END_NOT_ADMITTED, END_STALLED,
	END_REASONS
};
const char *quic_end_text(enum quic_end end);	/* "graceful", "key-mismatch", ... */

/*
 * What happened, in order. `conn` is a number that is never used twice. Views live until
 * the next call of endpoint_next_event. A connection that its peer dialed is told of when
 * it is up, and not at all when it never gets there. QUIC_DOWN ends all streams of its
 * connection: no QUIC_STREAM_END or QUIC_GOSSIP_END comes for them.
 */
struct quic_event {
	enum quic_event_kind {
		QUIC_UP,	/* authenticated both ways: peer, alpn, dialed, path */
		QUIC_DOWN,	/* end, code, bytes (text); also for a failed dial */
		QUIC_CONTROL,	/* a frame on the control stream: tag, bytes (payload) */
		QUIC_GOSSIP,	/* a gossip body: topic, bytes */
		QUIC_GOSSIP_END,	/* the peer ended its stream of topic; clean */
		QUIC_REQUEST,	/* a frame on a new stream: stream, tag, bytes */
		QUIC_RESPONSE,	/* a response frame: stream, tag, bytes */
		QUIC_STREAM_END,	/* a request ended: stream, clean (FIN) or not */
		QUIC_PATH,	/* the peer's address changed and is validated: path */
	} kind;
	uint64_t conn;
	struct peer_id peer;
	enum quic_alpn alpn;
	bool dialed;		/* by us */
	struct path path;
	enum quic_end end;
	uint64_t code;
	bool by_peer;		/* DOWN: the peer closed it */
	uint8_t tag;
	struct peer_id topic;
	int64_t stream;
	bool clean;
	struct view bytes;
};

#endif
