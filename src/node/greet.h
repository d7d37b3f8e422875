/* SPDX-License-Identifier: MIT */
#ifndef NODE_GREET_H
#define NODE_GREET_H

#include "identity/admission.h"
#include "wire/hello.h"

/*
 * Admission: what we say in our HELLO and whether we accept theirs (PROTOCOL.md 5). Both
 * sides must hold the same fabric key, or none. Members of different meshes link only
 * when the dialer is a gateway or comes as a visitor: such a link is foreign, and no
 * gossip of a mesh goes over it.
 */
struct greeter {
	struct fabric_key key;
	struct peer_id own_id;
	struct hello own;	/* all but the proof */
};

/*
 * Our HELLO for a connection: its exporter, whether we dialed it, and whether as a
 * visitor.
 */
void greet_make(const struct greeter *g, const uint8_t exporter[static 32], bool dialed,
	bool visit, struct hello *h);
/* Whether that is somebody of another mesh: no observer has a part in this. */
bool greet_foreign(const struct greeter *g, const struct hello *h);

/*
 * 0, or ERR_REFUSED and in `why` one short sentence that goes to the peer and to our log.
 */
#define GREET_WHY_CAP 120
int greet_check(const struct greeter *g, const struct hello *h,
	const uint8_t exporter[static 32], bool dialed, bool visit,
	char why[static GREET_WHY_CAP]);

#endif
