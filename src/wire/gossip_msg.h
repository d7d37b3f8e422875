/* SPDX-License-Identifier: MIT */
#ifndef WIRE_GOSSIP_MSG_H
#define WIRE_GOSSIP_MSG_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/limits.h"

/*
 * The messages of iroh-gossip generation 1 (PROTOCOL.md 3), one postcard value for each
 * body. Decoding copies nothing: views alias the body and live as long as it does.
 */
struct gossip_peer_data {
	bool present;	   /* Option: None or Some */
	struct view bytes; /* an AddrInfo; empty means no information */
};

struct gossip_peer_info {
	struct peer_id id;
	struct gossip_peer_data data;
};

struct gossip_ihave {
	struct peer_id id;
	uint16_t round;
};

enum gossip_priority { GOSSIP_PRIORITY_HIGH = 0, GOSSIP_PRIORITY_LOW = 1 };

struct gossip_msg {
	enum gossip_msg_kind {
		GOSSIP_JOIN,
		GOSSIP_FORWARD_JOIN,
		GOSSIP_SHUFFLE,
		GOSSIP_SHUFFLE_REPLY,
		GOSSIP_NEIGHBOR,
		GOSSIP_DISCONNECT,
		GOSSIP_PAYLOAD,
		GOSSIP_PRUNE,
		GOSSIP_GRAFT,
		GOSSIP_IHAVE,
		GOSSIP_MSG_KINDS
	} kind;
	union {
		struct {
			struct gossip_peer_data data;
		} join;
		struct {
			struct gossip_peer_info peer;
			uint16_t ttl;
		} forward_join;
		struct {
			struct peer_id origin;
			size_t count;
			uint16_t ttl;
			struct gossip_peer_info nodes[GOSSIP_NODES_MAX];
		} shuffle;
		struct {
			size_t count;
			struct gossip_peer_info nodes[GOSSIP_NODES_MAX];
		} shuffle_reply;
		struct {
			enum gossip_priority priority;
			struct gossip_peer_data data;
		} neighbor;
		struct {
			bool alive, respond;
		} disconnect;
		struct {
			struct peer_id id;
			struct view content;
			bool neighbors_only;
			uint16_t round;
		} payload; /* round: scope Swarm only */
		struct {
			bool has_id;
			struct peer_id id;
			uint16_t round;
		} graft;
		struct {
			size_t count;
			struct gossip_ihave items[GOSSIP_IHAVE_MAX];
		} ihave;
	};
};

const char *gossip_msg_kind_name(enum gossip_msg_kind kind); /* "join", "payload", ... */

/*
 * Bytes after the value are ignored. ERR_TRUNCATED, ERR_MALFORMED, ERR_LIMIT (too many
 * entries).
 */
int gossip_msg_decode(struct gossip_msg *m, struct view body);
/* Appends the body (without length). */
void gossip_msg_encode(struct buf *b, const struct gossip_msg *m);

/*
 * AddrInfo = relay_url Option<string>, addrs sequence. The relay is skipped. Empty bytes:
 * count 0.
 */
int gossip_addr_info_decode(
	struct view bytes, struct address *out, size_t max, size_t *count);
/* Sorted ascending, at most GOSSIP_PEER_ADDRESSES_MAX; no relay. */
void gossip_addr_info_encode(struct buf *b, const struct address *a, size_t count);

/*
 * Stream framing: u32 big endian length, body. The header is the topic id as a first
 * frame.
 */
void gossip_frame_put(struct buf *b, const void *body, size_t len);

/* The content of a body that is a payload; empty for others. Looks no further. */
struct view gossip_msg_content(struct view body);

#endif
