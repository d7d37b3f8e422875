/* SPDX-License-Identifier: MIT */
#ifndef MESH_FACTS_H
#define MESH_FACTS_H

#include "base/id.h"
#include "base/limits.h"
#include "mesh/directory.h"

/*
 * What a node tells about itself, as plain rows: the control socket, the console and the
 * lifeline read these and know nothing of how a node works. The node fills them on
 * demand.
 */
struct link_row {
	struct peer_id peer;
	char peer_name[NAME_LEN_MAX + 1];	/* "" while not known */
	bool dialed;
	bool overlay;			/* a neighbor in the active view */
	bool observer;			/* the peer only observes */
	bool foreign;			/* the peer is of another mesh */
	bool backbone;			/* a neighbor on the backbone */
	struct address remote;
	uint64_t rtt_ns, since_ns, bytes_sent, bytes_received;
	uint64_t packets_sent, packets_received, heard_ns;	/* heard: 0 never */
	bool clocked;			/* it answered a PING */
	int64_t skew_ms;		/* its wall clock less ours, then */
};

struct mesh_row {
	char mesh[LABEL_LEN_MAX + 1];
	const struct directory *directory;	/* lives as long as the node */
	uint64_t frames_sent, frames_received;
};

/*
 * Refusals and drops since the start, and tables now: counts.def has the list. Nothing
 * that a peer does is refused or dropped without one of these.
 */
enum node_count {
#define COUNT(name, group, text) NODE_COUNT_##name,
#include "mesh/counts.def"
#undef COUNT
	NODE_COUNTS
};

struct node_status {
	struct peer_id id;
	char name[NAME_LEN_MAX + 1];
	char type[LABEL_LEN_MAX + 1];
	bool observer;
	bool ready;
	struct address addresses[ADDRESSES_MAX];
	size_t address_count;
	uint64_t incarnation, uptime_ns, boot_ns;
	uint32_t loop_lag_ms;
	uint32_t cpu_used_mc, memory_used_kib;
	uint64_t handshakes, liveness_changes;
	size_t links, neighbors;
	uint64_t hellos;		/* HELLOs of peers that were admitted */
	/* Messages to and from names; retries are ours, duplicates those of others. */
	uint64_t messages_acked, messages_failed, messages_retried, messages_received,
		messages_duplicate, messages_disordered;
	uint64_t backbone_sent, backbone_received;	/* bytes of gossip bodies */
	uint64_t counts[NODE_COUNTS];
};

#endif
