/* SPDX-License-Identifier: MIT */
#ifndef MESH_ECHOES_H
#define MESH_ECHOES_H

#include "base/id.h"
#include "base/limits.h"
#include "base/spread.h"
#include "wire/delivery.h"

/* How ECHOs to one destination went: the node makes it, the control socket tells it. */
#define ECHO_WHY_CAP 200

struct echo_report {
	uint64_t number;
	char destination[NAME_LEN_MAX + 1];
	char receiver[NAME_LEN_MAX + 1];	/* who it was; "" when none was found */
	uint64_t count, answered, failed;
	uint64_t different;	/* of the failed: other bytes came back */
	size_t bytes;		/* of each */
	enum delivery status;	/* of the last that failed; DONE: none did */
	char why[ECHO_WHY_CAP];	/* of the same */
	uint64_t rtt_min_ns, rtt_max_ns, rtt_sum_ns;	/* from the stream's opening */
	struct spread rtt;
	uint64_t took_ns;
	uint8_t trace[16];	/* of the last one */
};

#endif
