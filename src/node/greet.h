/* SPDX-License-Identifier: MIT */
#ifndef NODE_GREET_H
#define NODE_GREET_H

#include "identity/admission.h"
#include "wire/hello.h"

/*
 * Admission: what we say in our HELLO and whether we accept theirs (PROTOCOL.md 5). Both
 * sides must hold the same fabric key, or none; members of different meshes do not link.
 */
struct greeter {
	struct fabric_key key;
	struct peer_id own_id;
	struct hello own;	/* all but the proof */
};

/* Our HELLO for a connection: its exporter, and whether we dialed it. */
void greet_make(const struct greeter *g, const uint8_t exporter[static 32], bool dialed,
	struct hello *h);

/*
 * 0, or ERR_REFUSED and in `why` one short sentence that goes to the peer and to our log.
 */
#define GREET_WHY_CAP 120
int greet_check(const struct greeter *g, const struct hello *h,
	const uint8_t exporter[static 32], bool dialed, char why[static GREET_WHY_CAP]);

#endif
