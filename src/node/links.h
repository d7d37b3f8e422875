/* SPDX-License-Identifier: MIT */
#ifndef NODE_LINKS_H
#define NODE_LINKS_H

#include <sys/queue.h>

#include "base/heap.h"
#include "base/idmap.h"
#include "base/ring.h"
#include "node/book.h"
#include "node/casting.h"
#include "node/greet.h"
#include "node/watch.h"
#include "quic/endpoint.h"

/*
 * Links: what a node makes of connections. A link is a connection on which both sides
 * have said HELLO and were admitted; there is one for each peer. Of two between the same
 * peers the one dialed by the smaller id stays, a newer one of the same dialer or of a
 * later incarnation replaces the older (PROTOCOL.md 2). Everything is removed by
 * connection, never by peer, so the end of an old connection cannot remove a new one.
 */
struct link {
	uint64_t conn;
	struct peer_id peer;
	enum link_state { LINK_DIALING, LINK_GREETING, LINK_UP } state;
	bool dialed, refused;	/* refused: by our own check of its HELLO */
	bool greeting;		/* in links.greeting */
	bool visit;		/* dialed for requests: the peer is of another mesh */
	bool foreign;		/* UP: a member of another mesh, by its HELLO */
	TAILQ_ENTRY(link) by_greeting;
	enum quic_alpn alpn;
	struct path path;
	struct hello hello;	/* theirs, once UP */
	uint64_t began_ns, since_ns;	/* the dial or accept; UP */
	uint64_t used_ns;	/* when gossip or a request last went over it */
	uint64_t sync_served_ns;	/* 0 never */
	uint64_t summaries_served_ns;	/* the same, of the backbone; 0 never */
	struct watch watch;
	/* By the last PONG: the peer's wall clock less ours. */
	bool clocked;
	int64_t skew_ms;
	struct casting_pace pace;
	uint64_t probed_ns;	/* somebody was last asked about it; 0 never */
	bool silent;		/* what we sent is not answered; see answers.h */
	uint64_t owing_ns;	/* since when the peer owes an answer; 0 it does not */
	uint64_t reminded_ns;	/* when it was last asked for it */
	struct heap_entry timer;
	struct buf early;	/* gossip that came before the HELLO; see backlog_put */
};

/* What the node has to know. Views live until the next call of links_quic. */
struct link_event {
	enum link_event_kind {
		LINK_EVENT_UP,	   /* peer; the link is found by links_find */
		LINK_EVENT_LOST,   /* peer: it had a link and has none any more; end, text
				    */
		LINK_EVENT_FAILED, /* peer: dialed in vain, or refused; end, text */
		LINK_EVENT_GOSSIP, /* peer, topic, bytes */
		LINK_EVENT_FRAME,  /* peer, tag, bytes: a control frame */
	} kind;
	struct peer_id peer;
	struct peer_id topic;
	uint8_t tag;
	struct view bytes;
	enum quic_end end;
	bool by_peer, refused;	/* refused: one side did not admit the other */
	uint64_t incarnation;	/* LOST: what the peer said it was */
	char text[GREET_WHY_CAP];
};

struct messages;
struct contact;	/* one for each peer that we have to do with */

struct links {
	struct endpoint *endpoint;
	struct book *book;
	struct greeter greeter;
	struct address bound[2];
	struct peer_id backbone_topic;	/* zero: we are not on it */
	char stranger[LABEL_LEN_MAX + 1];	/* mesh of who was refused last for it */
	struct idmap *by_conn;		/* connection number -> struct link */
	struct idmap *contacts;		/* peer -> struct contact */
	struct heap timers;		/* of links */
	struct ring events;
	TAILQ_HEAD(, link) greeting;	/* accepted, without a HELLO; oldest first */
	size_t greeting_count, greeting_max;
	struct messages *messages;	/* where frames are recorded, or NULL */
	uint64_t superseded, refused, dropped_backlog, frames_sent, frames_received;
	uint64_t hellos, greetings_late, greetings_full, frames_unknown;
};

void links_init(struct links *l, struct endpoint *e, struct book *b);
void links_fini(struct links *l);

/* QUIC_UP, DOWN, CONTROL, GOSSIP, GOSSIP_END, PATH; others are not for links. */
void links_quic(struct links *l, const struct quic_event *ev, uint64_t now_ns);
bool links_next_event(struct links *l, struct link_event *ev);

/* The link to a peer, or NULL while there is none. */
struct link *links_find(const struct links *l, const struct peer_id *peer);
struct link *links_of_conn(
	const struct links *l, uint64_t conn); /* in any state, or NULL */
/* Whether there is a link or one is being made. */
bool links_trying(const struct links *l, const struct peer_id *peer);
/*
 * Makes a link if there is none. ERR_UNKNOWN: no address is known; other errors of the
 * dial.
 */
int links_contact(struct links *l, const struct peer_id *peer, uint64_t now_ns);
/*
 * A gossip body; held until the link is up, and if it is calm a little for company.
 * Errors of links_contact, ERR_LIMIT: it is too slow.
 */
int links_gossip(struct links *l, const struct peer_id *peer, const struct peer_id *topic,
	struct view body, bool calm, uint64_t now_ns);
/* Our side of the gossip stream is finished: after a Disconnect. */
void links_gossip_finish(
	struct links *l, const struct peer_id *peer, const struct peer_id *topic);
int links_frame(
	struct links *l, struct link *k, uint8_t tag, const void *payload, size_t len);
/* The peer has been started anew: a link with its earlier self is closed. */
void links_restarted(struct links *l, const struct peer_id *peer, uint64_t incarnation,
	uint64_t now_ns);
void links_close(struct links *l, struct link *k, enum quic_close_code code,
	const char *text, uint64_t now_ns);
/* UP links, in order of their making. */
size_t links_up(const struct links *l, struct link **to, size_t cap);
/*
 * Links whose timer is due, one at a time; those that never said HELLO are closed here.
 */
struct link *links_next_due(struct links *l, uint64_t now_ns);

#endif
