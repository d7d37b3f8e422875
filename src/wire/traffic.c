/* SPDX-License-Identifier: MIT */
#include "wire/traffic.h"

#include <assert.h>

/* Messages of the swarm come before those of the broadcast: PROTOCOL.md 3. */
#define SWARM_KINDS GOSSIP_PAYLOAD
#define BROADCAST_KINDS (GOSSIP_MSG_KINDS - GOSSIP_PAYLOAD)

enum traffic
traffic_of_frame(uint8_t tag)
{
	switch (tag) {
#define FRAME(name, tag, limit, text) \
	case FRAME_##name: \
		return TRAFFIC_##name;
#include "wire/frame.def"
#undef FRAME
	default:
		return TRAFFIC_UNKNOWN;
	}
}

enum traffic
traffic_of_gossip(struct view body)
{
	if (body.len < 2)
		return TRAFFIC_UNKNOWN;
	if (body.data[0] == 0 && body.data[1] < SWARM_KINDS)
		return (enum traffic)(TRAFFIC_GOSSIP + body.data[1]);
	if (body.data[0] == 1 && body.data[1] < BROADCAST_KINDS)
		return (enum traffic)(TRAFFIC_GOSSIP + GOSSIP_PAYLOAD + body.data[1]);
	return TRAFFIC_UNKNOWN;
}

const char *
traffic_text(enum traffic t)
{
	static const char *const frames[] = {
#define FRAME(name, tag, limit, text) text,
#include "wire/frame.def"
#undef FRAME
	};

	assert(t < TRAFFIC_KINDS);
	if (t < TRAFFIC_GOSSIP)
		return frames[t];
	return t == TRAFFIC_UNKNOWN ? "unknown"
		: gossip_msg_kind_name((enum gossip_msg_kind)(t - TRAFFIC_GOSSIP));
}
