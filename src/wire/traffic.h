/* SPDX-License-Identifier: MIT */
#ifndef WIRE_TRAFFIC_H
#define WIRE_TRAFFIC_H

#include "wire/frame.h"
#include "wire/gossip_msg.h"

/*
 * What goes over connections, by kind: the frames of frame.def and the messages of
 * gossip in one list, for counters and for people.
 */
enum traffic {
#define FRAME(name, tag, limit, text) TRAFFIC_##name,
#include "wire/frame.def"
#undef FRAME
	TRAFFIC_GOSSIP,		/* the first of GOSSIP_MSG_KINDS */
	TRAFFIC_UNKNOWN = TRAFFIC_GOSSIP + GOSSIP_MSG_KINDS,
	TRAFFIC_KINDS
};

enum traffic traffic_of_frame(uint8_t tag);
/* By its first two bytes, which name the message: the rest may be broken. */
enum traffic traffic_of_gossip(struct view body);
const char *traffic_text(enum traffic t);	/* "hello", "payload", "unknown" */

#endif
