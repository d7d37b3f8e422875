/* SPDX-License-Identifier: MIT */
#ifndef WIRE_LIFELINE_H
#define WIRE_LIFELINE_H

#include "base/buf.h"
#include "base/id.h"
#include "base/limits.h"
#include "wire/fault_status.h"
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
	LIFELINE_ASK = 0x41,	   /* down: what do you see? */
	LIFELINE_QUIT = 0x42,	   /* down: say goodbye and leave */
	LIFELINE_FAULT = 0x43,	   /* down: an order of wire/fault.h */
};

#define LIFELINE_RECORD_LEN_MAX (64u * 1024)
#define LIFELINE_ORDER_LEN_MAX (20u * 1024) /* of what goes down */
#define LIFELINE_TEXT_CAP 512
#define LIFELINE_VIEW_NODES_MAX 1024

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
};

struct lifeline_view {
	uint64_t ask;			  /* the number of the question */
	struct lifeline_view_node *nodes; /* itself first; owned by the view */
	size_t node_count;
	struct peer_id links[LINKS_MAX]; /* neighbors in the overlay, by full id */
	size_t link_count;
	uint64_t handshakes;	   /* completed by this node since its start */
	uint64_t liveness_changes; /* changes of liveness it noted since its start */
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
		struct {
			uint32_t for_ms; /* since it turned last; 0: it turns again */
		} stalled;
		struct {
			char reason[LIFELINE_TEXT_CAP];
		} stopping;
		struct {
			uint64_t ask;
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
