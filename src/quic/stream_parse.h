/* SPDX-License-Identifier: MIT */
#ifndef QUIC_STREAM_PARSE_H
#define QUIC_STREAM_PARSE_H

#include "quic/stream.h"

/*
 * Takes bytes of a stream in order, turns whole frames into events and gives the peer new
 * flow control credit for what was consumed. What breaks a gossip or request stream ends
 * that stream alone and is counted; what breaks the control stream closes the connection.
 */
void stream_parse(struct stream *s, const uint8_t *data, size_t len, bool fin);

#endif
