/* SPDX-License-Identifier: MIT */
#ifndef WIRE_LIFELINE_H
#define WIRE_LIFELINE_H

#include "base/buf.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/mem.h"
#include "wire/cast.h"
#include "wire/digest.h"
#include "wire/fault_status.h"
#include "wire/letter.h"
#include "wire/span.h"

/*
 * Records on the lifeline, the socket pair between a parent and a child on fd 3:
 * tag u8 || length LEB128 || postcard payload. Up: what the child says of itself. Down:
 * orders.
 */
enum lifeline_tag {
	LIFELINE_READY = 0x01,	   /* up: booted */
	LIFELINE_HEARTBEAT = 0x02, /* up: the loop turns */
	LIFELINE_FAILED = 0x03,	   /* up: could not boot, with a text for a person */
	LIFELINE_VIEW = 0x04,	   /* up: answer to ASK */
	LIFELINE_STOPPING = 0x05,  /* up: leaving in order */
	LIFELINE_SPANS = 0x06,	   /* up: its boot so far, in place of any before */
	LIFELINE_FAULT_STATUS = 0x07, /* up: answer to FAULT, and when a fault ended */
	LIFELINE_STALLED = 0x08,   /* up, by the watchdog: the loop does not turn */
	LIFELINE_SENT = 0x09,	   /* up: how it went that SEND ordered */
	LIFELINE_ASK = 0x41,	   /* down: what do you see? */
	LIFELINE_QUIT = 0x42,	   /* down: say goodbye and leave */
	LIFELINE_FAULT = 0x43,	   /* down: an order of wire/fault.h */
	LIFELINE_SEND = 0x44,	   /* down: messages to a name */
};

#define LIFELINE_RECORD_LEN_MAX (128u * 1024)
#define LIFELINE_ORDER_LEN_MAX (20u * 1024) /* of what goes down */
#define LIFELINE_TEXT_CAP 512
#define LIFELINE_VIEW_NODES_MAX 1024
#define LIFELINE_TOLD_MAX 300	/* so many nodes with their neighbors fit a record */
/* Peers that the one who is asked should hold a link with, and PING. */
#define LIFELINE_PROBES_MAX 4

struct lifeline_ready {
	struct peer_id id;
	char name[NAME_LEN_MAX + 1];
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	uint64_t boot_us;
};

/*
 * What one node believes, in its own words. Liveness values are those of
 * mesh/directory.h.
 */
struct lifeline_view_node {
	struct peer_id id;
	uint8_t liveness;
	uint32_t age_ms;
	/* From its newest digest. */
	uint64_t incarnation;
	uint16_t flags;			  /* enum digest_flag */
	bool neighbors_told; /* false in views of more than LIFELINE_TOLD_MAX nodes */
	struct digest_neighbor neighbors[DIGEST_NEIGHBORS_MAX];
	size_t neighbor_count;
};

/* A link of the node that answers, of the overlay or not. Packets are of QUIC. */
struct lifeline_peer {
	struct peer_id id;
	bool dialed;	    /* by the one that answers */
	bool clocked;	    /* the peer answered a PING */
	uint16_t port;	    /* where it sees the peer */
	uint32_t rtt_100us; /* 0.1 ms, smoothed */
	uint32_t silent_ms; /* since a packet of it came in */
	uint64_t sent, received;
	int64_t skew_ms;    /* the peer's wall clock less its own */
};

struct lifeline_view {
	uint64_t ask;			  /* the number of the question */
	struct lifeline_view_node *nodes; /* itself first; owned by the view */
	size_t node_count;
	struct peer_id links[LINKS_MAX]; /* neighbors in the overlay, by full id */
	size_t link_count;
	struct lifeline_peer peers[LINKS_MAX];
	size_t peer_count;
	uint64_t handshakes;	   /* completed by this node since its start */
	uint64_t liveness_changes; /* changes of liveness it noted since its start */
	/*
	 * Of its process: resident, open descriptors of ours, and how many connections,
	 * handshakes, streams, links, requests and descriptors there are together.
	 */
	uint32_t memory_kib, descriptors, objects;
	uint32_t live[MEM_CLASSES];	/* of each class of objects, how many there are */
	uint64_t cpu_us;		/* of its process since its start */
	uint32_t alerts_raised;		/* by the node of itself, since its start */
	uint64_t alerts_active;		/* a bit for each kind of mesh/alerts.def */
	uint64_t refused;		/* handshakes, greetings, links: no room */
	uint32_t unlinked;		/* connections that are no link */
	/* Casts: those that it dropped for slow neighbors, and what came, by run. */
	uint64_t casts_dropped;
	struct cast_count casts[CAST_RUNS_MAX];
	size_t cast_count;
};

struct lifeline_record {
	enum lifeline_tag tag;
	union {
		struct lifeline_ready ready;
		struct {
			uint64_t seq;
			uint32_t loop_lag_ms;
		} heartbeat;
		struct {
			int status;
			char text[LIFELINE_TEXT_CAP];
		} failed;
		struct lifeline_view view;
		struct span_set spans;
		struct fault_status fault_status;
		struct fault_order fault;
		struct letter_order send;
		struct letter_report sent;
		struct {
			uint32_t for_ms; /* since it turned last; 0: it turns again */
		} stalled;
		struct {
			char reason[LIFELINE_TEXT_CAP];
		} stopping;
		struct {
			uint64_t ask;
			struct peer_id probes[LIFELINE_PROBES_MAX];
			size_t probe_count;
		} ask;
	};
};

/*
 * One whole record from the front of `v`, consumed. ERR_TRUNCATED: need more.
 * ERR_MALFORMED, ERR_LIMIT: the other side is broken. Unknown tags give ERR_UNKNOWN and
 * are consumed. lifeline_fini frees what a decoded record owns; accepts any decoded
 * record.
 */
int lifeline_decode(struct view *v, struct lifeline_record *r);
void lifeline_fini(struct lifeline_record *r);
void lifeline_encode(struct buf *b, const struct lifeline_record *r);

#endif
