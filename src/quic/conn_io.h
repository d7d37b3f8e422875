/* SPDX-License-Identifier: MIT */
#ifndef QUIC_CONN_IO_H
#define QUIC_CONN_IO_H

#include "quic/conn.h"

/*
 * A connection in time: packets in, packets out, timers, its end. Each of these may end
 * the connection and free it: do not touch it afterwards. endpoint.now_ns is the time.
 */
void conn_io_recv(struct conn *c, const struct path *path, const uint8_t *bytes,
	size_t len, uint8_t ecn);
/* One packet, or 0: nothing to send now (it is not marked any more, or has ended). */
size_t conn_io_send(struct conn *c, uint8_t *to, size_t cap, struct path *path);
void conn_io_expire(struct conn *c);
/* Sends what is queued as far as the congestion window allows, then the close. */
void conn_io_close(struct conn *c, enum quic_close_code code, const char *text);

#endif
