/* SPDX-License-Identifier: MIT */
#include "node/greet.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

/*
 * The dialer proves with role 0, the acceptor with role 1, so no proof can be sent back.
 */
void
greet_make(const struct greeter *g, const uint8_t exporter[static 32], bool dialed,
	bool visit, struct hello *h)
{
	*h = g->own;
	if (visit && h->role == HELLO_MEMBER)
		h->role = HELLO_VISITOR;
	h->version = HELLO_VERSION;
	h->has_proof = g->key.present;
	if (h->has_proof)
		admission_proof(h->proof, &g->key, exporter, dialed ? 0 : 1);
}

bool
greet_foreign(const struct greeter *g, const struct hello *h)
{
	return g->own.role != HELLO_OBSERVER && h->role != HELLO_OBSERVER &&
	       strcmp(g->own.mesh, h->mesh) != 0;
}

/* Across meshes: the dialer is a gateway, or said that it comes as a visitor. */
static bool
may_cross(const struct greeter *g, const struct hello *h, bool dialed, bool visit)
{
	if (dialed)
		return visit || strcmp(g->own.type, "gateway") == 0;
	return h->role == HELLO_VISITOR || strcmp(h->type, "gateway") == 0;
}

int
greet_check(const struct greeter *g, const struct hello *h,
	const uint8_t exporter[static 32], bool dialed, bool visit,
	char why[static GREET_WHY_CAP])
{
	if (h->version != HELLO_VERSION) {
		snprintf(why, GREET_WHY_CAP, "speaks protocol version %u, not %u",
			h->version, HELLO_VERSION);
		return ERR_REFUSED;
	}
	if (g->key.present && !h->has_proof) {
		snprintf(why, GREET_WHY_CAP, "no fabric key where one is required");
		return ERR_REFUSED;
	}
	if (!g->key.present && h->has_proof) {
		snprintf(why, GREET_WHY_CAP, "a fabric key where none is in use");
		return ERR_REFUSED;
	}
	if (g->key.present &&
		!admission_check(h->proof, &g->key, exporter, dialed ? 1 : 0)) {
		snprintf(why, GREET_WHY_CAP, "the fabric keys differ");
		return ERR_REFUSED;
	}
	if (greet_foreign(g, h) && !may_cross(g, h, dialed, visit)) {
		snprintf(why, GREET_WHY_CAP, "another mesh (%.40s and %.40s)",
			g->own.mesh, h->mesh);
		return ERR_REFUSED;
	}
	if (g->own.role == HELLO_OBSERVER && h->role == HELLO_OBSERVER) {
		snprintf(why, GREET_WHY_CAP,
			"two observers have nothing to tell each other");
		return ERR_REFUSED;
	}
	return ERR_OK;
}
