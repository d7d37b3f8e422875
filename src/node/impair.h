/* SPDX-License-Identifier: MIT */
#ifndef NODE_IMPAIR_H
#define NODE_IMPAIR_H

#include "wire/fault_status.h"

/*
 * The datagram seam: what comes in and goes out passes here while a fault on links is
 * active (FAULT_CUT, FAULT_IMPAIR, FAULT_FIREWALL), live and in simulations alike.
 * Sans-IO: time is a parameter, choices follow from the seed of the order, what is held
 * back is bounded (IMPAIR_HELD_MAX, IMPAIR_HELD_LEN_MAX). Without a rule a node has none
 * of these at all.
 *
 * Rules know addresses. Those of a peer are looked up by impair_refresh, because who it
 * is stands inside of the encrypted part of a datagram.
 */
struct impair;

struct impair *impair_new(void);
void impair_free(struct impair *im);	/* accepts NULL; what is held is lost */

/* A checked order of a kind that acts on links. At most FAULTS_MAX. */
void impair_add(struct impair *im, const struct fault_order *o, uint64_t now_ns);
/* What it held is due at once. */
void impair_remove(struct impair *im, const struct fault_id *id, uint64_t now_ns);
bool impair_idle(const struct impair *im);	/* no rule, and nothing held */
/* Fills the counters of a rule, if there is one. */
void impair_count(const struct impair *im, struct fault_state *to);
size_t impair_held(const struct impair *im);
uint64_t impair_overflowed(const struct impair *im);	/* had no room to be held */

/*
 * Looks up the addresses of all peers that are targets. Call after a rule was added, when
 * a peer may have got another address, and every IMPAIR_REFRESH.
 */
#define IMPAIR_REFRESH MILLISECONDS(250)
#define IMPAIR_PEER_ADDRESSES_MAX 12
typedef size_t impair_resolve(void *ctx, const struct peer_id *peer, struct address *to,
	size_t cap);
void impair_refresh(struct impair *im, impair_resolve *resolve, void *ctx);
/*
 * Whom a rule for all leaves alone: operators that are connected now, or a node that is
 * cut from all could not be told to end it. At most IMPAIR_SPARED_MAX.
 */
#define IMPAIR_SPARED_MAX 32
void impair_spare(struct impair *im, const struct address *remotes, size_t count);
/* A flow that there was before a firewall came up: its answers pass. */
void impair_flow(struct impair *im, const struct address *remote, uint64_t now_ns);

/* Whether this datagram passes now; else it was dropped, or is held for later. */
bool impair_in(struct impair *im, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn, uint64_t now_ns);
bool impair_out(struct impair *im, const struct path *path, const uint8_t *bytes,
	size_t len, uint64_t now_ns);
/* Whether a hint about `remote` (ICMP) could have come in. */
bool impair_hears(struct impair *im, const struct address *remote, uint64_t now_ns);

/* What was held and is due: its length, or 0. `to` has QUIC_PACKET_LEN_MAX bytes. */
size_t impair_next_in(struct impair *im, uint8_t *to, size_t cap, struct path *path,
	uint8_t *ecn, uint64_t now_ns);
size_t impair_next_out(
	struct impair *im, uint8_t *to, size_t cap, struct path *path, uint64_t now_ns);
uint64_t impair_deadline(const struct impair *im);	/* NEVER: nothing is held */

#endif
