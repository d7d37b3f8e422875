/* SPDX-License-Identifier: MIT */
#ifndef QUIC_EVENTS_H
#define QUIC_EVENTS_H

#include "quic/endpoint_state.h"

/*
 * The queue of events upward. Frames and bodies are dropped and counted when it is full;
 * what ends or begins something (UP, DOWN, STREAM_END, ...) never is: there is at most
 * one of each for a connection or stream, and those are bounded.
 */
void events_init(struct endpoint *e);
void events_fini(struct endpoint *e);
/* Copies ev and its bytes. */
void events_push(struct endpoint *e, const struct quic_event *ev);
bool events_next(struct endpoint *e, struct quic_event *ev);
/* Nothing more of a stranger is begun while this is so. */
bool events_full(const struct endpoint *e);

#endif
