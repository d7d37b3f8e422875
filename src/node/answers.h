/* SPDX-License-Identifier: MIT */
#ifndef NODE_ANSWERS_H
#define NODE_ANSWERS_H

#include <stdint.h>

#include "base/limits.h"

struct node;

/*
 * Whether what we send is answered. A peer acknowledges within QUIC_ACK_HOLD; a link on
 * which something waits for that, and on which nothing at all came for ANSWERS_LATE, is
 * said to be silent in our digests, and the topology has no edge there. It stays a link:
 * to close it and to accuse the peer is up to the watch, which waits longer, because that
 * has consequences. Before that, at ANSWERS_ASK, it is asked by a PING, to which nobody
 * holds back an answer. Looked at in turns that come anyway; an idle link owes nothing,
 * so it costs no packet and no wake-up.
 */
#define ANSWERS_LOOK MILLISECONDS(50)
#define ANSWERS_ASK (QUIC_ACK_HOLD + MILLISECONDS(150))
#define ANSWERS_LATE (ANSWERS_ASK + MILLISECONDS(400))

void answers_look(struct node *n, uint64_t now_ns);
/* When a silence that has begun will be one. */
uint64_t answers_deadline(const struct node *n);

#endif
