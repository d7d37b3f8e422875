/* SPDX-License-Identifier: MIT */
#ifndef MESH_LETTERS_H
#define MESH_LETTERS_H

#include "base/spread.h"
#include "mesh/directory.h"
#include "wire/delivery.h"

/*
 * How resolving a name and sending to it went, as plain rows: the node makes them, the
 * control socket, the lifeline and the console read them.
 */
struct resolved_node {
	struct digest digest;
	uint8_t payload[DIGEST_LEN_MAX];
	size_t payload_len;
	uint32_t age_ms;	/* of the digest, when the answer came */
};

struct resolved {
	enum delivery status;
	char why[DELIVERY_WHY_CAP];	/* unless DONE: for a person */
	size_t count;
	struct resolved_node nodes[RESOLVED_MAX];
};

struct sending_report {
	uint64_t number, cookie;
	bool over;
	uint64_t count, acked, failed, retries;
	enum delivery status;	/* of the last message that failed; DONE: none did */
	char why[DELIVERY_WHY_CAP];
	char destination[NAME_LEN_MAX + 1];
	char receiver[NAME_LEN_MAX + 1];	/* of the last ACK, "" none */
	uint64_t rtt_min_ns, rtt_max_ns, rtt_sum_ns;	/* resolve included */
	struct spread rtt;
	uint64_t took_ns;
	uint8_t trace[16];	/* of its first message */
};

#endif
