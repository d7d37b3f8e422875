/* SPDX-License-Identifier: MIT */
#ifndef NODE_WATCH_H
#define NODE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

/*
 * Is a neighbor still there? PROTOCOL.md 6: after 3 s without a packet it is probed with
 * a PING every 500 ms, and 2 s without an answer decide. An ICMP error is a hint, never
 * proof: it starts three probes 100 ms apart at once. Any packet ends the probing. Pure:
 * time in, a verdict out.
 */
#define WATCH_SILENCE SECONDS(3)
#define WATCH_PING_EVERY MILLISECONDS(500)
#define WATCH_PATIENCE SECONDS(2)
#define WATCH_HINT_EVERY MILLISECONDS(100)
#define WATCH_HINT_PROBES 3

struct watch {
	bool probing, hinted;
	uint64_t began_ns;	/* of this probing */
	unsigned pings;
};

enum watch_verdict { WATCH_WAIT, WATCH_PING, WATCH_DEAD };

/*
 * `silence_ns`: WATCH_SILENCE, or more where digests are rarer. `heard_ns`: when a packet
 * last came. Sets *due_ns to when it has to be asked again.
 */
enum watch_verdict watch_check(struct watch *w, uint64_t silence_ns, uint64_t heard_ns,
	uint64_t now_ns, uint64_t *due_ns);
/* The kernel says that nobody listens there. Ask watch_check at once afterwards. */
void watch_hint(struct watch *w, uint64_t now_ns);

#endif
